/**
 * Solves the sparse symmetric systems of a pixel grid in which every unknown pixel is coupled to its eight neighbours:
 * conjugate gradients, preconditioned by one multigrid V-cycle. The coarse systems are Galerkin's (Pᵀ·A·P with bilinear
 * P, zero at known pixels), so holes of any shape converge in about as many steps, and 9-point stencils stay 9-point.
 * Three right-hand sides (the colours) are solved together. Independent of images and imputation.
 *
 * @module
 */
import {
  coarsen,
  coarseSide,
  COLOURS,
  countPoints,
  type GridSystem,
  multiply,
  residualAfterFreshSweep,
  sweep,
} from "./grid_system.ts";

/** A grid this small is solved by sweeping it. */
const COARSEST_SIDE = 4;

/** Holes of any shape took 5 to 8 cycles. */
const MOST_CYCLES = 50;

/** Sweeps, forth and back, on the coarsest grid. */
const COARSEST_SWEEPS = 8;

/** A system and the buffers of a cycle. */
interface Level {
  readonly system: GridSystem;
  /** By unknown: four times its first coarse point, plus 1 if its column is odd, plus 2 if its row is. */
  readonly parents: Int32Array;
  readonly solution: Float64Array;
  readonly right: Float64Array;
  readonly residual: Float64Array;
}

function createLevel(system: GridSystem): Level {
  const { width, height, stride, unknowns } = system;
  const length = COLOURS * countPoints(width, height);
  const coarseStride = coarseSide(width) + 2;
  return {
    system,
    parents: unknowns.map((point) => {
      const y = Math.floor(point / stride) - 1;
      const x = point % stride - 1;
      return 4 * (((y >> 1) + 1) * coarseStride + (x >> 1) + 1) + (x & 1) + 2 * (y & 1);
    }),
    solution: new Float64Array(length),
    right: new Float64Array(length),
    residual: new Float64Array(length),
  };
}

/** Coarse right-hand side: Pᵀ·residual. */
function restrict({ system, parents, residual }: Level, coarse: Level): void {
  const { unknowns } = system;
  const { right } = coarse;
  const below = COLOURS * coarse.system.stride;
  right.fill(0);
  for (let k = 0; k < unknowns.length; k++) {
    const at = COLOURS * unknowns[k]!;
    const parent = parents[k]!;
    const first = COLOURS * (parent >> 2);
    const [odd, oddRow] = [parent & 1, parent & 2];
    const weight = (odd === 0 ? 1 : 0.5) * (oddRow === 0 ? 1 : 0.5);
    const [red, green, blue] = [
      weight * residual[at]!,
      weight * residual[at + 1]!,
      weight * residual[at + 2]!,
    ];
    right[first]! += red;
    right[first + 1]! += green;
    right[first + 2]! += blue;
    if (odd !== 0) {
      right[first + 3]! += red;
      right[first + 4]! += green;
      right[first + 5]! += blue;
    }
    if (oddRow === 0) continue;
    right[first + below]! += red;
    right[first + below + 1]! += green;
    right[first + below + 2]! += blue;
    if (odd !== 0) {
      right[first + below + 3]! += red;
      right[first + below + 4]! += green;
      right[first + below + 5]! += blue;
    }
  }
}

/** Fine solution += P·coarse solution. */
function prolong(coarse: Level, { system, parents, solution }: Level): void {
  const { unknowns } = system;
  const from = coarse.solution;
  const stride = COLOURS * coarse.system.stride;
  for (let k = 0; k < unknowns.length; k++) {
    const at = COLOURS * unknowns[k]!;
    const parent = parents[k]!;
    // Where a coordinate is even, both of its parents are the same one.
    const a = COLOURS * (parent >> 2);
    const b = a + COLOURS * (parent & 1);
    const down = (parent & 2) === 0 ? 0 : stride;
    const [c, d] = [a + down, b + down];
    solution[at]! += 0.25 * (from[a]! + from[b]! + from[c]! + from[d]!);
    solution[at + 1]! += 0.25 * (from[a + 1]! + from[b + 1]! + from[c + 1]! + from[d + 1]!);
    solution[at + 2]! += 0.25 * (from[a + 2]! + from[b + 2]! + from[c + 2]! + from[d + 2]!);
  }
}

/** One V-cycle from zero: `levels[from].solution ≈ A⁻¹·levels[from].right`; a symmetric operator. */
function cycle(levels: readonly Level[], from: number): void {
  const level = levels[from]!;
  const { system, solution, right } = level;
  solution.fill(0);
  sweep(system, solution, right, true, true);
  const coarse = levels[from + 1];
  if (coarse === undefined) {
    sweep(system, solution, right, false, false);
    for (let i = 1; i < COARSEST_SWEEPS; i++) {
      sweep(system, solution, right, true, false);
      sweep(system, solution, right, false, false);
    }
    return;
  }
  residualAfterFreshSweep(system, solution, level.residual);
  restrict(level, coarse);
  cycle(levels, from + 1);
  prolong(coarse, level);
  sweep(system, solution, right, false, false);
}

