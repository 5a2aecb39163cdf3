/** Targets that are functions of the outputs: their values and gradients, and the maps that methods make of them. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createBaseline } from "../../src/baselines/explainer.ts";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import { classifierOver } from "../../src/classifier/open.ts";
import { FOCUS, focusedOn } from "../../src/classifier/focused.ts";
import {
  functionText,
  type ScoreFunction,
  scoreValue,
  targets,
} from "../../src/classifier/score_function.ts";
import type { ScoreMeaning } from "../../src/classifier/score_meaning.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const LABELS = ["ant", "bee", "cat, house cat", "dog", "eel"];
const SCORES = Float32Array.of(0.3, -1.2, 2, 0.1, 0.7);
const { score, probability, entropy, sum, difference, product, maximum, scaled, logarithm } = targets;

const FUNCTIONS: Record<string, ScoreFunction> = {
  cat: score("cat"),
  "p(dog)": probability("dog"),
  entropy: entropy(),
  "ant − bee": difference(score("ant"), score(1)),
  "p(ant) + 2·p(bee) − 3·cat": sum(probability(0), scaled(2, probability(1)), scaled(-3, score("cat"))),
  "p(ant)·p(cat)·(dog + eel)": product(probability(0), probability(2), sum(score("dog"), score("eel"))),
  "ln(p(eel))": logarithm(probability("eel")),
  "cat − max(ant, bee, dog)": difference(score("cat"), maximum(score(0), score(1), score("dog"))),
};

const MEANINGS: Record<string, ScoreMeaning> = {
  "plain scores": { activation: "none" },
  "a softmax": { activation: "softmax" },
  "a sigmoid": { activation: "sigmoid" },
  "what is said to be multi-label": { activation: "none", asked: "sigmoid" },
};

for (const [text, target] of Object.entries(FUNCTIONS)) {
  Deno.test(`scoreValue() of ${text} has the slopes of central differences, whatever the scores go through`, () => {
    assertEquals(functionText(target, LABELS), text);
    for (const meaning of Object.values(MEANINGS)) {
      const facts = { ...meaning, labels: LABELS };
      const { gradient } = scoreValue(target, SCORES, facts);
      for (let k = 0; k < SCORES.length; k++) {
        const moved = (by: number) => {
          const scores = SCORES.slice();
          scores[k]! += by;
          return scoreValue(target, scores, facts).value;
        };
        assertAlmostEquals(gradient[k]!, (moved(1 / 64) - moved(-1 / 64)) * 32, 2e-3);
      }
    }
  });
}

Deno.test("scoreValue() gives values as they are defined", () => {
  const facts = { activation: "none" as const, labels: LABELS };
  const value = (target: ScoreFunction, more: Partial<ScoreMeaning> = {}) =>
    scoreValue(target, SCORES, { ...facts, ...more }).value;
  const total = SCORES.reduce((all, each) => all + Math.exp(each), 0);
  assertAlmostEquals(value(probability("dog")), Math.exp(0.1) / total, 1e-6);
  assertAlmostEquals(value(probability("dog"), { asked: "sigmoid" }), 1 / (1 + Math.exp(-0.1)), 1e-6);
  assertAlmostEquals(value(probability("dog"), { asked: "none" }), 0.1, 1e-6);
  assertAlmostEquals(value(difference(score("cat"), maximum(score(0), score(1)))), 1.7, 1e-6);
  const even = scoreValue(entropy(), new Float32Array(5), facts);
  assertAlmostEquals(even.value, Math.log(5), 1e-6);
  assert(even.gradient.every((slope) => Math.abs(slope) < 1e-6));
});

Deno.test("scoreValue() takes scores that look like probabilities as they are, values and slopes alike", () => {
  const scores = Float32Array.of(0.5, 0.25, 0.125, 0.0625, 0.0625);
  const facts = { activation: "none" as const, labels: LABELS };
  const { value, gradient } = scoreValue(probability("bee"), scores, facts);
  assertEquals(value, 0.25);
  assertEquals([...gradient], [0, 1, 0, 0, 0]);
  // Before a softmax of the network's own, the same numbers are scores like any others.
  assert(scoreValue(probability("bee"), scores, { ...facts, activation: "softmax" }).value < 0.22);
});

Deno.test("scoreValue() refuses what is no function, and classes that do not exist", () => {
  const facts = { activation: "none" as const, labels: LABELS };
  const value = (target: unknown) => scoreValue(target as ScoreFunction, SCORES, facts);
  assertThrows(() => value(score("cow")), RangeError, 'Unknown class "cow"');
  assertThrows(() => value(logarithm(score("bee"))), RangeError, "the logarithm of -1.2");
  assertThrows(() => value(sum()), TypeError, "a sum of nothing");
  assertThrows(() => value({ kind: "tangent" }), TypeError, "is not a function of the outputs");
});

const SIDE = 16;
const IMAGE = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * 37) % 256 / 255);
const FILES: { files: Record<string, { onnx: string }> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/outputs/outputs.json", import.meta.url)),
);

function modelNamed(name: string) {
  const onnx = Uint8Array.from(atob(FILES.files[name]!.onnx), (letter) => letter.charCodeAt(0));
  return { name, onnx, labels: LABELS, preprocessing: { mean: [0], std: [1] } };
}

for (const name of ["logits_open_batch", "sigmoid"]) {
  Deno.test(`focusedOn() gives the gradients of a function of ${name}, several images at once`, async () => {
    const batch = name === "sigmoid" ? 1 : 3;
    await using opened = await classifierOver(await onnxClassifier(modelNamed(name)), {
      device: "wasm",
      batch,
    });
    const images = [1, 0.7, 0.4, 0.2].map((light) => IMAGE.map((value) => light * value));
    for (const target of [FUNCTIONS["ln(p(eel))"]!, FUNCTIONS["entropy"]!, FUNCTIONS["ant − bee"]!]) {
      const focused = focusedOn(opened, target);
      const gradients = await focused.inputGradients(images, FOCUS);
      for (const [i, image] of images.entries()) {
        const length = Math.hypot(...gradients[i]!);
        const step = 4e-3 / length;
        const moved = (by: number) => image.map((value, at) => value + by * gradients[i]![at]! / length);
        const [[up], [down]] = [await focused.logits([moved(step)]), await focused.logits([moved(-step)])];
        assertAlmostEquals(
          (up![0]! - down![0]!) / (2 * step) / length,
          1,
          0.03,
          functionText(target, LABELS),
        );
      }
    }
  });
}

Deno.test("a baseline explains a class's own score as a function with the map of the class", async () => {
  const photo = {
    width: SIDE,
    height: SIDE,
    data: new Uint8Array(3 * SIDE * SIDE).map((_, i) => (i * 37) % 256),
  };
  for (const method of ["gradcam", "occlusion", "integrated-gradients", "scorecam", "ablationcam"]) {
    await using baseline = await createBaseline(method, {
      model: modelNamed("logits"),
      device: "wasm",
      steps: 8,
    });
    const perturbs = method === "occlusion";
    const own = perturbs ? probability("cat") : score("cat");
    const explained = await baseline.explain(photo, { target: [own, 2, entropy()] });
    const [byFunction, another, byClass] = [0, 1, 2].map((i) => explained.targets[i]!);
    assertEquals([byFunction!.index, byClass!.index, another!.label], [-1, 2, "entropy"]);
    const most = Math.max(
      ...byClass!.map.values.map((value, i) => Math.abs(value - byFunction!.map.values[i]!)),
    );
    assert(most < 1e-4, `${method}: ${most}`);
    assertAlmostEquals(
      byFunction!.probability,
      perturbs ? byClass!.probability : byFunction!.probability,
      1e-5,
    );
    assertEquals((await explained.overlay()).width > 0, true);
  }
  await using baseline = await createBaseline("gradcam", { model: modelNamed("logits"), device: "wasm" });
  await assertRejects(() => baseline.explain(photo, { target: score("cow") }), RangeError, "Unknown class");
});
