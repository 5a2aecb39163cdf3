/** What the command line says of an .onnx file's scores, and how it asks which class is meant. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../support/folders.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";
import { heavyTests } from "../support/devices.ts";

const { files }: { files: Record<string, { onnx: string }> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/outputs/outputs.json", import.meta.url)),
);
const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

function writeModel(folder: string, name: string, settings: Record<string, unknown> = {}): void {
  const onnx = Uint8Array.from(atob(files[name]!.onnx), (letter) => letter.charCodeAt(0));
  Deno.writeFileSync(`${folder}/${name}.onnx`, onnx);
  Deno.writeTextFileSync(`${folder}/${name}.json`, JSON.stringify(settings));
}

const explain = (folder: string, name: string, ...more: string[]) =>
  runCli(
    ["explain", PHOTO, "--model", `${name}.onnx`, "--method", "gradcam", "--device", "wasm", ...more],
    folder,
  );

Deno.test(
  "explain says which output has the scores, and how they are read",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      const said: [string, Record<string, unknown>, readonly string[], Record<string, unknown>, string][] = [
        [
          "label_then_probs",
          {},
          [],
          { output: "p", reading: "given", activation: "softmax" },
          "The scores are the output p; others, for --output: label",
        ],
        ["logits", { activation: "sigmoid" }, [], { output: "logits", reading: "sigmoid" }, "%"],
        ["logits", { activation: "sigmoid" }, ["--activation", "softmax"], { reading: "softmax" }, "%"],
        ["softmax_by_hand", {}, [], { reading: "recognised" }, "The scores look like probabilities"],
        ["one_logit", {}, ["--target", "negative"], { reading: "sigmoid" }, "The network gives one score"],
        [
          "one_logit",
          { activation: "none" },
          ["--target", "lower"],
          { reading: "none" },
          "higher or lower is shown",
        ],
      ];
      for (const [name, settings, options, facts, words] of said) {
        writeModel(folder, name, settings);
        const ended = await explain(folder, name, "--json", ...options);
        assertEquals(ended.code, 0, ended.stderr);
        assertStringIncludes(ended.stderr, words);
        const document = JSON.parse(ended.stdout);
        for (const [key, value] of Object.entries(facts)) {
          assertEquals([name, key, document[key]], [name, key, value]);
        }
      }
      assertEquals((await explain(folder, "logits", "--activation", "relu")).code, 2);
      writeModel(folder, "logits", { activation: "relu" });
      const wrong = await explain(folder, "logits");
      assertStringIncludes(wrong.stderr, 'activation must be "none" or "softmax" or "sigmoid"');
    }),
);

Deno.test("explain asks which class is meant, once, with exit code 2", () =>
  inFolder(async (folder) => {
    writeModel(folder, "logits", { labels: ["crane", "bee", "crane", "4", "eel"] });
    const message = 'Class "crane" means several classes: choose index:0 (crane), index:2 (crane)';
    const one = await explain(folder, "logits", "--target", "crane");
    assertEquals([one.code, errorLines(one).length], [2, 1], one.stderr);
    assertStringIncludes(one.stderr, message);
    Deno.mkdirSync(`${folder}/photos`);
    for (const name of "ab") Deno.copyFileSync(PHOTO, `${folder}/photos/${name}.jpg`);
    const args = ["explain", "photos", "--out", "out", "--model", "logits.onnx", "--method", "gradcam"];
    const all = await runCli([...args, "--device", "wasm", "--target", "crane"], folder);
    assertEquals([all.code, errorLines(all).length], [2, 1], all.stderr);
    assertStringIncludes(all.stderr, message);
    const chosen = await explain(folder, "logits", "--json", "--target", "index:2", "--target", "label:4");
    assertEquals(JSON.parse(chosen.stdout).targets.map((each: { index: number }) => each.index), [2, 3]);
  }));