/** `a·b` for each colour. */
function dot(unknowns: Int32Array, a: Float64Array, b: Float64Array): [number, number, number] {
  let [red, green, blue] = [0, 0, 0];
  for (let k = 0; k < unknowns.length; k++) {
    const point = unknowns[k]!;
    const at = COLOURS * point;
    red += a[at]! * b[at]!;
    green += a[at + 1]! * b[at + 1]!;
    blue += a[at + 2]! * b[at + 2]!;
  }
  return [red, green, blue];
}

/** Largest absolute value; NaN if there is one. */
function largest(unknowns: Int32Array, values: Float64Array): number {
  let worst = 0;
  for (let k = 0; k < unknowns.length; k++) {
    const point = unknowns[k]!;
    const at = COLOURS * point;
    worst = Math.max(worst, Math.abs(values[at]!), Math.abs(values[at + 1]!), Math.abs(values[at + 2]!));
  }
  return worst;
}

/** Quotients by colour; 0 for a colour that is already solved exactly. */
function ratios(
  above: readonly [number, number, number],
  below: readonly [number, number, number],
): [number, number, number] {
  const ratio = (colour: 0 | 1 | 2) => below[colour] > 0 ? above[colour] / below[colour] : 0;
  return [ratio(0), ratio(1), ratio(2)];
}

/** A solution and its statistics. */
export interface Solution {
  /** The unknowns by point, colours interleaved; 0 at known points. */
  readonly values: Float64Array;
  /** Number of cycles. */
  readonly cycles: number;
}

/**
 * Solves A·x = right for three right-hand sides.
 *
 * @param system A symmetric positive definite system.
 * @param right `3 * countPoints(width, height)` values, colours interleaved; read at unknowns only.
 * @param tolerance Largest error left, in the unit of x, as the last cycle estimates it.
 * @throws {RangeError} When that is not reached in 50 cycles: the system is not positive definite.
 */
export function solveGrid(system: GridSystem, right: Float64Array, tolerance: number): Solution {
  const levels = [createLevel(system)];
  for (let coarse = system; coarse.width > COARSEST_SIDE || coarse.height > COARSEST_SIDE;) {
    coarse = coarsen(coarse);
    levels.push(createLevel(coarse));
  }
  const { unknowns } = system;
  const top = levels[0]!;
  const estimate = top.solution;
  const residual = top.right;
  const values = new Float64Array(right.length);
  const direction = new Float64Array(right.length);
  const product = new Float64Array(right.length);
  for (let k = 0; k < unknowns.length; k++) {
    const point = unknowns[k]!;
    for (let at = COLOURS * point; at < COLOURS * (point + 1); at++) residual[at] = right[at]!;
  }
  // Estimate times residual of the cycle before, by colour.
  let last: readonly [number, number, number] = [Infinity, Infinity, Infinity];
  for (let cycles = 1; cycles <= MOST_CYCLES; cycles++) {
    // The preconditioned residual is an estimate of the error itself.
    cycle(levels, 0);
    const now = dot(unknowns, estimate, residual);
    if (largest(unknowns, estimate) <= tolerance) {
      for (let k = 0; k < unknowns.length; k++) {
        const point = unknowns[k]!;
        for (let at = COLOURS * point; at < COLOURS * (point + 1); at++) values[at]! += estimate[at]!;
      }
      return { values, cycles };
    }
    const keep = ratios(now, last);
    for (let k = 0; k < unknowns.length; k++) {
      const point = unknowns[k]!;
      const at = COLOURS * point;
      direction[at] = estimate[at]! + keep[0] * direction[at]!;
      direction[at + 1] = estimate[at + 1]! + keep[1] * direction[at + 1]!;
      direction[at + 2] = estimate[at + 2]! + keep[2] * direction[at + 2]!;
    }
    const step = ratios(now, multiply(system, direction, product));
    for (let k = 0; k < unknowns.length; k++) {
      const point = unknowns[k]!;
      const at = COLOURS * point;
      values[at]! += step[0] * direction[at]!;
      values[at + 1]! += step[1] * direction[at + 1]!;
      values[at + 2]! += step[2] * direction[at + 2]!;
      residual[at]! -= step[0] * product[at]!;
      residual[at + 1]! -= step[1] * product[at + 1]!;
      residual[at + 2]! -= step[2] * product[at + 2]!;
    }
    last = now;
  }
  throw new RangeError(
    `Cannot solve a grid of ${unknowns.length} unknowns to ${tolerance}: is it positive definite?`,
  );
}
