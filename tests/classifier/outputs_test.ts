/** The endings that people's files have: which output has the scores, and what they say. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { chooseOutput } from "../../src/classifier/onnx/output.ts";
import { classifierOver } from "../../src/classifier/open.ts";
import { lookLikeProbabilities } from "../../src/classifier/prediction.ts";
import { scoreReading } from "../../src/classifier/score_meaning.ts";
import { openPartScores } from "../../src/classifier/graphs/scores.ts";
import type { Classifier } from "../../src/classifier/types.ts";
import type { OpenOutput } from "../../src/graph/onnx_file.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

interface Ending {
  readonly onnx: string;
  readonly output?: string;
  readonly probabilities?: readonly number[];
  readonly labels?: readonly string[];
  readonly reading?: string;
  readonly refused?: string;
}

const { logits: LOGITS, files: FILES }: { logits: number[]; files: Record<string, Ending> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/outputs/outputs.json", import.meta.url)),
);

const SIDE = 16;
const IMAGE = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * 37) % 256 / 255);

function modelNamed(name: string, more: Partial<OnnxModel> = {}): OnnxModel {
  const onnx = Uint8Array.from(atob(FILES[name]!.onnx), (letter) => letter.charCodeAt(0));
  return { name, onnx, preprocessing: { mean: [0], std: [1] }, dequantize: true, ...more };
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assertEquals(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) assertAlmostEquals(actual[i]!, expected[i]!, tolerance);
}

/** Probabilities by the unchanged file, and by the graph that training, export and gradients use. */
async function probabilities(classifier: Classifier) {
  const file = await classifier.openScores({ device: "wasm" });
  const part = await openPartScores(classifier.part(), classifier.facts, { device: "wasm" });
  try {
    const [byFile] = await file.probabilities([IMAGE]);
    const [byPart] = await part.probabilities([IMAGE]);
    return { byFile: byFile!, byPart: byPart!, reading: scoreReading(classifier.facts, file.recognised) };
  } finally {
    await file.session.dispose();
    await part.session.dispose();
  }
}

/** Whether the gradient of a class's score reaches the layer. */
async function gradientReaches(classifier: Classifier, target: number): Promise<boolean> {
  await using opened = await classifierOver(classifier, { device: "wasm" });
  const { gradients, channels } = await opened.tapped(IMAGE, target);
  assertEquals(channels, 8);
  return gradients.every(Number.isFinite) && gradients.some((value) => value !== 0);
}

for (const [name, ending] of Object.entries(FILES)) {
  const { refused, output, labels, reading } = ending;
  Deno.test(`onnxClassifier() ${refused === undefined ? "reads the scores" : "refuses"}: ${name}`, async () => {
    if (refused !== undefined) {
      await assertRejects(() => onnxClassifier(modelNamed(name)), TypeError, refused);
      return;
    }
    const classifier = await onnxClassifier(modelNamed(name));
    const { facts } = classifier;
    assertEquals([facts.output, facts.classes], [output, ending.probabilities!.length]);
    if (labels !== undefined) assertEquals(facts.labels, labels);
    const given = await probabilities(classifier);
    assertNear(given.byFile, ending.probabilities!);
    // The graph's numbers are not rounded to the file's grid.
    assertNear(
      given.byPart,
      ending.probabilities!,
      name.includes("8") || name.includes("rough") ? 0.02 : 1e-5,
    );
    if (reading !== undefined) assertEquals(given.reading, reading);
    assert(await gradientReaches(classifier, 0), "class 0");
    if (facts.classes === 2) assert(await gradientReaches(classifier, 1), "class 1");
  });
}

Deno.test("onnxClassifier() takes what the caller says of the scores before anything else", async () => {
  const sigmoid = LOGITS.map((score) => 1 / (1 + Math.exp(-score)));
  const read = async (name: string, more: Partial<OnnxModel>) =>
    await probabilities(await onnxClassifier(modelNamed(name, more)));
  for (const name of ["logits", "sigmoid"]) {
    const { byFile, byPart } = await read(name, { activation: "sigmoid" });
    assertNear(byFile, sigmoid);
    assertNear(byPart, sigmoid);
  }
  const asTheyAre = await read("logits", { activation: "none" });
  assertNear(asTheyAre.byFile, LOGITS);
  assertNear(asTheyAre.byPart, LOGITS);
  assertEquals(asTheyAre.reading, "none");
  // What the file ends in stays if its numbers are taken as they are.
  const ended = await read("sigmoid", { activation: "none" });
  assertNear(ended.byFile, sigmoid);
  assertNear(ended.byPart, sigmoid);
  // Scores that look like probabilities need not be some.
  const { byFile, reading } = await read("softmax_by_hand", { activation: "softmax" });
  const powers = FILES["softmax_by_hand"]!.probabilities!.map(Math.exp);
  assertNear(byFile, powers.map((power) => power / powers.reduce((a, b) => a + b, 0)));
  assertEquals(reading, "softmax");
  for (const [name, activation] of [["sigmoid", "softmax"], ["zipmap", "sigmoid"]] as const) {
    await assertRejects(
      () => onnxClassifier(modelNamed(name, { activation })),
      RangeError,
      `so its scores cannot go through a ${activation}`,
    );
  }
});

