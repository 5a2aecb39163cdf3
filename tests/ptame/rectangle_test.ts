/** P-TAME for classifiers whose images are not square: what the auxiliary reads, masks, training, refining, measures. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import { cropImage } from "../../src/classifier/prepared_image.ts";
import {
  evaluationImages,
  explainerMethod,
  explainerScores,
} from "../../src/faithfulness/evaluation_images.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { exportExplainer } from "../../src/ptame/export_explainer.ts";
import { backboneGraph } from "../../src/ptame/masks/masked_pass.ts";
import { createFill } from "../../src/ptame/masks/fill.ts";
import { createImageCropper } from "../../src/ptame/training/image_cropper.ts";
import { train } from "../../src/ptame/training/trainer.ts";
import { createGenerator } from "../../src/random/generator.ts";
import { float32Data, float32Tensor, int64Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { smallClassifier } from "./small_classifier.ts";

await warmUpWasm();

const FILES: Record<string, { readonly onnx: string; readonly preprocessing: object }> = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/inputs/inputs.json", import.meta.url)),
);
/** 20 rows of 36 pixels or so; see generate.py. */
const RECTANGLE = {
  name: "rect",
  onnx: Uint8Array.from(atob(FILES["rect"]!.onnx), (letter) => letter.charCodeAt(0)),
  preprocessing: FILES["rect"]!.preprocessing,
};
const AUXILIARY = { ...smallClassifier(), name: "small" };
const photo = (i: number) => new URL(`../fixtures/image/photo_${i}.jpg`, import.meta.url);
const backbone = await onnxClassifier(RECTANGLE);
const auxiliary = await onnxClassifier(AUXILIARY);
const CROPS = [backbone.facts.preprocessing, auxiliary.facts.preprocessing] as const;
const { crop: HEIGHT, width: WIDTH } = CROPS[0] as { crop: number; width: number };

Deno.test("the auxiliary reads the rectangle that the backbone reads, squashed", async () => {
  // Left black, right white: whatever the proportions, the halves stay halves.
  const [width, height] = [400, 300];
  const data = new Uint8Array(3 * width * height).map((_, i) =>
    Math.floor(i / 3) % width < width / 2 ? 0 : 255
  );
  const { pixels, auxiliaryPixels, window, auxiliaryWindow } = cropImage({ width, height, data }, ...CROPS);
  assertEquals([pixels.length, auxiliaryWindow], [3 * WIDTH * HEIGHT, window]);
  const side = CROPS[1].crop;
  assertEquals(auxiliaryPixels!.length, 3 * side * side);
  const row = auxiliaryPixels!.subarray(0, side);
  assertEquals([...row.subarray(0, side / 2 - 2), ...row.subarray(side / 2 + 2)].map(Math.round), [
    ...new Array(side / 2 - 2).fill(0),
    ...new Array(side / 2 - 2).fill(1),
  ]);

  // Training crops the same.
  const cropper = createImageCropper(CROPS, 1e9);
  const decoded = await decodeImage(photo(0));
  const expected = cropImage(decoded, ...CROPS);
  for (let again = 0; again < 2; again++) {
    const both = await cropper.crop(0, photo(0), { kind: "centre", input: "all" });
    assertEquals(both, [expected.pixels, expected.auxiliaryPixels!]);
    assertEquals(await cropper.crop(0, photo(0), { kind: "centre", input: 1 }), both.slice(1));
    assertEquals(await cropper.crop(0, photo(0), { kind: "centre" }), both.slice(0, 1));
  }
  const [own, squashed] = await cropper.crop(0, photo(0), { kind: "augmented", seed: 1, stream: 2 });
  assertEquals([own!.length, squashed!.length], [3 * WIDTH * HEIGHT, 3 * side * side]);
});

