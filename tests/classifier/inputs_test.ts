/** The inputs that people's files have: size and fit, element type, channels, further inputs. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { integratedGradients } from "../../src/baselines/gradient/integrated_gradients.ts";
import { scoreCam } from "../../src/baselines/activation/score_cam.ts";
import { extremal } from "../../src/baselines/perturbation/extremal/extremal.ts";
import { occlusion } from "../../src/baselines/perturbation/occlusion.ts";
import { rise } from "../../src/baselines/perturbation/rise.ts";
import type { OnnxPreprocessing } from "../../src/classifier/onnx/image_input.ts";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { classifierOver } from "../../src/classifier/open.ts";
import { cropImage } from "../../src/classifier/prepared_image.ts";
import { openPartScores } from "../../src/classifier/graphs/scores.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { cropSize } from "../../src/image/preprocess.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

interface Input {
  readonly onnx: string;
  readonly preprocessing: OnnxPreprocessing;
  readonly inputs?: Readonly<Record<string, number>>;
  readonly probabilities?: readonly number[];
  readonly refused?: string;
}

const FILES: Record<string, Input> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/inputs/inputs.json", import.meta.url)),
);
const PHOTO = await decodeImage(new URL("../fixtures/image/photo_0.jpg", import.meta.url));

function modelNamed(name: string): OnnxModel {
  const { onnx, preprocessing, inputs } = FILES[name]!;
  const bytes = Uint8Array.from(atob(onnx), (letter) => letter.charCodeAt(0));
  return { name, onnx: bytes, preprocessing, ...(inputs === undefined ? {} : { inputs }) };
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assertEquals(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) assertAlmostEquals(actual[i]!, expected[i]!, tolerance);
}

/** The file without its rounding of the input: halves, and grey values as bytes. */
const ROUNDED = new Set(["float16", "float16_nhwc", "grey_nhwc_uint8"]);

for (const [name, { probabilities, refused }] of Object.entries(FILES)) {
  if (refused !== undefined) {
    Deno.test(`a file with the input ${name} is refused: ${refused}`, async () => {
      await assertRejects(() => onnxClassifier(modelNamed(name)), Error, refused);
    });
    continue;
  }
  Deno.test(`a file with the input ${name} gives onnxruntime's probabilities of Pillow's array`, async () => {
    const classifier = await onnxClassifier(modelNamed(name));
    const { pixels } = cropImage(PHOTO, classifier.facts.preprocessing);
    const file = await classifier.openScores({ device: "wasm" });
    const part = await openPartScores(classifier.part(), classifier.facts, { device: "wasm" });
    try {
      assertNear((await file.probabilities([pixels]))[0]!, probabilities!, ROUNDED.has(name) ? 1e-3 : 2e-6);
      assertNear((await part.probabilities([pixels]))[0]!, probabilities!, ROUNDED.has(name) ? 1e-2 : 2e-6);
    } finally {
      await file.session.dispose();
      await part.session.dispose();
    }
  });
}

Deno.test("gradients of images that are not square are those of the file, for every layout and type", async () => {
  for (const name of ["rect", "rect_tall_nhwc", "double_rect", "grey_rect", "keep_prob", "rgba"]) {
    const classifier = await onnxClassifier(modelNamed(name));
    await using opened = await classifierOver(classifier, { device: "wasm" });
    const { pixels } = cropImage(PHOTO, classifier.facts.preprocessing);
    const [gradient] = await opened.inputGradients([pixels], 2);
    // A step along the gradient changes the score by its length, to the first order.
    const length = Math.hypot(...gradient!);
    assert(length > 1e-3, `${name}: ${length}`);
    const step = 1e-2 / length;
    const moved = pixels.map((value, i) => value + step * gradient![i]! / length);
    const back = pixels.map((value, i) => value - step * gradient![i]! / length);
    const [[up], [down]] = [await opened.logits([moved]), await opened.logits([back])];
    assertAlmostEquals((up![2]! - down![2]!) / (2 * step) / length, 1, 0.02, name);
  }
});

Deno.test("maps of images that are not square have the image's sides", async () => {
  const classifier = await onnxClassifier(modelNamed("rect"));
  await using opened = await classifierOver(classifier, { device: "wasm" });
  const { pixels, window } = cropImage(PHOTO, classifier.facts.preprocessing);
  assertAlmostEquals(window.width / window.height, 2, 0.02);
  const { width, height } = opened.tap();
  assert(width > 1.5 * height, `tap ${width} x ${height}`);

  const integrated = await integratedGradients(opened, { steps: 32 })(pixels, 1);
  assertEquals([integrated.width, integrated.height, integrated.values.length], [96, 48, 96 * 48]);
  // Completeness: the values add up to the difference from the black image.
  const [[whole], [black]] = [
    await opened.logits([pixels]),
    await opened.logits([new Float32Array(3 * 96 * 48)]),
  ];
  const sum = integrated.values.reduce((total, value) => total + value, 0);
  assertAlmostEquals(sum, whole![1]! - black![1]!, 0.03 * Math.abs(whole![1]! - black![1]!));

  const occluded = await occlusion(opened, { places: 7 })(pixels, 1);
  assertEquals([occluded.width, occluded.height, occluded.values.length], [96, 48, 96 * 48]);
  assert(occluded.values.every(Number.isFinite));
  const perturbed = await extremal(opened, { steps: 1, areas: [0.5] })(pixels, 1);
  assert(perturbed.values.every(Number.isFinite));
  const weighted = await scoreCam(opened)(pixels, 1);
  assertEquals([weighted.width, weighted.height], [width, height]);
  assert(weighted.values.every(Number.isFinite) && weighted.values.some((value) => value > 0));
  const sampled = await rise(opened, { masks: 8 })(pixels, 1);
  assertEquals([sampled.width, sampled.height, sampled.values.length], [96, 48, 96 * 48]);
});

Deno.test("the facts of a file say how images are cropped, and from where that is known", async () => {
  const described = async (name: string) => {
    const { facts } = await onnxClassifier(modelNamed(name));
    return Object.fromEntries(facts.described!.map(({ name, value, from }) => [name, `${value} (${from})`]));
  };
  const padded = await described("rect_letterbox");
  assertEquals(
    [padded["size"], padded["crop"], padded["fill"], padded["resampling"]],
    [
      "96 x 48 (file)",
      "the whole image, padded (settings)",
      "114 of 255 (settings)",
      "bicubic, antialiased (settings)",
    ],
  );
  const plain = await described("rect");
  assertEquals([plain["crop"], plain["resampling"]], [
    "short side 55, then the centre (assumed)",
    "bilinear, antialiased (assumed)",
  ]);
  assertEquals((await described("bgra_normalised"))["channels"], "BGRA (settings)");
  assertEquals((await described("rect_open"))["size"], "72 x 40 (settings)");
  assertEquals((await described("keep_prob"))["input keep_prob"], "0.5 throughout (settings)");
});

Deno.test("a further input that the file does not have is refused, with those that it has", async () => {
  const model = { ...modelNamed("keep_prob"), inputs: { keep_prop: 1 } };
  await assertRejects(() => onnxClassifier(model), RangeError, "did you mean keep_prob");
  await assertRejects(
    () => onnxClassifier({ ...modelNamed("rect"), inputs: { training: 0 } }),
    RangeError,
    "no further input training (it takes only images)",
  );
});

Deno.test("a size that the file leaves open can be given, not square either", async () => {
  const { facts } = await onnxClassifier({ ...modelNamed("size_open"), preprocessing: { size: [30, 50] } });
  assertEquals(cropSize(facts.preprocessing), { width: 30, height: 50 });
});
