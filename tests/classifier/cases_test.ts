/** Files of kinds that are easily read wrongly: scores, gradients and layers, as onnxruntime and PyTorch have them. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { classifierOver } from "../../src/classifier/open.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { inspectedModel } from "../../src/classifier/onnx/model.ts";
import { loadClassifier } from "../../src/classifier/load.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

interface Case {
  readonly model: string;
  readonly scores: readonly number[];
  /** Of score 1 with respect to the image. */
  readonly gradient: readonly number[];
  /** The layer of class activations; `null` where there is none. */
  readonly layer: {
    readonly name: string;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  } | null;
  readonly dequantize: boolean;
}

const CASES = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/cases/cases.json", import.meta.url)),
) as Readonly<Record<string, Case>>;

const SIDE = 8;
/** The image of the fixtures' script. */
const IMAGE = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * 37) % 256 / 255);

/** Largest difference over the largest magnitude. */
function difference(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  const scale = Math.max(...expected.map(Math.abs));
  const most = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
  return most / scale;
}

for (const [name, { model, scores, gradient, layer, dequantize }] of Object.entries(CASES)) {
  Deno.test(`classifierOver() reads, taps and differentiates ${name}`, async () => {
    const onnx = Uint8Array.from(atob(model), (character) => character.charCodeAt(0));
    const preprocessing = { size: SIDE, mean: [0, 0, 0], std: [1, 1, 1] };
    const classifier = await loadClassifier({ model: { name, onnx, dequantize, preprocessing } });
    await using open = await classifierOver(classifier, { device: "wasm", batch: 1 });
    const [found] = await open.inputGradients([IMAGE], 1);
    const away = difference(found!, gradient);
    assert(away < 2e-5, `the gradient is away from PyTorch's by ${away}`);
    if (layer === null) {
      const error = assertThrows(() => open.tap(), TypeError, "Cannot find a layer in ");
      assert(error.message.includes("--method occlusion"), error.message);
      return;
    }
    const { channels, height, width, ...tap } = open.tap();
    assertEquals({ name: tap.name, channels, height, width }, layer);
    const { logits, activations, gradients } = await open.tapped(IMAGE, 1);
    // The runtime rounds what a quantised file says; here it is computed on real numbers.
    const off = difference(logits.slice(0, scores.length), scores);
    assert(off < (dequantize ? 5e-2 : 1e-5), `the scores are away from onnxruntime's by ${off}`);
    assertEquals([activations.length, gradients.length], Array(2).fill(channels * height * width));
    assert(gradients.some((value) => value !== 0), "no gradient reaches the layer");
  });
}

Deno.test("inspectedModel() refuses networks of videos and of volumes by name", () => {
  const file = (shape: readonly number[]) => {
    const b = createBuilder("deep");
    const input = b.input("clip", "float32", shape);
    b.output(b.reduceMean(input, [2, 3, 4], false), "logits");
    return { name: "deep", onnx: encodeOnnx(b.build()) };
  };
  const refused = (shape: readonly number[], words: string) =>
    assertThrows(() => inspectedModel(file(shape)), TypeError, `Cannot explain deep: it takes ${words}`);
  refused([1, 3, 16, 112, 112], "videos (input clip [1, 3, 16, 112, 112]), not images");
  refused([1, 16, 3, 112, 112], "videos");
  refused([1, 1, 64, 64, 64], "volumes");
});
