/**
 * Smooth masks of extremal perturbations: a coarse grid of parameters, enlarged by a smooth max-convolution, so that a
 * mask can be flat at 0 and at 1 and yet has no sharp edge.
 *
 *     m(u) = smax_v k(u − v)·p(v) / smax_v k(u − v),   k(d) = exp(−max(0, |d| − 1)² / 4)
 *     smax f = Σ f·exp(f/T) / Σ exp(f/T),   T = 1/20
 *
 * Distances are in steps of the grid. The divisor is ours: where all parameters are 1, the whole image is shown, also at
 * its border, where there are fewer parameters.
 *
 * @module
 */

/** Parameters along a side: a step of 7 pixels in an image of 224. */
export const GRID = 32;
/** Mask values along a side for each parameter. */
const FINER = 2;
/** Values of the mask along a side. */
export const MASK = GRID * FINER;
/** Temperature of the smooth maximum. */
const TEMPERATURE = 1 / 20;
/** Beyond this distance the kernel is below 2 %. */
const REACH = 5;

/** A parameter that reaches a mask value, and the kernel between them. */
interface Reached {
  /** Where the neighbours of each mask value begin; one more entry than values. */
  readonly starts: Int32Array;
  /** Indices of parameters. */
  readonly parameters: Int32Array;
  /** k of each. */
  readonly kernel: Float64Array;
  /** For each mask value, the smooth maximum of its kernel. */
  readonly most: Float64Array;
}

let known: Reached | undefined;

/** The neighbours of all mask values; the same for every mask. */
function neighbours(): Reached {
  if (known !== undefined) return known;
  const starts = new Int32Array(MASK * MASK + 1);
  const parameters: number[] = [];
  const kernel: number[] = [];
  for (let u = 0; u < MASK * MASK; u++) {
    const [x, y] = [(u % MASK + 0.5) / FINER - 0.5, (Math.floor(u / MASK) + 0.5) / FINER - 0.5];
    for (let row = Math.max(0, Math.ceil(y - REACH)); row < GRID && row <= y + REACH; row++) {
      for (let column = Math.max(0, Math.ceil(x - REACH)); column < GRID && column <= x + REACH; column++) {
        const distance = Math.hypot(column - x, row - y);
        if (distance > REACH) continue;
        parameters.push(row * GRID + column);
        kernel.push(Math.exp(-(Math.max(0, distance - 1) ** 2) / 4));
      }
    }
    starts[u + 1] = parameters.length;
  }
  const most = Float64Array.from({ length: MASK * MASK }, (_, u) => {
    let [sum, total] = [0, 0];
    for (let at = starts[u]!; at < starts[u + 1]!; at++) {
      const weight = Math.exp(kernel[at]! / TEMPERATURE);
      sum += kernel[at]! * weight;
      total += weight;
    }
    return sum / total;
  });
  return known = {
    starts,
    parameters: Int32Array.from(parameters),
    kernel: Float64Array.from(kernel),
    most,
  };
}

/** A mask, and how it changes with its parameters. */
export interface SmoothMask {
  /** m [MASK · MASK]: from 0 to 1, or a hundredth more where a smooth maximum exceeds that of all ones. */
  readonly values: Float64Array;
  /**
   * The gradient of p, from that of m. For each value it is k·w·(1 + (f − smax f)/T) / smax k, where f = k·p and w is
   * the softmax of f/T.
   */
  gradient(ofMask: Float64Array): Float64Array;
}

/** The mask of parameters p [GRID · GRID] in [0, 1]. */
export function smoothMask(p: Float64Array): SmoothMask {
  const { starts, parameters, kernel, most } = neighbours();
  const weights = new Float64Array(kernel.length);
  const values = new Float64Array(MASK * MASK);
  for (let u = 0; u < values.length; u++) {
    const [from, to] = [starts[u]!, starts[u + 1]!];
    let [sum, total] = [0, 0];
    for (let at = from; at < to; at++) {
      const f = kernel[at]! * p[parameters[at]!]!;
      const weight = Math.exp(f / TEMPERATURE);
      weights[at] = weight;
      sum += f * weight;
      total += weight;
    }
    for (let at = from; at < to; at++) weights[at]! /= total;
    values[u] = sum / total / most[u]!;
  }
  return { values, gradient: (ofMask) => transposed(p, values, weights, ofMask) };
}

function transposed(
  p: Float64Array,
  m: Float64Array,
  weights: Float64Array,
  ofMask: Float64Array,
): Float64Array {
  const { starts, parameters, kernel, most } = neighbours();
  const result = new Float64Array(p.length);
  for (let u = 0; u < m.length; u++) {
    const [smax, slope] = [m[u]! * most[u]!, ofMask[u]! / most[u]!];
    for (let at = starts[u]!; at < starts[u + 1]!; at++) {
      const away = kernel[at]! * p[parameters[at]!]! - smax;
      result[parameters[at]!]! += slope * kernel[at]! * weights[at]! * (1 + away / TEMPERATURE);
    }
  }
  return result;
}

/** Values this close are equal but for rounding. */
const EQUAL = 1e-9;

/**
 * The gradient of the area constraint: sorted, the values shall be zeros and then a share `area` of ones.
 *
 *     R = mean (vecsort(m) − r)²,   r = 0 … 0 1 … 1
 *
 * Equal values share what r asks of them, so that the order of pixels decides nothing.
 *
 * @param m Values of a mask.
 * @returns ∂R/∂m.
 */
export function areaGradient(m: Float64Array, area: number): Float64Array {
  const order = Array.from(m.keys()).sort((a, b) => m[a]! - m[b]!);
  const zeros = Math.round((1 - area) * m.length);
  const gradient = new Float64Array(m.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && m[order[to]!]! - m[order[from]!]! < EQUAL) to++;
    const wanted = Math.max(0, to - Math.max(from, zeros)) / (to - from);
    for (let at = from; at < to; at++) gradient[order[at]!] = 2 * (m[order[at]!]! - wanted) / m.length;
    from = to;
  }
  return gradient;
}
