/**
 * A sparse symmetric system on a pixel grid, in which every unknown pixel is coupled to its eight neighbours, and the
 * operations of multigrid.ts on it: sweeps, products, and the coarse system on every second point. The inner loops are
 * unrolled for three colours and eight neighbours, because an imputation spends its time there.
 *
 * @module
 */

/** Number of colours solved together; vectors interleave them: `3 * point + colour`. */
export const COLOURS = 3;

/**
 * A symmetric 9-point system on a grid. Points are numbered by rows of `stride`, with a border of one known point all
 * around, so that neighbours need no bounds checks.
 */
export interface GridSystem {
  /** Points per row without the border. */
  readonly width: number;
  /** Rows without the border. */
  readonly height: number;
  /** Points per row with the border: `width + 2`. */
  readonly stride: number;
  /** The unknown points, ascending. */
  readonly unknowns: Int32Array;
  /** Diagonal of the matrix by point; positive where unknown. */
  readonly diagonal: Float64Array;
  /** Entry between a point and its neighbour to the right; 0 unless both are unknown. The matrix is symmetric. */
  readonly east: Float64Array;
  /** Entry between a point and its neighbour below left. */
  readonly southWest: Float64Array;
  /** Entry between a point and its neighbour below. */
  readonly south: Float64Array;
  /** Entry between a point and its neighbour below right. */
  readonly southEast: Float64Array;
}

/** Number of points with the border. */
export function countPoints(width: number, height: number): number {
  return (width + 2) * (height + 2);
}

/** Points of the coarse grid along a side: enough that the last fine point lies between two of them, or on one. */
export function coarseSide(side: number): number {
  return (side >> 1) + 1;
}

/**
 * Pᵀ·A·P for the grid of every second point. Point 2k is its coarse point k; point 2k + 1 takes half of each of k
 * and k + 1. Known points take nothing, so a correction never moves them.
 */
export function coarsen(fine: GridSystem): GridSystem {
  const width = coarseSide(fine.width);
  const height = coarseSide(fine.height);
  const stride = width + 2;
  const count = countPoints(width, height);
  const diagonal = new Float64Array(count);
  const east = new Float64Array(count);
  const southWest = new Float64Array(count);
  const south = new Float64Array(count);
  const southEast = new Float64Array(count);
  // Entries by the offset of the second point from the first.
  const slots = new Map([[1, east], [stride - 1, southWest], [stride, south], [stride + 1, southEast]]);
  const [atEast, atSouthWest, atSouth, atSouthEast] = [1, stride - 1, stride, stride + 1];

  const parents = (x: number, y: number, points: Int32Array): number => {
    const first = ((y >> 1) + 1) * stride + (x >> 1) + 1;
    points[0] = first;
    if ((x & 1) === 0) {
      if ((y & 1) === 0) return 1;
      points[1] = first + stride;
      return 2;
    }
    points[1] = first + 1;
    if ((y & 1) === 0) return 2;
    points[2] = first + stride;
    points[3] = first + stride + 1;
    return 4;
  };
  const own = new Int32Array(4);
  const other = new Int32Array(4);
  const couple = (ownCount: number, x: number, y: number, entry: number): void => {
    if (entry === 0) return;
    const otherCount = parents(x, y, other);
    const share = entry / (ownCount * otherCount);
    for (let a = 0; a < ownCount; a++) {
      const from = own[a]!;
      for (let b = 0; b < otherCount; b++) {
        const to = other[b]!;
        const low = from < to ? from : to;
        switch (from < to ? to - from : from - to) {
          case 0:
            // Once for each of the two entries of the symmetric pair.
            diagonal[low]! += 2 * share;
            break;
          case atEast:
            east[low]! += share;
            break;
          case atSouthWest:
            southWest[low]! += share;
            break;
          case atSouth:
            south[low]! += share;
            break;
          case atSouthEast:
            southEast[low]! += share;
            break;
        }
      }
    }
  };

  for (let k = 0; k < fine.unknowns.length; k++) {
    const point = fine.unknowns[k]!;
    const y = Math.floor(point / fine.stride) - 1;
    const x = point % fine.stride - 1;
    const ownCount = parents(x, y, own);
    const share = fine.diagonal[point]! / (ownCount * ownCount);
    for (let a = 0; a < ownCount; a++) {
      diagonal[own[a]!]! += share;
      for (let b = a + 1; b < ownCount; b++) slots.get(own[b]! - own[a]!)![own[a]!]! += share;
    }
    couple(ownCount, x + 1, y, fine.east[point]!);
    couple(ownCount, x - 1, y + 1, fine.southWest[point]!);
    couple(ownCount, x, y + 1, fine.south[point]!);
    couple(ownCount, x + 1, y + 1, fine.southEast[point]!);
  }
  const unknowns: number[] = [];
  for (let point = 0; point < count; point++) if (diagonal[point]! > 0) unknowns.push(point);
  return {
    width,
    height,
    stride,
    unknowns: Int32Array.from(unknowns),
    diagonal,
    east,
    southWest,
    south,
    southEast,
  };
}

