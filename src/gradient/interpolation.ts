/**
 * Interpolation along one axis as a matrix: what ONNX's Resize computes, in numbers.
 *
 * @module
 */

/** How an axis is interpolated, in Resize's own words. */
export interface InterpolationOptions {
  /** "linear", "nearest" or "cubic". */
  readonly mode: string;
  /** Resize's `coordinate_transformation_mode`; "half_pixel" by default. */
  readonly coordinates?: string;
  /** Resize's `nearest_mode`; "round_prefer_floor" by default. */
  readonly nearest?: string;
  /** Resize's `cubic_coeff_a`; −0.75 by default. */
  readonly cubicCoefficient?: number;
  /** Cubic only: cells beyond the border get weight 0, and the other weights are scaled to a sum of 1. */
  readonly excludeOutside?: boolean;
  /** Factor that coordinates are divided by; `to / from` by default. */
  readonly scale?: number;
}

/**
 * The matrix [to, from] in C order whose rows weigh the cells of an axis of length `from`.
 *
 * @throws {TypeError} When a mode is not known.
 */
export function interpolationMatrix(from: number, to: number, options: InterpolationOptions): Float64Array {
  const scale = options.scale ?? to / from;
  const matrix = new Float64Array(to * from);
  for (let q = 0; q < to; q++) {
    const at = sourceCoordinate(q, from, to, scale, options.coordinates ?? "half_pixel");
    for (const [cell, weight] of weightsAt(at, options, from)) {
      // Beyond the border the outermost cell is repeated.
      const index = q * from + Math.min(Math.max(cell, 0), from - 1);
      matrix[index] = matrix[index]! + weight;
    }
  }
  return matrix;
}

function sourceCoordinate(q: number, from: number, to: number, scale: number, mode: string): number {
  switch (mode) {
    case "half_pixel":
      return (q + 0.5) / scale - 0.5;
    case "pytorch_half_pixel":
      return to > 1 ? (q + 0.5) / scale - 0.5 : 0;
    case "asymmetric":
      return q / scale;
    case "align_corners":
      return to > 1 ? q * (from - 1) / (to - 1) : 0;
    default:
      throw new TypeError(`coordinate_transformation_mode ${mode} is not supported`);
  }
}

/** Cells (possibly beyond the border) and their weights at a coordinate. */
function weightsAt(at: number, options: InterpolationOptions, from: number): [number, number][] {
  const low = Math.floor(at);
  const part = at - low;
  switch (options.mode) {
    case "nearest":
      return [[nearestCell(at, options.nearest ?? "round_prefer_floor"), 1]];
    case "linear":
      return [[low, 1 - part], [low + 1, part]];
    case "cubic": {
      const a = options.cubicCoefficient ?? -0.75;
      const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
      const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
      const all: [number, number][] = [
        [low - 1, far(1 + part)],
        [low, near(part)],
        [low + 1, near(1 - part)],
        [low + 2, far(2 - part)],
      ];
      if (!options.excludeOutside) return all;
      const inside = all.filter(([cell]) => cell >= 0 && cell < from);
      const total = inside.reduce((sum, [, weight]) => sum + weight, 0);
      return inside.map(([cell, weight]) => [cell, weight / total]);
    }
    default:
      throw new TypeError(`mode ${options.mode} is not supported`);
  }
}

function nearestCell(at: number, mode: string): number {
  switch (mode) {
    case "round_prefer_floor":
      return Math.ceil(at - 0.5);
    case "round_prefer_ceil":
      return Math.floor(at + 0.5);
    case "floor":
      return Math.floor(at);
    case "ceil":
      return Math.ceil(at);
    default:
      throw new TypeError(`nearest_mode ${mode} is not supported`);
  }
}
