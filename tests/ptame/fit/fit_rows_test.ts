/** A head for a classifier of other classes, from its inputs and outputs alone. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { loadClassifier } from "../../../src/classifier/load.ts";
import { createExplainer } from "../../../src/ptame/explainer.ts";
import { fitWarning } from "../../../src/ptame/fit/fit_record.ts";
import { chosenPhotos } from "../../../src/ptame/fit/fitted_head.ts";
import { modelDigest } from "../../../src/ptame/fit/model_digest.ts";
import { plainScores } from "../../../src/ptame/fit/plain_scores.ts";
import { readFittedRows, readHead } from "../../../src/ptame/head_file.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { seededTensor } from "../../support/seeded_weights.ts";
import { smallClassifier } from "../small_classifier.ts";
import { lotteryClassifier, patchworkPhotos } from "./patchwork.ts";

await warmUpWasm();

const backbone = smallClassifier();
/** Sees the same as the classifier, with other classes and no final layer that could be shared. */
const auxiliary = { ...smallClassifier({ classes: 7 }), name: "reader" };
const wasm = { model: backbone, auxiliary, device: "wasm" } as const;

Deno.test("createExplainer() with photos makes a head that fits, without labels, and keeps it in the file", async () => {
  const seen: number[] = [];
  const photos = patchworkPhotos(60);
  await using explainer = await createExplainer({
    ...wasm,
    photos,
    onFit: ({ done }) => void seen.push(done),
  });
  assertEquals(seen, Array.from({ length: 60 }, (_, i) => i + 1));
  const { record, bytes } = explainer.head;
  assertEquals([record.trained, record.backbone, record.auxiliary], [false, "small", "reader"]);
  const fit = record.fit!;
  assertEquals([fit.photos, fit.explained.length], [60, 5]);
  // The scores are a linear layer on the mean of the very same features.
  assert(fit.explainedInAll > 0.99 && fit.agreement > 0.9, JSON.stringify(fit));
  assertEquals(fitWarning(fit), undefined);
  const explanation = await explainer.explain(photos[0]!);
  assertEquals(explanation.warning, undefined);
  assertEquals(explanation.targets[0]!.map.width, 16);

  const again = await readHead(bytes, "");
  assertEquals(again.record.fit, fit);
  assertEquals(readFittedRows(again)!.length, 5 * 16);
  await using kept = await createExplainer({ ...wasm, head: bytes });
  const map = (await kept.explain(photos[0]!)).targets[0]!.map.values;
  assertEquals(map, explanation.targets[0]!.map.values);
});

Deno.test("fitWarning() asks for explained scores, and for a lead over one class for all that is no luck", () => {
  const fit = {
    photos: 20,
    lambda: 1,
    explained: [0.3, 0.2],
    explainedInAll: 0.26,
    agreement: 0.15,
    chance: 0.1,
  };
  assertStringIncludes(fitWarning(fit)!, "names its top class for 15 % (always the same class: 10 %)");
  // The margin is 2 √(0.1 · 0.9 / 20) = 0.134.
  assertEquals(fitWarning({ ...fit, agreement: 0.24 }), undefined);
  assertEquals(fitWarning({ ...fit, agreement: 0.23 }) === undefined, false);
  assertEquals(fitWarning({ ...fit, photos: 400 }), undefined);
  assertStringIncludes(fitWarning({ ...fit, photos: 400, explainedInAll: 0.09 })!, "explains 9 %");
  // One score, or one class nearly everywhere: only the scores count.
  assertEquals(fitWarning({ ...fit, explained: [0.3] }), undefined);
  assertEquals(fitWarning({ ...fit, agreement: 0.95, chance: 0.95 }), undefined);
  assertEquals(fitWarning(undefined), undefined);
});

Deno.test("the rows of a fit are the final layer itself where the features are the classifier's own", async () => {
  const classifier = { ...smallClassifier({ softmax: false }) };
  await using explainer = await createExplainer({
    ...wasm,
    model: classifier,
    photos: patchworkPhotos(60),
  });
  const rows = readFittedRows(explainer.head)!;
  const layer = seededTensor("fc.weight", [5, 16], 3);
  const alike = Array.from({ length: 5 }, (_, c) => cosine(rows, layer, c * 16, 16));
  assert(alike.every((value) => value > 0.99), `${alike}`);
});

