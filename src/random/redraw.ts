/**
 * Weights drawn anew: a tensor of the same size as before, with nothing of what it had learned.
 *
 * @module
 */
import { createStream } from "./generator.ts";

/** FNV-1a, 32 bits: a tensor's stream depends on its name and the seed alone. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Normal numbers with mean 0 and the root mean square of `values`, so that activations keep their size. */
export function redrawn(name: string, values: Float32Array, seed: number): Float32Array<ArrayBuffer> {
  let squares = 0;
  for (const value of values) squares += value * value;
  const deviation = Math.sqrt(squares / Math.max(1, values.length));
  const generator = createStream(seed, hashOf(name));
  return Float32Array.from(values, () => deviation * generator.normal());
}
