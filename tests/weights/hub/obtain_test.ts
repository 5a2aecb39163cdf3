import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { hubModelName, parseHubAddress } from "../../../src/weights/hub/address.ts";
import { chooseHubModel } from "../../../src/weights/hub/choose_model.ts";
import { type ModelAddressOptions, obtainModel } from "../../../src/weights/hub/obtain.ts";
import { DownloadError } from "../../../src/weights/download/errors.ts";
import { inFolder } from "../../support/folders.ts";
import { type HubModel, serveHub } from "../../support/hub_server.ts";

/** The path of the copy. */
const obtainPath = async (address: string, options: ModelAddressOptions) =>
  (await obtainModel(address, options)).path!;
const bytes = (text: string) => new TextEncoder().encode(text);
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const MODEL: HubModel = {
  commit: COMMIT,
  revisions: ["main", "refs/pr/1"],
  large: ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_fp16.onnx"],
  files: {
    "config.json": bytes('{"id2label":{"0":"cat"}}'),
    "preprocessor_config.json": bytes("{}"),
    "README.md": bytes("# Model"),
    "onnx/model.onnx": bytes("the model in float32"),
    "onnx/model.onnx_data": bytes("its weights"),
    "onnx/model_fp16.onnx": bytes("the model in float16"),
  },
};
const commitFiles = (cache: string, repository = "owner--name") => {
  const found: string[] = [];
  const walk = (folder: string, under: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (isDirectory) walk(`${folder}/${name}`, `${under}${name}/`);
      else found.push(under + name);
    }
  };
  walk(`${cache}/hub/${repository}/${COMMIT}`, "");
  return found.sort();
};

Deno.test("parseHubAddress() reads repository, revision and path", () => {
  assertEquals(parseHubAddress("hf:a/b"), { repository: "a/b", revision: "main" });
  assertEquals(parseHubAddress("hf:a-1/b.c@v1.0/onnx/model.onnx"), {
    repository: "a-1/b.c",
    revision: "v1.0",
    path: "onnx/model.onnx",
  });
  assertEquals(parseHubAddress("hf:a/b@refs%2Fpr%2F1").revision, "refs/pr/1");
  for (
    const wrong of [
      "hf:",
      "hf:a",
      "hf:a/",
      "hf:a/..",
      "hf:../b",
      "hf:a/b/../c",
      "hf:a/b@",
      "hf:a b/c",
      "hf:a/b@%E0%A4/x",
    ]
  ) {
    assertThrows(() => parseHubAddress(wrong), RangeError, "Cannot read the address");
  }
  assertEquals(
    hubModelName(`/home/me/.cache/ptame/hub/owner--na--me/${COMMIT}/onnx/model.onnx`),
    "owner/na--me",
  );
  assertEquals(hubModelName(`C:\\cache\\hub\\owner--name\\${COMMIT}\\model.onnx`), "owner/name");
  assertEquals(hubModelName("/home/me/hub/model.onnx"), undefined);
});

Deno.test("chooseHubModel() knows the usual layouts, and lists the files where it does not", () => {
  const files = (...paths: string[]) => paths.map((path) => ({ path, bytes: 1 }));
  const usual = files(
    "onnx/model.onnx",
    "onnx/model_quantized.onnx",
    "onnx/model.onnx_data",
    "config.json",
    "onnx/config.json",
  );
  assertEquals(chooseHubModel(usual).model.path, "onnx/model.onnx");
  assertEquals(chooseHubModel(usual).externalData.map(({ path }) => path), ["onnx/model.onnx_data"]);
  assertEquals(chooseHubModel(usual).descriptions.map(({ path }) => path), ["onnx/config.json"]);
  assertEquals(chooseHubModel(usual, { dtype: "q8" }).model.path, "onnx/model_quantized.onnx");
  assertEquals(chooseHubModel(usual, { dtype: "q8" }).externalData, []);
  assertEquals(chooseHubModel(files("model.onnx", "a.onnx")).model.path, "model.onnx");
  assertEquals(chooseHubModel(files("resnet18.onnx", "readme.md")).model.path, "resnet18.onnx");
  assertEquals(chooseHubModel(files("a.onnx", "b.onnx"), { path: "b.onnx" }).model.path, "b.onnx");
  assertThrows(
    () => chooseHubModel(files("a.onnx", "b.onnx")),
    RangeError,
    "name one of its files in the address: a.onnx, b.onnx",
  );
  assertThrows(() => chooseHubModel(usual, { dtype: "fp16" }), RangeError, "it has no model of type fp16");
  assertThrows(() => chooseHubModel(files("model.safetensors")), RangeError, "it has no .onnx file");
});

