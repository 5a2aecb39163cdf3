/**
 * Weights from a name and a seed, bit for bit those of tests/fixtures/seeded_weights.py (which holds the
 * definition and the reason for its ranges). Full-size networks are compared with PyTorch without a weight file.
 *
 * @module
 */

/** `count` numbers in [0, 1), float64, as `uniform` of seeded_weights.py. */
export function uniforms(name: string, count: number, seed: number): Float64Array {
  const values = new Float64Array(count);
  let at = 0;
  fill(name, count, seed, (u) => values[at++] = u);
  return values;
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** Fills an array with `value(u)`, u uniform in [0, 1); float64 until it is stored. */
function fill(
  name: string,
  count: number,
  seed: number,
  value: (u: number) => number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  let state = fnv1a32(name) ^ seed;
  for (let i = 0; i < count; i++, state = (state + 0x9e3779b9) | 0) {
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    values[i] = value((x >>> 0) / 4294967296);
  }
  return values;
}

/** A float32 tensor of `shape` for the parameter `name`. */
export function seededTensor(name: string, shape: readonly number[], seed = 0): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  if (name.endsWith("running_var")) return fill(name, count, seed, (u) => 0.5 + u);
  if (name.endsWith("running_mean") || name.endsWith("bias")) {
    return fill(name, count, seed, (u) => (u - 0.5) * 0.2);
  }
  if (name.endsWith("weight") && shape.length === 1) return fill(name, count, seed, (u) => 0.8 + 0.4 * u);
  const fanIn = shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  const bound = Math.sqrt(6 / fanIn);
  return fill(name, count, seed, (u) => (2 * u - 1) * bound);
}

/** A picture [N, 3, H, W] in [0, 1], not normalised: noise around a colour that changes from left to right. */
export function seededImage(
  seed = 0,
  shape: readonly [number, number, number, number] = [1, 3, 224, 224],
): Float32Array<ArrayBuffer> {
  const width = shape[3];
  const count = shape[0] * shape[1] * shape[2] * width;
  let column = 0;
  return fill("image", count, seed, (u) => {
    const ramp = column / width;
    column = (column + 1) % width;
    return 0.5 * u + 0.5 * ramp;
  });
}

/** Normalises a picture [1, 3, H, W] channel by channel, each step rounded to float32 as PyTorch does. */
export function normalized(
  image: Float32Array,
  mean: readonly number[],
  std: readonly number[],
): Float32Array<ArrayBuffer> {
  const plane = image.length / 3;
  return Float32Array.from(image, (value, i) => {
    const channel = Math.floor(i / plane);
    return Math.fround(value - Math.fround(mean[channel]!)) / Math.fround(std[channel]!);
  });
}
