/** Models named by an address, against a server on this machine that answers like the Hub. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { filesIn, inFolder } from "../support/folders.ts";
import { type HubModel, serveHub } from "../support/hub_server.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);
const COMMIT = "00000000000000000000000000000000000000ab";
const { onnx } = smallClassifier();
const MODEL: HubModel = {
  commit: COMMIT,
  revisions: ["main"],
  large: ["onnx/model.onnx"],
  files: { "onnx/model.onnx": onnx as Uint8Array<ArrayBuffer> },
};

Deno.test("explain and models inspect take a model of the Hub: one download, then offline", () =>
  inFolder(async (folder) => {
    await using hub = serveHub({ "me/small": MODEL });
    const env = { HF_ENDPOINT: hub.url, PTAME_CACHE: `${folder}/cache` };
    const args = ["explain", PHOTO, "--model", "hf:me/small", "--method", "gradcam", "--device", "wasm"];
    const first = await runCli([...args, "--out", "a.png", "--json"], folder, env);
    assertEquals(first.code, 0, first.stderr);
    assertEquals(JSON.parse(first.stdout).model, "me/small");
    assertStringIncludes(first.stderr, `Downloading model.onnx: `);
    assertStringIncludes(first.stderr, "apache-2.0, from http://127.0.0.1");
    assertStringIncludes(first.stderr, "SHA-256 as published");

    const asked = hub.asked.length;
    Deno.mkdirSync(`${folder}/photos`);
    Deno.copyFileSync(PHOTO, `${folder}/photos/a.jpg`);
    const many = await runCli(
      ["explain", "photos", ...args.slice(2), "--out", "out", "--offline", "--workers", "1"],
      folder,
      env,
    );
    assertEquals(many.code, 0, many.stderr);
    assertStringIncludes(many.stderr, "1 of 1 explained");
    assertEquals(filesIn(`${folder}/out`).includes("a.explained.png"), true);
    const inspected = await runCli(["models", "inspect", "hf:me/small", "--offline", "--json"], folder, env);
    assertEquals(JSON.parse(inspected.stdout).model, "me/small", inspected.stderr);
    assertEquals(hub.asked.length, asked);
  }));

Deno.test("explain gives one line for a model address that cannot work", () =>
  inFolder(async (folder) => {
    await using hub = serveHub({ "me/small": MODEL });
    const env = { HF_ENDPOINT: hub.url, PTAME_CACHE: `${folder}/cache` };
    const explain = (...args: string[]) =>
      runCli(["explain", PHOTO, "--device", "wasm", ...args], folder, env);
    for (
      const [args, code, message] of [
        [["--model", "hf:me"], 1, "write hf:owner/name[@revision][/path/model.onnx]"],
        [["--model", "hf:me/none"], 1, "no such public model"],
        [["--model", "hf:me/small@v1"], 1, "no such model or revision (404)"],
        [["--model", "hf:me/small", "--dtype", "fp16"], 1, "it has no model of type fp16"],
        [["--model", "hf:me/small", "--offline"], 1, "offline forbids the network"],
        [["--model", `${hub.url}/model.bin`], 1, "the path of a model's address ends in .onnx"],
        [["--dtype", "fp16"], 2, "Option --dtype is for a model of the Hub"],
      ] as const
    ) {
      const ended = await explain(...args);
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [code, "", 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
    assertEquals(filesIn(folder).filter((name) => name.endsWith(".png")), []);
  }));
