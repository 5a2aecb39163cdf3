import { assertEquals, assertRejects } from "@std/assert";
import { readStoreSettings } from "../../src/objects/settings.ts";

const FILES: Record<string, string> = {
  "/home/a/.aws/credentials": "[default]\naws_access_key_id = D\naws_secret_access_key=d\n[work]\n" +
    "aws_access_key_id=W\naws_secret_access_key=w\naws_session_token=t\n",
  "/home/a/.aws/config": "# a comment\n[default]\nregion = eu-north-1\n[profile work]\nregion=eu-west-3\n" +
    "endpoint_url = https://store.example\ns3 =\n  region = nowhere\n[profile sso]\nsso_session = x\n",
};

function read(variables: Record<string, string>) {
  const all: Record<string, string> = { HOME: "/home/a", ...variables };
  return readStoreSettings({
    variable: (name) => all[name],
    file: (path) => Promise.resolve(FILES[path]),
  });
}

Deno.test("readStoreSettings() takes the environment before the profile", async () => {
  assertEquals(
    await read({
      AWS_ACCESS_KEY_ID: "E",
      AWS_SECRET_ACCESS_KEY: "e",
      AWS_REGION: "r",
      AWS_ENDPOINT_URL: "http://one",
      AWS_ENDPOINT_URL_S3: "http://two",
    }),
    { region: "r", endpoint: "http://two", credentials: { accessKeyId: "E", secretAccessKey: "e" } },
  );
});

Deno.test("readStoreSettings() reads the default profile, or the one that is named", async () => {
  assertEquals(await read({}), {
    region: "eu-north-1",
    credentials: { accessKeyId: "D", secretAccessKey: "d" },
  });
  assertEquals(await read({ AWS_PROFILE: "work" }), {
    region: "eu-west-3",
    endpoint: "https://store.example",
    credentials: { accessKeyId: "W", secretAccessKey: "w", sessionToken: "t" },
  });
  assertEquals(await read({ HOME: "/nowhere" }), { region: "us-east-1" });
});

Deno.test("readStoreSettings() refuses a profile that is not there, and keys that only other tools can get", async () => {
  await assertRejects(() => read({ AWS_PROFILE: "none" }), RangeError, "Cannot find the profile none");
  await assertRejects(() => read({ AWS_PROFILE: "sso" }), RangeError, "aws configure export-credentials");
  await assertRejects(() => read({ AWS_ENDPOINT_URL: "store" }), RangeError, "must begin with https://");
});
