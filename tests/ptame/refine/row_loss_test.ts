/**
 * The loss of a row and its gradient, and the same loss by probabilities alone, against the whole chain in float64: row,
 * map, masks, masked image, classifier, loss.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadClassifier } from "../../../src/classifier/load.ts";
import type { Classifier } from "../../../src/classifier/types.ts";
import { interpolationMatrix } from "../../../src/gradient/interpolation.ts";
import { createBuilder } from "../../../src/graph/builder.ts";
import { encodeOnnx } from "../../../src/graph/onnx_file.ts";
import { int, ints } from "../../../src/graph/types.ts";
import { chainedDoublings } from "../../../src/ptame/head.ts";
import { createView, type View } from "../../../src/ptame/masks/views.ts";
import { openRowLoss, type RowSubject } from "../../../src/ptame/refine/row_loss.ts";
import { createGenerator } from "../../../src/random/generator.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { referenceMasks } from "../masks/reference.ts";

await warmUpWasm();

const [SIDE, CELL, CLASSES, TARGET, CLEAN] = [16, 4, 5, 3, 0.4];
const CELLS = 3 * (SIDE / CELL) ** 2;
const SHAPE = { channels: [3, 5], sizes: [8, 4], classes: CLASSES };

const VIEWS: readonly View[] = [
  createView(1),
  createView(0.5, { loss: "drop", weight: 0.7 }),
  createView(0.25, { mask: "hard", fill: "mean", width: 0.1 }),
  createView(0.3, { mask: "hard", fill: "mean", side: "remove", loss: "removal", width: 0.1 }),
];

const generator = createGenerator(5);
const draw = (count: number, next = generator.normal) => Float32Array.from({ length: count }, next);
const WEIGHT = draw(CLASSES * CELLS);
const ROW = draw(8);
const FEATURES = SHAPE.channels.map((channels, tap) => {
  const size = SHAPE.sizes[tap]!;
  return { channels, size, data: draw(channels * size * size, generator.uniform) };
});
/** Each view has its own image. */
const PIXELS = draw(VIEWS.length * 3 * SIDE * SIDE, generator.uniform);
const SUBJECT: RowSubject = {
  features: FEATURES,
  pixels: PIXELS,
  target: TARGET,
  clean: CLEAN,
  views: VIEWS,
};

/** Scores are linear in the squares of the means of cells. */
function loadSquares(plain = true): Promise<Classifier> {
  const b = createBuilder("squares");
  const image = b.input("image", "float32", [1, 3, SIDE, SIDE]);
  const means = b.averagePool(image, [CELL, CELL], { strides: [CELL, CELL] });
  // A pool of one position in the 2-norm: |x| without a rule for its gradient.
  const read = plain ? means : b.node("LpPool", [means], { kernel_shape: ints([1, 1]), p: int(2) })[0]!;
  const weight = b.constant("float32", [CLASSES, CELLS], WEIGHT);
  b.output(b.gemm(b.flatten(b.mul(read, read)), weight, undefined, { transB: true }), "scores");
  const model = { name: "squares", onnx: encodeOnnx(b.build()) };
  return loadClassifier({ model: { ...model, preprocessing: { resize: SIDE, range: [0, 1] } } });
}

/** The same in float64: probabilities of [3, SIDE, SIDE]. */
function probabilities(image: ArrayLike<number>): Float64Array {
  const means = new Float64Array(CELLS);
  const cells = SIDE / CELL;
  for (let i = 0; i < image.length; i++) {
    const [channel, y, x] = [Math.floor(i / SIDE / SIDE), Math.floor(i / SIDE) % SIDE, i % SIDE];
    means[channel * cells * cells + Math.floor(y / CELL) * cells + Math.floor(x / CELL)]! += image[i]! /
      CELL ** 2;
  }
  const scores = Float64Array.from({ length: CLASSES }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < CELLS; i++) sum += WEIGHT[k * CELLS + i]! * means[i]! ** 2;
    return sum;
  });
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** U·x·Uᵀ for a square x and U of `rows` rows. */
function resized(x: Float64Array, size: number, matrix: Float64Array): Float64Array {
  const rows = matrix.length / size;
  const out = new Float64Array(rows * rows);
  for (let y = 0; y < rows; y++) {
    for (let column = 0; column < rows; column++) {
      let sum = 0;
      for (let j = 0; j < size; j++) {
        for (let k = 0; k < size; k++) {
          sum += matrix[y * size + j]! * matrix[column * size + k]! * x[j * size + k]!;
        }
      }
      out[y * rows + column] = sum;
    }
  }
  return out;
}

