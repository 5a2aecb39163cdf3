/**
 * Maps that know nothing of the classifier. A method that does not beat them explains nothing.
 *
 * @module
 */
import { createGenerator } from "../random/generator.ts";
import { type MapMethod, sideOf } from "../faithfulness/types.ts";

/** Resolution of the control maps: that of P-TAME's own. */
const SIDE = 56;

/** A number from a picture, so that its random map does not depend on which pictures came before. */
function hashOf(pixels: Float32Array): number {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word ^ word >>> 15, 0x01000193);
  return hash >>> 0;
}

/** Independent uniform values in [0, 1); the same picture and seed give the same map. */
export function randomMap(seed = 0): MapMethod {
  return (pixels) => {
    const generator = createGenerator(hashOf(pixels) + seed * 2 ** 32);
    const values = Float32Array.from({ length: SIDE * SIDE }, () => generator.uniform());
    return Promise.resolve({ width: SIDE, height: SIDE, values });
  };
}

/** A Gaussian in the middle, from 1 at the centre to 0 in the corners; sigma is a quarter of the side. */
export function centredGaussian(): MapMethod {
  const middle = (SIDE - 1) / 2;
  const at = (x: number, y: number) =>
    Math.exp(-0.5 * ((x - middle) ** 2 + (y - middle) ** 2) / (SIDE / 4) ** 2);
  const [low, high] = [at(0, 0), at(Math.floor(middle), Math.floor(middle))];
  const map = Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => (at(i % SIDE, Math.floor(i / SIDE)) - low) / (high - low),
  );
  return () => Promise.resolve({ width: SIDE, height: SIDE, values: map.slice() });
}

/**
 * Edges: the length of Sobel's gradient of the grey picture, averaged down to 56 × 56, from 0 to 1. A picture
 * without edges gives a map of zeros.
 */
export function edgeMagnitude(): MapMethod {
  return (pixels) => {
    const side = sideOf(pixels);
    const area = side * side;
    const grey = Float32Array.from(
      { length: area },
      (_, i) => 0.299 * pixels[i]! + 0.587 * pixels[area + i]! + 0.114 * pixels[2 * area + i]!,
    );
    const inside = (at: number) => Math.min(side - 1, Math.max(0, at));
    const value = (x: number, y: number) => grey[inside(y) * side + inside(x)]!;
    const sums = new Float64Array(SIDE * SIDE);
    const counts = new Float64Array(SIDE * SIDE);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const across = value(x + 1, y - 1) + 2 * value(x + 1, y) + value(x + 1, y + 1) -
          value(x - 1, y - 1) - 2 * value(x - 1, y) - value(x - 1, y + 1);
        const down = value(x - 1, y + 1) + 2 * value(x, y + 1) + value(x + 1, y + 1) -
          value(x - 1, y - 1) - 2 * value(x, y - 1) - value(x + 1, y - 1);
        const cell = Math.floor(y * SIDE / side) * SIDE + Math.floor(x * SIDE / side);
        sums[cell]! += Math.hypot(across, down);
        counts[cell]!++;
      }
    }
    const means = sums.map((sum, i) => sum / Math.max(1, counts[i]!));
    const [low, high] = [Math.min(...means), Math.max(...means)];
    const values = Float32Array.from(means, (mean) => (mean - low) / Math.max(high - low, 1e-8));
    return Promise.resolve({ width: SIDE, height: SIDE, values });
  };
}

/** The three controls by the names that reports use. */
export function controls(seed = 0): Record<"random" | "gaussian" | "edges", MapMethod> {
  return { random: randomMap(seed), gaussian: centredGaussian(), edges: edgeMagnitude() };
}
