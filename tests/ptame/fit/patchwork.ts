/**
 * Images to fit a head to, made by a generator, and a classifier whose answers are a lottery.
 *
 * @module
 */
import { createBuilder } from "../../../src/graph/builder.ts";
import { encodeOnnx } from "../../../src/graph/onnx_file.ts";
import type { OnnxModel } from "../../../src/classifier/onnx/model.ts";
import type { RgbImage } from "../../../src/image/types.ts";
import { createGenerator } from "../../../src/random/generator.ts";

/** Squares of random colours on a random ground, `side` pixels wide. */
export function patchworkPhotos(count: number, side = 48): RgbImage[] {
  const generator = createGenerator(7);
  return Array.from({ length: count }, () => {
    const data = new Uint8Array(side * side * 3);
    const paint = (left: number, top: number, size: number) => {
      const colour = [generator.below(256), generator.below(256), generator.below(256)];
      for (let y = top; y < Math.min(top + size, side); y++) {
        for (let x = left; x < Math.min(left + size, side); x++) data.set(colour, (y * side + x) * 3);
      }
    };
    paint(0, 0, side);
    for (let i = 0; i < 4; i++) paint(generator.below(side), generator.below(side), 4 + generator.below(16));
    return { width: side, height: side, data };
  });
}

/** A classifier of five classes whose scores change wildly with every pixel: no feature says anything about them. */
export function lotteryClassifier(): OnnxModel {
  const b = createBuilder("lottery");
  const generator = createGenerator(3);
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const width = 3 * 32 * 32;
  const wild = b.constant(
    "float32",
    [width, 5],
    Float32Array.from({ length: width * 5 }, () => 1000 * (generator.uniform() - 0.5)),
  );
  const angle = b.matmul(b.flatten(image), wild);
  b.output(b.mul(b.node("Sin", [angle])[0]!, 6), "scores");
  return { name: "lottery", onnx: encodeOnnx(b.build()) };
}