function cosine(a: ArrayLike<number>, b: ArrayLike<number>, at: number, length: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = at; i < at + length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

Deno.test("by default the shipped network is read, and the rows are as long as its own", async () => {
  const photos = patchworkPhotos(24);
  const [explainer, lite] = await Promise.all([
    createExplainer({ model: backbone, device: "wasm", photos }),
    loadClassifier(),
  ]);
  try {
    assertEquals(explainer.auxiliary, "efficientnet_lite0");
    const length = (rows: Float32Array, count: number) =>
      Math.sqrt(rows.reduce((sum, value) => sum + value * value, 0) / count);
    const own = length(lite.finalLayer()!, 1000);
    assertAlmostEquals(length(readFittedRows(explainer.head)!, 5) / own, 1, 1e-3);
  } finally {
    await explainer.dispose();
  }
});

Deno.test("a classifier of random answers gets a warning in the explanation, not a confident map", async () => {
  const photos = patchworkPhotos(60);
  await using explainer = await createExplainer({ ...wasm, model: lotteryClassifier(), photos });
  const fit = explainer.head.record.fit!;
  assert(fit.explainedInAll < 0.1, JSON.stringify(fit));
  const { warning } = await explainer.explain(photos[1]!);
  assertStringIncludes(warning!, "The map may mean nothing");
});

Deno.test("a fitted head refuses another version of its classifier by name", async () => {
  await using explainer = await createExplainer({ ...wasm, photos: patchworkPhotos(30) });
  const { record, bytes } = explainer.head;
  assertEquals(record.modelDigest, await modelDigest(backbone));
  const changed = { ...smallClassifier({ softmax: false }), name: "small" };
  assertEquals(await modelDigest(changed) === record.modelDigest, false);
  const error = await assertRejects(
    () => createExplainer({ ...wasm, model: changed, head: bytes }),
    TypeError,
  );
  assertStringIncludes(error.message, "it was made for another small");
  // Nor does an explainer that is open take it.
  await using other = await createExplainer({ ...wasm, model: changed, photos: patchworkPhotos(30) });
  await assertRejects(() => other.withHead(bytes), TypeError, "made for another small");
});

Deno.test("modelDigest() depends on the external data, not on their order", async () => {
  const model = { name: "a", onnx: new Uint8Array([1, 2]) };
  const [one, two] = [new Uint8Array([3]), new Uint8Array([4])];
  const digest = (entries: [string, Uint8Array][]) =>
    modelDigest({ ...model, externalData: new Map(entries) });
  assertEquals(await digest([["x", one], ["y", two]]), await digest([["y", two], ["x", one]]));
  assertEquals(await digest([["x", one], ["y", two]]) === await digest([["x", two], ["y", one]]), false);
  assertEquals(await modelDigest(model) === await digest([["x", one]]), false);
});

Deno.test("fitting refuses too few photographs, and says how many it needs", async () => {
  await assertRejects(
    () => createExplainer({ ...wasm, photos: patchworkPhotos(5) }),
    Error,
    "Cannot fit a head on 5 photographs: at least 20 are needed",
  );
});

Deno.test("fitting stops when it is told to", async () => {
  const controller = new AbortController();
  const onFit = ({ done }: { done: number }) => done === 3 && controller.abort(new Error("enough"));
  const { signal } = controller;
  await assertRejects(
    () => createExplainer({ ...wasm, photos: patchworkPhotos(60), onFit, signal }),
    Error,
    "enough",
  );
});

Deno.test("plainScores() undoes what a classifier ends in", () => {
  const scores = [2, -1, 0.5];
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
  const softmax = Float32Array.from(scores, (score) => Math.exp(score) / total);
  const centred = scores.map((score) => score - 0.5);
  const near = (found: Float64Array, wanted: readonly number[]) =>
    wanted.forEach((value, i) => assertAlmostEquals(found[i]!, value, 1e-5));
  near(plainScores(softmax, "softmax", false), centred);
  near(plainScores(softmax, "none", false), centred);
  near(plainScores(softmax.map(Math.log), "log-softmax", false), centred);
  near(plainScores(Float32Array.from(scores), "softmax", true), centred);
  near(plainScores(Float32Array.from(scores), "none", false), scores);
  near(
    plainScores(Float32Array.from(scores, (score) => 1 / (1 + Math.exp(-score))), "sigmoid", false),
    scores,
  );
  near(plainScores(Float32Array.from(scores), "sigmoid", true), scores);
  // A probability of exactly 0 is a very small one.
  assert(plainScores(new Float32Array([1, 0]), "softmax", false).every(Number.isFinite));
});

Deno.test("chosenPhotos() takes each photograph once, spreads over the list, and begins spread", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  for (const count of [0, 1, 2, 181, 362, 400]) {
    assertEquals([...chosenPhotos(numbers(count))].sort((a, b) => a - b), numbers(count));
  }
  const of = chosenPhotos(numbers(4000));
  assertEquals([of.length, new Set(of).size], [400, 400]);
  const first = of.slice(0, 40).sort((a, b) => a - b);
  assert(first[0]! < 400 && first.at(-1)! > 3600);
});