/**
 * One Gauss-Seidel sweep over the unknowns, forwards or backwards. `fresh` means that the solution was zero before the
 * sweep, so only the visited half contributes.
 */
export function sweep(
  system: GridSystem,
  solution: Float64Array,
  right: Float64Array,
  forwards: boolean,
  fresh: boolean,
): void {
  const { unknowns, stride, diagonal, east, southWest, south, southEast } = system;
  const count = unknowns.length;
  for (let k = 0; k < count; k++) {
    const i = unknowns[forwards ? k : count - 1 - k]!;
    const at = COLOURS * i;
    let red = right[at]!;
    let green = right[at + 1]!;
    let blue = right[at + 2]!;
    let entry = east[i - 1]!;
    let j = at - 3;
    red -= entry * solution[j]!;
    green -= entry * solution[j + 1]!;
    blue -= entry * solution[j + 2]!;
    entry = southEast[i - stride - 1]!;
    j = at - COLOURS * (stride + 1);
    red -= entry * solution[j]!;
    green -= entry * solution[j + 1]!;
    blue -= entry * solution[j + 2]!;
    entry = south[i - stride]!;
    j += 3;
    red -= entry * solution[j]!;
    green -= entry * solution[j + 1]!;
    blue -= entry * solution[j + 2]!;
    entry = southWest[i - stride + 1]!;
    j += 3;
    red -= entry * solution[j]!;
    green -= entry * solution[j + 1]!;
    blue -= entry * solution[j + 2]!;
    if (!fresh) {
      entry = east[i]!;
      j = at + 3;
      red -= entry * solution[j]!;
      green -= entry * solution[j + 1]!;
      blue -= entry * solution[j + 2]!;
      entry = southWest[i]!;
      j = at + COLOURS * (stride - 1);
      red -= entry * solution[j]!;
      green -= entry * solution[j + 1]!;
      blue -= entry * solution[j + 2]!;
      entry = south[i]!;
      j += 3;
      red -= entry * solution[j]!;
      green -= entry * solution[j + 1]!;
      blue -= entry * solution[j + 2]!;
      entry = southEast[i]!;
      j += 3;
      red -= entry * solution[j]!;
      green -= entry * solution[j + 1]!;
      blue -= entry * solution[j + 2]!;
    }
    const inverse = 1 / diagonal[i]!;
    solution[at] = red * inverse;
    solution[at + 1] = green * inverse;
    solution[at + 2] = blue * inverse;
  }
}

/**
 * The residual after a forward sweep from zero: that sweep solves the lower triangle exactly, so the residual is minus
 * the upper triangle times the solution.
 */
export function residualAfterFreshSweep(
  system: GridSystem,
  solution: Float64Array,
  residual: Float64Array,
): void {
  const { unknowns, stride, east, southWest, south, southEast } = system;
  for (let k = 0; k < unknowns.length; k++) {
    const i = unknowns[k]!;
    const at = COLOURS * i;
    const below = at + COLOURS * (stride - 1);
    const a = east[i]!;
    const b = southWest[i]!;
    const c = south[i]!;
    const d = southEast[i]!;
    residual[at] = -(a * solution[at + 3]! + b * solution[below]! + c * solution[below + 3]! +
      d * solution[below + 6]!);
    residual[at + 1] = -(a * solution[at + 4]! + b * solution[below + 1]! + c * solution[below + 4]! +
      d * solution[below + 7]!);
    residual[at + 2] = -(a * solution[at + 5]! + b * solution[below + 2]! + c * solution[below + 5]! +
      d * solution[below + 8]!);
  }
}

/** `out = A·x`; returns `x·out` for each colour. */
export function multiply(system: GridSystem, x: Float64Array, out: Float64Array): [number, number, number] {
  const { unknowns, stride, diagonal, east, southWest, south, southEast } = system;
  let [redDot, greenDot, blueDot] = [0, 0, 0];
  for (let k = 0; k < unknowns.length; k++) {
    const i = unknowns[k]!;
    const at = COLOURS * i;
    const centre = diagonal[i]!;
    let red = centre * x[at]!;
    let green = centre * x[at + 1]!;
    let blue = centre * x[at + 2]!;
    let j = at - COLOURS * (stride + 1);
    let entry = southEast[i - stride - 1]!;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = south[i - stride]!;
    j += 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = southWest[i - stride + 1]!;
    j += 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = east[i - 1]!;
    j = at - 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = east[i]!;
    j = at + 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = southWest[i]!;
    j = at + COLOURS * (stride - 1);
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = south[i]!;
    j += 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    entry = southEast[i]!;
    j += 3;
    red += entry * x[j]!;
    green += entry * x[j + 1]!;
    blue += entry * x[j + 2]!;
    out[at] = red;
    out[at + 1] = green;
    out[at + 2] = blue;
    redDot += red * x[at]!;
    greenDot += green * x[at + 1]!;
    blueDot += blue * x[at + 2]!;
  }
  return [redDot, greenDot, blueDot];
}