Deno.test("obtainModel() of the Hub: once for each commit, with what belongs to it, then offline", () =>
  inFolder(async (cache) => {
    await using hub = serveHub({ "owner/name": MODEL });
    const options = { cache, endpoint: `${hub.url}/` };
    hub.failing.push(503, 429);
    const path = await obtainPath("hf:owner/name", options);
    assertEquals(path, `${cache}/hub/owner--name/${COMMIT}/onnx/model.onnx`);
    assertEquals(Deno.readTextFileSync(path), "the model in float32");
    const first = [
      "config.json",
      ...["onnx/model.onnx", "onnx/model.onnx.verified"],
      ...["onnx/model.onnx_data", "onnx/model.onnx_data.verified"],
      "preprocessor_config.json",
    ];
    assertEquals(commitFiles(cache), first);

    // Again: one question. By the commit, or offline: none.
    const before = hub.asked.length;
    assertEquals(await obtainPath("hf:owner/name", options), path);
    assertEquals(hub.asked.slice(before).map((each) => each.path), ["/api/models/owner/name/revision/main"]);
    assertEquals(await obtainPath("hf:owner/name", { ...options, offline: true }), path);
    assertEquals(await obtainPath(`hf:owner/name@${COMMIT}`, options), path);
    const after = hub.asked.length;
    assertEquals(await obtainPath(`hf:owner/name@${COMMIT}`, options), path);
    assertEquals(hub.asked.length, after);

    const half = await obtainPath("hf:owner/name@refs%2Fpr%2F1", { ...options, dtype: "fp16" });
    assertEquals(Deno.readTextFileSync(half), "the model in float16");
    for (const missing of ["hf:owner/name@v2", "hf:owner/other"]) {
      await assertRejects(
        () => obtainPath(missing, { ...options, offline: true }),
        DownloadError,
        "offline forbids the network",
      );
    }
  }));

Deno.test("obtainModel() sends the token to the Hub alone, and says what is missing", () =>
  inFolder(async (cache) => {
    await using hub = serveHub({ "owner/gated": { ...MODEL, token: "secret" } });
    const options = { cache, endpoint: hub.url };
    await assertRejects(() => obtainPath("hf:owner/gated", options), DownloadError, "set HF_TOKEN");
    await assertRejects(
      () => obtainPath("hf:owner/gated", { ...options, token: "wrong" }),
      DownloadError,
      "the token of HF_TOKEN does not allow it (403)",
    );
    await assertRejects(
      () => obtainPath("hf:nobody/nothing", options),
      DownloadError,
      "no such public model (401)",
    );
    await obtainPath("hf:owner/gated", { ...options, token: "secret" });
    const stored = hub.asked.filter(({ path }) => path.startsWith("/store/"));
    assert(stored.length > 0);
    assertEquals(stored.filter(({ token }) => token), []);
    await assertRejects(
      () => obtainPath("hf:owner/gated@v9", { ...options, token: "secret" }),
      DownloadError,
      "no such model or revision (404)",
    );
    await assertRejects(
      () => obtainPath("hf:owner/gated/onnx/none.onnx", { ...options, token: "secret" }),
      DownloadError,
      "it has no onnx/none.onnx; name one of its files in the address: onnx/model.onnx, onnx/model_fp16.onnx",
    );
  }));

