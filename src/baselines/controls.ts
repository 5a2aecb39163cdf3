/**
 * Maps that ignore the classifier. A method that does not beat them explains nothing.
 *
 * @module
 */
import { edgeMap } from "../image/edges.ts";
import { createGenerator } from "../random/generator.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import { imageSides } from "../image/side.ts";

/** Resolution of the control maps: that of P-TAME's own. */
const SIDE = 56;

/** A seed from an image, so that its random map does not depend on earlier images. */
function hashPixels(pixels: Float32Array): number {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word ^ word >>> 15, 0x01000193);
  return hash >>> 0;
}

/** Independent uniform values in [0, 1); the same image and seed give the same map. */
export function randomMap(seed = 0): MapMethod {
  return ({ pixels }) => {
    const generator = createGenerator(hashPixels(pixels) + seed * 2 ** 32);
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
 * Edges: the length of Sobel's gradient of the grey image, averaged down to 56 × 56, from 0 to 1. An image
 * without edges gives a map of zeros.
 */
export function edgeMagnitude(): MapMethod {
  return ({ pixels, width }) =>
    Promise.resolve({ width: SIDE, height: SIDE, values: edgeMap(pixels, imageSides(pixels, width), SIDE) });
}

/** The three controls by the names that reports use. */
export function controls(seed = 0): Record<"random" | "gaussian" | "edges", MapMethod> {
  return { random: randomMap(seed), gaussian: centredGaussian(), edges: edgeMagnitude() };
}
