import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { explainCommand } from "../../../src/cli/explain/mod.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { warmUpWasm } from "../../support/devices.ts";

await warmUpWasm();

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);

/** Runs the command in this process, quietly; gives what it prints. */
async function explainHere(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const { log } = console;
  console.log = (line: string) => printed.push(line);
  try {
    assertEquals(await explainCommand([...args, "--quiet"], new AbortController().signal), 0);
  } finally {
    console.log = log;
  }
  return printed.join("\n");
}

Deno.test("explain --against shows what speaks for one class rather than another", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    const own = ["--out", `${folder}/o/`, "--map", `${folder}/m.json`, "--device", "wasm", "--json"];
    const document = JSON.parse(await explainHere(PHOTO, "--against", "tench", ...own));
    const [target] = document.targets;
    assertEquals([target.contrast.label, target.contrast.index], ["tench", 0]);
    assert(target.contrast.unit > 0);
    assertEquals([...Deno.readDirSync(`${folder}/o`)].map(({ name }) => name), ["photo_0.contrast.png"]);
    const map = JSON.parse(Deno.readTextFileSync(`${folder}/m.json`));
    assertEquals([map.label, map.against, map.values.length], [target.label, "tench", 56 * 56]);
    assert(Math.min(...map.values) < 0 && Math.max(...map.values) > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("explain --check measures the map beside the controls, whichever the method and the classifier", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const own = ["--model", `${folder}/small.onnx`, "--method", "gradcam", "--out", `${folder}/o/`];
    const document = JSON.parse(await explainHere(PHOTO, "--check", ...own, "--device", "wasm", "--json"));
    const [[target], [check]] = [document.targets, document.checks];
    assertEquals([check.label, check.preset], [target.label, "ptame-2025"]);
    assertEquals(Object.keys(check.controls), ["random", "gaussian", "edges"]);
    assertEquals(Object.keys(check.map.values).length, 9);
    assert(Math.abs(check.map.maskArea - target.map.mean) < 0.05);
    for (const { better, worse, equal } of check.counts) assertEquals(better + worse + equal, 9);
    assertStringIncludes(
      check.sentence,
      check.beatsControls ? "the map beats the controls" : "does not beat",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("explain --against and --check refuse what they are not for", async () => {
  const signal = new AbortController().signal;
  const cases: [string[], string][] = [
    [[PHOTO, "--against", "tench", "--method", "gradcam"], "Option --against is for ptame"],
    [[PHOTO.replace(/photo_0\.jpg$/, ""), "--out", "x", "--check"], "deno task evaluate measures many"],
  ];
  for (const [args, message] of cases) {
    const error = await assertRejects(() => explainCommand([...args, "--quiet"], signal), UsageError);
    assertStringIncludes(error.message, message);
  }
});
