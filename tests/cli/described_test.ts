/** What exporters and model hubs say about a file, inside it and beside it. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import { cropImage } from "../../src/classifier/prepared_image.ts";
import { readOnnxModel } from "../../src/cli/onnx_model.ts";
import { assumedLine, sayFactsOnce } from "../../src/cli/said_facts.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

interface Described {
  readonly onnx: string;
  readonly files: Readonly<Record<string, string>>;
  readonly probabilities: readonly number[];
  readonly labels?: readonly string[];
  readonly notes?: readonly string[];
}

const FILES: Record<string, Described> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/inputs/described.json", import.meta.url)),
);
const PHOTO = await decodeImage(new URL("../fixtures/image/photo_0.jpg", import.meta.url));

/** Writes a file and what lies beside it; gives its path. */
async function written(folder: string, name: string): Promise<string> {
  const { onnx, files } = FILES[name]!;
  const inside = `${folder}/onnx`;
  await Deno.mkdir(inside);
  await Deno.writeFile(`${inside}/NAME.onnx`, Uint8Array.from(atob(onnx), (letter) => letter.charCodeAt(0)));
  for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(`${inside}/${path}`, text);
  return `${inside}/NAME.onnx`;
}

async function inFolder<T>(name: string, act: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await act(await written(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [name, { probabilities, labels, notes = [] }] of Object.entries(FILES)) {
  Deno.test(`a file described as ${name} is fed as its makers feed it`, async () => {
    const classifier = await inFolder(name, async (path) => onnxClassifier(await readOnnxModel(path)));
    const { facts } = classifier;
    const file = await classifier.openScores({ device: "wasm" });
    try {
      const { pixels } = cropImage(PHOTO, facts.preprocessing);
      const [row] = await file.probabilities([pixels]);
      probabilities.forEach((value, i) => assertAlmostEquals(row![i]!, value, 2e-6));
    } finally {
      await file.session.dispose();
    }
    assertEquals(facts.labels, labels ?? ["class 0", "class 1", "class 2", "class 3", "class 4"]);
    assertEquals(facts.notes!.length, notes.length, facts.notes!.join("\n"));
    notes.forEach((note, i) => assert(facts.notes![i]!.startsWith(note), facts.notes![i]));
  });
}

Deno.test("facts that metadata or files beside a model say are said to be metadata's", async () => {
  const sources = async (name: string) => {
    const { facts } = await inFolder(name, async (path) => onnxClassifier(await readOnnxModel(path)));
    return Object.fromEntries(facts.described!.map(({ name, from }) => [name, from]));
  };
  const vit = await sources("vit");
  assertEquals(
    [vit["crop"], vit["resampling"], vit["mean"], vit["labels"], vit["size"]],
    Array(5).fill("metadata"),
  );
  const bare = await sources("other_metadata");
  assertEquals([bare["crop"], bare["mean"], bare["labels"], bare["size"]], [
    "assumed",
    "assumed",
    "assumed",
    "file",
  ]);
  assertEquals((await sources("multi_label"))["activation"], "metadata");
  assertEquals((await sources("settings_before_metadata"))["crop"], "settings");
});

Deno.test("what was assumed is said once, and what could not be used", async () => {
  const { facts } = await inFolder(
    "foreign_name_json",
    async (path) => onnxClassifier(await readOnnxModel(path)),
  );
  const said: string[] = [];
  const say = sayFactsOnce({ say: (line) => said.push(line) });
  say(facts);
  say(facts);
  assertEquals(said.length, 2);
  assertEquals(
    said[0],
    "NAME: Assumed, because nothing says it: channels RGB; crop short side 73, then the centre; resampling bilinear, " +
      "antialiased; ImageNet's normalisation; activation softmax of the scores; numbers for labels (options or " +
      "NAME.json say otherwise)",
  );
  assertEquals(said[1], "NAME: Note: NAME.json is not a settings file (unknown entry task): it is not used");
  assertEquals(assumedLine({ ...facts, described: [] }), undefined);
});

Deno.test("a mistyped or damaged settings file stays an error", async () => {
  for (
    const [text, message] of [
      [`{ "men": 1 }`, "unknown entry men: did you mean mean?"],
      [`{ "size": 64, }`, "it is not JSON"],
      [`{ "fit": "stretch" }`, 'fit must be "crop" or "squash" or "letterbox"'],
      [`{ "inputs": { "keep_prob": "1" } }`, "inputs must be a number for each"],
    ] as const
  ) {
    await inFolder("convnext", async (path) => {
      await Deno.writeTextFile(path.replace(".onnx", ".json"), text);
      await assertRejects(() => readOnnxModel(path), SyntaxError, message);
    });
  }
});
