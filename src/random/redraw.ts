/**
 * Redraws weights at random with the same scale, so that nothing learned remains.
 *
 * @module
 */
import { createStream } from "./generator.ts";
import { hashText } from "./hash.ts";

/** Normal numbers with mean 0 and the root mean square of `values`, so that activations keep their size. */
export function redrawn(name: string, values: Float32Array, seed: number): Float32Array<ArrayBuffer> {
  let squares = 0;
  for (const value of values) squares += value * value;
  const deviation = Math.sqrt(squares / Math.max(1, values.length));
  const generator = createStream(seed, hashText(name));
  return Float32Array.from(values, () => deviation * generator.normal());
}
