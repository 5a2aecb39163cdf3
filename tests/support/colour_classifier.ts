/**
 * A tiny .onnx classifier that anybody could have made: 64 x 64, three classes, which of red, green and blue is the
 * strongest. A convolution, a ReLU and a mean, so every method can read it.
 *
 * @module
 */
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";

/** Its classes. */
export const COLOURS: readonly string[] = ["reddish", "greenish", "bluish"];

/** The file. */
export function colourClassifier(): Uint8Array<ArrayBuffer> {
  const b = createBuilder("colours");
  const image = b.input("image", "float32", [1, 3, 64, 64]);
  const kernel = new Float32Array(3 * 3 * 9);
  // Each channel less the mean of the others, summed over 3 x 3 pixels.
  for (let out = 0; out < 3; out++) {
    for (let input = 0; input < 3; input++) {
      kernel.fill(out === input ? 1 : -0.5, (out * 3 + input) * 9, (out * 3 + input + 1) * 9);
    }
  }
  const weight = b.constant("float32", [3, 3, 3, 3], kernel);
  const tapped = b.relu(b.conv(image, weight, undefined, { strides: [4, 4], pads: [0, 0, 0, 0] }));
  b.output(b.mul(b.flatten(b.globalAveragePool(tapped)), 5), "scores");
  return encodeOnnx(b.build()) as Uint8Array<ArrayBuffer>;
}