Deno.test("onnxClassifier() explains one number that is no probability for higher and for lower", async () => {
  const classifier = await onnxClassifier(modelNamed("one_logit", { activation: "none" }));
  assertEquals(classifier.facts.labels, ["higher", "lower"]);
  const { byFile, byPart } = await probabilities(classifier);
  const [negative, positive] = FILES["one_logit"]!.probabilities!;
  const value = Math.log(positive! / negative!);
  assertNear(byFile, [value, -value]);
  assertNear(byPart, [value, -value]);
  assert(await gradientReaches(classifier, 0));
  assert(await gradientReaches(classifier, 1));
  const named = await onnxClassifier(modelNamed("one_logit", { labels: ["melanoma"] }));
  assertEquals(named.facts.labels, ["not melanoma", "melanoma"]);
  const both = await onnxClassifier(modelNamed("one_sigmoid", { labels: ["benign", "melanoma"] }));
  assertEquals(both.facts.labels, ["benign", "melanoma"]);
});

Deno.test("onnxClassifier() gives each image its own row, also from a file for one image", async () => {
  const other = IMAGE.map((value) => 1 - value);
  for (const name of ["logits_open_batch", "no_batch", "three_dimensions", "one_logit_no_batch"]) {
    const scores = await (await onnxClassifier(modelNamed(name))).openScores({ device: "wasm" });
    const [[first], both] = [await scores.probabilities([IMAGE]), await scores.probabilities([other, IMAGE])];
    await scores.session.dispose();
    assertNear(both[1]!, first!, 1e-6);
    assert(Math.abs(both[0]![0]! - first![0]!) > 1e-3, name);
  }
});

Deno.test("onnxClassifier() refuses an output without scores, and names those that have some", async () => {
  const refusals: [string, string, string][] = [
    ["zipmap", "map", "its output map is a sequence, not scores; outputs with scores: p"],
    [
      "label_then_probs",
      "label",
      "its output label is int64, the index of a class, not scores; outputs with scores: p",
    ],
    ["argmax", "label", "not scores; export the network without its last step"],
  ];
  for (const [name, output, message] of refusals) {
    await assertRejects(() => onnxClassifier(modelNamed(name, { output })), TypeError, message);
  }
  const features = await onnxClassifier(modelNamed("features_then_logits", { output: "features" }));
  assertEquals([features.facts.classes, features.facts.otherOutputs], [8, ["logits"]]);
});

Deno.test("chooseOutput() counts labels, and takes the first of equals", () => {
  const output = (name: string, ...shape: (number | string)[]): OpenOutput => ({
    ...{ name, type: "float32", kind: "tensor", shape },
    ...{ activation: "none", operator: "Gemm", feeds: [] },
  });
  const heads = { outputs: [output("colour", "N", 3), output("shape", "N", 7), output("size", "N", 7)] };
  assertEquals(chooseOutput("net", heads), 0);
  assertEquals(chooseOutput("net", heads, undefined, 7), 1);
  assertEquals(chooseOutput("net", heads, "size", 7), 2);
  assertEquals(chooseOutput("net", { outputs: [output("one", "N", 1), ...heads.outputs] }), 1);
  assertEquals(chooseOutput("net", { outputs: [output("scalar"), output("row", 7)] }), 1);
  // Of two that are computed apart, only the names say which is which.
  const named = (...names: string[]) => ({ outputs: names.map((name) => output(name, "N", 8)) });
  assertEquals(chooseOutput("net", named("pooler_output", "logits")), 1);
  assertEquals(chooseOutput("net", named("last_hidden_state", "out")), 1);
  assertEquals(chooseOutput("net", named("y", "class_probabilities")), 1);
  assertEquals(chooseOutput("net", named("aux_logits", "logits")), 1);
  assertThrows(() => chooseOutput("net", { outputs: [] }), TypeError, "it gives no scores");
});

Deno.test("lookLikeProbabilities() allows for the rounding of a grid, and for nothing else", () => {
  const row = (...values: number[]) => lookLikeProbabilities(Float32Array.from(values));
  assert(row(0.25, 0.75) && row(0, 1, 0) && row(0.1, 0.2, 0.7003));
  assert(!row(0.1, 0.2, 0.71) && !row(-0.1, 0.5, 0.6) && !row(1) && !row(0.49227458));
  // A thousand classes, each rounded to 1/256 or 1/255.
  for (const step of [1 / 256, 1 / 255]) {
    const rounded = Float32Array.from({ length: 1000 }, (_, i) => Math.round(0.26 * 0.74 ** i / step) * step);
    const sum = rounded.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - 1) > 2e-3 && lookLikeProbabilities(rounded), `sum ${sum}`);
    assert(!lookLikeProbabilities(rounded.with(0, rounded[0]! + 16 * step)));
  }
});