Deno.test("obtainModel() refuses other bytes than the Hub's digest, and a server that is no Hub", () =>
  inFolder(async (cache) => {
    await using hub = serveHub({ "owner/name": MODEL });
    await using page = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response("<html>"),
    );
    const elsewhere = `http://127.0.0.1:${page.addr.port}`;
    await assertRejects(
      () => obtainPath("hf:owner/name", { cache, endpoint: elsewhere }),
      DownloadError,
      "sends no JSON; check HF_ENDPOINT",
    );
    const files = { ...MODEL.files };
    await using liar = serveHub({ "owner/name": { ...MODEL, files } });
    const listing = obtainPath("hf:owner/name", {
      cache,
      endpoint: liar.url,
      // The list is read by then.
      onProgress: ({ kind }) =>
        void (kind === "download-start" && (files["onnx/model.onnx"] = bytes("another one, as long"))),
    });
    await assertRejects(() => listing, DownloadError, "the content differs from the published file");
    assertEquals(hub.asked, []);
  }));

Deno.test("obtainModel() of an address remembers version and digest, and takes a new version", () =>
  inFolder(async (cache) => {
    let content = bytes("first version");
    const asked: string[] = [];
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      asked.push(request.method);
      const { pathname } = new URL(request.url);
      if (pathname === "/page.onnx") {
        return new Response("<html>", { headers: { "content-type": "text/html" } });
      }
      if (pathname !== "/my%20net.onnx") return new Response(null, { status: 404 });
      return new Response(request.method === "HEAD" ? null : content, {
        headers: { etag: `"${content[0]}"`, "content-length": `${content.length}` },
      });
    });
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const address = `${origin}/my%20net.onnx?token=secret`;
    const path = await obtainPath(address, { cache });
    assertEquals([path.split("/").at(-1), Deno.readTextFileSync(path)], ["my net.onnx", "first version"]);
    assertEquals(asked, ["HEAD", "GET"]);
    assertEquals(await obtainPath(address, { cache }), path);
    assertEquals(await obtainPath(address, { cache, offline: true }), path);
    assertEquals(asked, ["HEAD", "GET", "HEAD"]);
    content = bytes("other version");
    assertEquals(await obtainPath(address, { cache }), path);
    assertEquals(Deno.readTextFileSync(path), "other version");
    for (
      const [wrong, message] of [
        [`${origin}/none.onnx?token=secret`, "the server answered 404"],
        [`${origin}/page.onnx`, "the server sends a web page, not the file"],
        [`${origin}/model.bin`, "ends in .onnx"],
        ["http://127.0.0.1:9/a.onnx", "cannot be reached; offline uses what was downloaded before"],
      ] as const
    ) {
      const error = await assertRejects(() => obtainPath(wrong, { cache }), DownloadError, message);
      assert(!error.message.includes("secret"), error.message);
    }
    await assertRejects(
      () => obtainPath(`${origin}/b.onnx`, { cache, offline: true }),
      DownloadError,
      "offline",
    );
  }));

Deno.test("obtainModel() keeps a model in a cache of the caller, and asks no server afterwards", async () => {
  await using hub = serveHub({ "owner/name": MODEL });
  const kept = new Map<string, Response>();
  const cache = {
    match: (address: string) => Promise.resolve(kept.get(address)?.clone()),
    put: (address: string, response: Response) => Promise.resolve(void kept.set(address, response)),
  };
  const first = await obtainModel("hf:owner/name", { cache, endpoint: hub.url });
  assertEquals([first.name, first.path, [...first.descriptions.keys()]], [
    "owner/name",
    undefined,
    ["config.json", "preprocessor_config.json"],
  ]);
  const asked = hub.asked.length;
  const again = await obtainModel("hf:owner/name", { cache, endpoint: hub.url, offline: true });
  assertEquals(new TextDecoder().decode(again.onnx.read(0, again.onnx.size)), "the model in float32");
  assertEquals([...again.externalData.keys()], ["model.onnx_data"]);
  assertEquals(hub.asked.length, asked);
});