/** The map of a row. */
function referenceMap(row: Float64Array): Float64Array {
  const large = Math.max(...SHAPE.sizes);
  const map = new Float64Array(large * large);
  let from = 0;
  for (const { channels, size, data } of FEATURES) {
    const fused = new Float64Array(size * size);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < fused.length; i++) fused[i]! += row[from + c]! * data[c * size * size + i]!;
    }
    from += channels;
    const wide = resized(fused, size, chainedDoublings(size, Math.log2(large / size)));
    wide.forEach((value, i) => map[i]! += value);
  }
  return map;
}

function referenceLoss(row: Float64Array): number {
  const given = VIEWS.map(({ share, mask, side, width = 0.05 }) => ({
    share,
    soft: Number(mask === "soft"),
    kept: Number(side === "keep"),
    width,
  }));
  const { masks } = referenceMasks(referenceMap(row), given);
  const enlarge = interpolationMatrix(8, SIDE, { mode: "linear" });
  const losses = VIEWS.map(({ fill, loss, weight = 1 }, at) => {
    const mask = resized(masks[at]!, 8, enlarge);
    const own = PIXELS.subarray(at * 3 * SIDE * SIDE, (at + 1) * 3 * SIDE * SIDE);
    const area = SIDE * SIDE;
    const means = [0, 1, 2].map((c) =>
      fill === "black" ? 0 : own.subarray(c * area, (c + 1) * area).reduce((sum, v) => sum + v, 0) / area
    );
    const shown = Float64Array.from(own, (value, i) => {
      const m = mask[i % area]!;
      return m * value + (1 - m) * means[Math.floor(i / area)]!;
    });
    const p = probabilities(shown)[TARGET]!;
    return weight * (loss === "drop" ? -p / CLEAN : loss === "removal" ? -Math.log(1 - p) : -Math.log(p));
  });
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}

const OPTIONS = { shape: SHAPE, views: VIEWS.length };
const noProbabilities = () => Promise.reject(new Error("not asked for"));
const byReference = (pixels: Float32Array) => Promise.resolve(Float32Array.from(probabilities(pixels)));

for (const device of ["wasm", "native"] as const) {
  Deno.test({
    name: `openRowLoss() gives the loss of a row and its gradient on ${device}`,
    sanitizeOps: device === "wasm",
    sanitizeResources: device === "wasm",
    fn: async () => {
      const loss = await openRowLoss({
        ...OPTIONS,
        device,
        backbone: await loadSquares(),
        probabilities: noProbabilities,
      });
      try {
        assertEquals(loss.why, undefined);
        const found = await loss.gradient(SUBJECT, ROW);
        const row = Float64Array.from(ROW);
        assert(Math.abs(found.loss - referenceLoss(row)) < 1e-5, `${found.loss}, not ${referenceLoss(row)}`);
        const step = 1e-6;
        const slopes = row.map((_, i) => {
          const moved = (by: number) => referenceLoss(row.map((value, k) => k === i ? value + by : value));
          return (moved(step) - moved(-step)) / (2 * step);
        });
        const scale = Math.max(...slopes.map(Math.abs));
        assert(scale > 1e-2, "the loss must depend on the row");
        slopes.forEach((slope, i) => {
          const away = Math.abs(found.gradient[i]! - slope) / scale;
          assert(away < 1e-3, `weight ${i} has the slope ${found.gradient[i]}, not ${slope}`);
        });
      } finally {
        await loss.dispose();
      }
    },
  });
}

Deno.test("openRowLoss() gives the same loss by probabilities where an operator has no gradient", async () => {
  const loss = await openRowLoss({
    ...OPTIONS,
    device: "wasm",
    backbone: await loadSquares(false),
    probabilities: byReference,
  });
  try {
    assert(loss.why!.includes("LpPool"), loss.why);
    const found = await loss.value(SUBJECT, ROW);
    assert(Math.abs(found - referenceLoss(Float64Array.from(ROW))) < 1e-5);
    await assertRejects(() => loss.gradient(SUBJECT, ROW), TypeError, "Cannot differentiate");
  } finally {
    await loss.dispose();
  }
});