Deno.test("gradients of masks over rectangles are those of finite differences", async () => {
  const size = 4;
  const part = backbone.part();
  const graph = backboneGraph(part, 1, size, { fills: true });
  const bound = part.bind({ graph, files: new Map() }, "backbone.");
  const session = await openSession(bound.graph, { device: "wasm", files: bound.files });
  try {
    const generator = createGenerator(3);
    const drawn = (length: number) => Float32Array.from({ length }, () => generator.uniform());
    const shape = [1, 3, HEIGHT, WIDTH];
    const fixed = {
      images: float32Tensor(drawn(3 * HEIGHT * WIDTH), shape),
      fills: float32Tensor(drawn(3 * HEIGHT * WIDTH), shape),
      targets: int64Tensor([1]),
    };
    const mask = drawn(size * size);
    const run = (values: Float32Array) =>
      session.run({ ...fixed, masks: float32Tensor(values, [1, 1, size, size]) });
    const gradient = float32Data((await run(mask))["mask_gradients"]!);
    assert(gradient.some((slope) => Math.abs(slope) > 1e-4), "there is something to compare");
    for (let i = 0; i < mask.length; i++) {
      const loss = async (by: number) => {
        const moved = mask.slice();
        moved[i]! += by;
        return float32Data((await run(moved))["cross_entropies"]!)[0]!;
      };
      assertAlmostEquals(gradient[i]!, (await loss(0.01) - await loss(-0.01)) / 0.02, 8e-3);
    }
  } finally {
    await session.dispose();
  }
});

Deno.test("createFill() of a rectangle is that of the turned rectangle, turned back", () => {
  const [width, height] = [24, 16];
  const generator = createGenerator(5);
  const mask = Float32Array.from({ length: width * height }, () => Number(generator.uniform() < 0.6));
  const pixels = Float32Array.from({ length: 3 * width * height }, () => generator.uniform());
  const turned = (planes: Float32Array, rows: number, columns: number) =>
    planes.map((_, i) => {
      const [plane, at] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
      const [x, y] = [Math.floor(at / rows), at % rows];
      return planes[plane * rows * columns + y * columns + x]!;
    });
  for (const fill of ["mean", "blur", "neighbours"] as const) {
    const into = new Float32Array(pixels.length).fill(NaN);
    createFill(fill, pixels, mask, width, into);
    const other = new Float32Array(pixels.length).fill(NaN);
    createFill(fill, turned(pixels, height, width), turned(mask, height, width), height, other);
    const back = turned(other, width, height);
    const apart = into.reduce((most, value, i) => Math.max(most, Math.abs(value - back[i]!)), 0);
    assert(apart < 1e-5, `${fill}: ${apart}`);
  }
});

Deno.test("a head for rectangles trains, explains, refines and is measured", async () => {
  const common = { backbone: RECTANGLE, auxiliary: AUXILIARY, device: "wasm", seed: 1, batch: 2 } as const;
  const images = [photo(0), photo(4), photo(8)];
  const own = await train({ ...common, images, steps: 2, start: "default" });
  assert(own.losses.every(({ total }) => Number.isFinite(total)));
  const { head } = await train({
    ...common,
    images,
    steps: 2,
    start: "default",
    form: { rows: "own", masks: "budget" },
    validation: [photo(7)],
  });

  await using explainer = await createExplainer({
    model: RECTANGLE,
    auxiliary: AUXILIARY,
    head,
    device: "wasm",
  });
  const explanation = await explainer.explain(photo(1));
  const { window, refinement: { loss } } = { ...explanation, ...await explanation.refine({ steps: 2 }) };
  assertAlmostEquals(window.width / window.height, WIDTH / HEIGHT, 0.05);
  assert(loss.after <= loss.before);
  const { parts, view } = await exportExplainer({
    model: RECTANGLE,
    auxiliary: AUXILIARY,
    head,
    requireTarget: true,
  });
  assertEquals([view.width, view.crop], [WIDTH, HEIGHT]);
  const file = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const exported = await openSession(file, { device: "wasm" });
  const prepared = await explainer.prepare(photo(1));
  const outputs = await exported.run({
    image: float32Tensor(prepared.pixels, [1, 3, HEIGHT, WIDTH]),
    target: int64Tensor([1], [1]),
  });
  await exported.dispose();
  const { values } = await explainer.mask(prepared, 1);
  // The file does not round the squashed rectangle to 8 bits.
  float32Data(outputs["map"]!).forEach((value, i) => assertAlmostEquals(value, values[i]!, 0.05));

  const { methods, records } = await evaluate({
    images: evaluationImages([photo(1), photo(2)], explainer),
    methods: { ptame: explainerMethod(explainer) },
    score: explainerScores(explainer),
    measures: ["ad", "ic", "road"],
    normalization: explainer.backbone.preprocessing,
  });
  assertEquals(records.length, 2);
  for (const { value } of Object.values(methods["ptame"]!.measures)) assert(Number.isFinite(value));
});
