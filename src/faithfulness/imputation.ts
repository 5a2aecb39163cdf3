/**
 * Noisy linear imputation (Rong et al., ICML 2022, section 5): a missing pixel is the weighted mean of its eight
 * neighbours, missing ones included, plus a little noise that hides the hole. multigrid.ts solves the system. This
 * module does not depend on why pixels are missing.
 *
 * @module
 */
import type { Generator } from "../random/generator.ts";
import { countPoints, type GridSystem } from "./grid_system.ts";
import { solveGrid } from "./multigrid.ts";

/** Weights of the neighbours times 12: adjacent 1/6, diagonal 1/12. */
const [ADJACENT, DIAGONAL] = [2, 1];

/** Maximum error of the solution. */
const TOLERANCE = 1e-6;

/**
 * Fills missing pixels by linear imputation, without noise. A missing pixel at the border takes the mean of the
 * neighbours that it has (their weights are scaled to sum to one).
 *
 * @param pixels `[3, height, width]`.
 * @param missing One value per pixel; not 0 where the pixel is missing.
 * @param width Pixels per row.
 * @param height Rows.
 * @returns A new image; pixels that are not missing are unchanged.
 * @throws {TypeError} When the sizes do not fit.
 * @throws {RangeError} When every pixel is missing.
 */
export function imputeLinear(
  pixels: Float32Array,
  missing: Uint8Array,
  width: number,
  height: number,
): Float32Array {
  const area = width * height;
  if (pixels.length !== 3 * area || missing.length !== area) {
    throw new TypeError(
      `Cannot impute: ${pixels.length} values and ${missing.length} marks for 3 x ${height} x ${width} pixels`,
    );
  }
  const out = pixels.slice();
  const stride = width + 2;
  const points = countPoints(width, height);
  // 0 outside the image, 1 known, 2 missing.
  const kind = new Uint8Array(points);
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const gone = missing[y * width + x] !== 0;
      kind[(y + 1) * stride + x + 1] = gone ? 2 : 1;
      if (gone) count++;
    }
  }
  if (count === 0) return out;
  if (count === area) throw new RangeError(`Cannot impute: all ${area} pixels are missing`);

  const system: GridSystem = {
    width,
    height,
    stride,
    unknowns: new Int32Array(count),
    diagonal: new Float64Array(points),
    east: new Float64Array(points),
    southWest: new Float64Array(points),
    south: new Float64Array(points),
    southEast: new Float64Array(points),
  };
  const right = new Float64Array(3 * points);
  const offsets = [1, -1, stride, -stride, stride + 1, stride - 1, -stride + 1, -stride - 1];
  let next = 0;
  for (let point = 0; point < points; point++) {
    if (kind[point] !== 2) continue;
    system.unknowns[next++] = point;
    for (let k = 0; k < 8; k++) {
      const neighbour = point + offsets[k]!;
      const weight = k < 4 ? ADJACENT : DIAGONAL;
      if (kind[neighbour] === 0) continue;
      system.diagonal[point]! += weight;
      if (kind[neighbour] === 1) {
        const y = Math.floor(neighbour / stride) - 1;
        const from = y * width + neighbour - (y + 1) * stride - 1;
        for (let colour = 0; colour < 3; colour++) {
          right[3 * point + colour]! += weight * pixels[colour * area + from]!;
        }
      }
    }
    if (kind[point + 1] === 2) system.east[point] = -ADJACENT;
    if (kind[point + stride - 1] === 2) system.southWest[point] = -DIAGONAL;
    if (kind[point + stride] === 2) system.south[point] = -ADJACENT;
    if (kind[point + stride + 1] === 2) system.southEast[point] = -DIAGONAL;
  }
  const { values } = solveGrid(system, right, TOLERANCE);
  for (const point of system.unknowns) {
    const y = Math.floor(point / stride) - 1;
    const to = y * width + point - (y + 1) * stride - 1;
    for (let colour = 0; colour < 3; colour++) out[colour * area + to] = values[3 * point + colour]!;
  }
  return out;
}

/**
 * Adds N(0, deviation²) to the missing pixels, in place. The result may leave [0, 1], as in the paper's program.
 *
 * @param deviation Standard deviation for each colour, in the unit of the pixels.
 */
export function addNoise(
  pixels: Float32Array,
  missing: Uint8Array,
  deviation: readonly [number, number, number],
  generator: Generator,
): void {
  const area = missing.length;
  for (let colour = 0; colour < 3; colour++) {
    for (let i = 0; i < area; i++) {
      if (missing[i] !== 0) pixels[colour * area + i]! += deviation[colour]! * generator.normal();
    }
  }
}
