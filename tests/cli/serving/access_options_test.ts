import { assertEquals, assertRejects } from "@std/assert";
import { ACCESS_OPTIONS, readAccess } from "../../../src/cli/serving/access_options.ts";
import { parseArguments } from "../../../src/cli/options/command.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { inFolder } from "../../support/folders.ts";

const read = (args: readonly string[], address = "127.0.0.1") =>
  readAccess(parseArguments({ name: "serve", about: "", options: ACCESS_OPTIONS }, args).options, address);

Deno.test("readAccess() asks for a token as soon as other machines reach the server", async () => {
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "localhost"]) {
    assertEquals(await read([], address), { hosts: [] }, address);
  }
  for (const address of ["0.0.0.0", "::", "192.0.2.1", "example.org", "::ffff:192.0.2.1"]) {
    await assertRejects(
      () => read([], address),
      UsageError,
      "--token-file or PTAME_TOKEN, or keys by --keys-file, or add --no-auth",
    );
    assertEquals(await read(["--no-auth"], address), { hosts: [] }, address);
  }
});

Deno.test("readAccess() reads the token of a file or of PTAME_TOKEN, and never prints it", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/token`;
    Deno.writeTextFileSync(path, "abcdefghijklmnop\n");
    assertEquals((await read(["--token-file", path], "0.0.0.0")).token, "abcdefghijklmnop");
    for (
      const [text, says] of [["short", "has 5 characters"], ["", "has 0"], [
        "two words of a text",
        "one word",
      ]]
    ) {
      Deno.writeTextFileSync(path, text!);
      const error = await assertRejects(() => read(["--token-file", path]), UsageError, says!);
      assertEquals(text !== "" && error.message.includes(text!), false);
    }
    Deno.writeTextFileSync(path, "a".repeat(5000));
    await assertRejects(() => read(["--token-file", path]), Error, "more than 4096 bytes");
    await assertRejects(() => read(["--token-file", `${folder}/none`]), Error, "no such file");
  });
  Deno.env.set("PTAME_TOKEN", "zyxwvutsrqponmlk");
  try {
    assertEquals((await read([], "0.0.0.0")).token, "zyxwvutsrqponmlk");
  } finally {
    Deno.env.delete("PTAME_TOKEN");
  }
});

Deno.test("readAccess() reads names and origins; --cors is the former name of --allow-origin", async () => {
  assertEquals(await read(["--allow-host", "Ptame.Example", "--allow-origin", "https://a.example"]), {
    hosts: ["ptame.example"],
    cors: ["https://a.example"],
  });
  assertEquals((await read(["--cors", "*"])).cors, "*");
  assertEquals((await read(["--cors", "https://a.example", "--cors", "https://b.example"])).cors, [
    "https://a.example",
    "https://b.example",
  ]);
  for (const wrong of ["http://a.example", "a.example:80", "a/b"]) {
    await assertRejects(() => read(["--allow-host", wrong]), UsageError, "a name without scheme and port");
  }
  for (const wrong of ["example.org", "https://example.org/"]) {
    await assertRejects(
      () => read(["--allow-origin", wrong]),
      UsageError,
      "an origin (https://example.org) or *",
    );
  }
});

Deno.test("readAccess() reads a key on each line, and names the line that is wrong without its token", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/keys`;
    Deno.writeTextFileSync(path, "# clients\nmobile abcdefghijklmnop 60\r\n\n  batch\tqrstuvwxyz012345\n");
    assertEquals((await read(["--keys-file", path], "0.0.0.0")).keys, [
      { name: "mobile", token: "abcdefghijklmnop", perMinute: 60 },
      { name: "batch", token: "qrstuvwxyz012345" },
    ]);
    const good = "mobile abcdefghijklmnop";
    for (
      const [text, says] of [
        ["", "There is no key"],
        ["secret-secret-secret", "line 1 of"],
        [`${good} 5 6`, "is neither"],
        [`${good} 1.5`, "a whole number from 1"],
        [`${good} 0`, "a whole number from 1"],
        [`${good}\nmobile secret-secret-secret`, "line 2 of"],
        [`${good}\nother abcdefghijklmnop`, "that of another line"],
        ["mobile short", "has 5 characters"],
        ["a/b secret-secret-secret", "The name in line 1"],
      ] as const
    ) {
      Deno.writeTextFileSync(path, text);
      const { message } = await assertRejects(() => read(["--keys-file", path]), UsageError, says);
      assertEquals(/secret|abcdef/.test(message), false, message);
      assertEquals(message.split("\n").length, 1);
    }
    await assertRejects(() => read(["--keys-file", `${folder}/none`]), Error, "no such file");
  });
});
