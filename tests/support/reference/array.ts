/**
 * Dense float64 arrays and the loops that the reference interpreter is made of: naive on purpose, independent of
 * src/gradient.
 *
 * @module
 */

/** Numbers in C order with their shape; whole numbers and truth values are numbers too. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Product of dimensions. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Zeros. */
export function empty(shape: readonly number[]): NdArray {
  return { shape, data: new Float64Array(count(shape)) };
}

/** Fills an array from its multi-index. */
export function build(shape: readonly number[], value: (index: readonly number[]) => number): NdArray {
  const result = empty(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < result.data.length; at++) {
    result.data[at] = value(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}

/** Offset of a multi-index; dimensions of size 1 repeat, as in broadcasting, and leading axes are dropped. */
export function offset(shape: readonly number[], index: readonly number[]): number {
  const lead = index.length - shape.length;
  let at = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    at = at * shape[axis]! + (shape[axis] === 1 ? 0 : index[axis + lead]!);
  }
  return at;
}

/** Element at a multi-index, with broadcasting. */
export function element(array: NdArray, index: readonly number[]): number {
  return array.data[offset(array.shape, index)]!;
}

/** Shape that the shapes broadcast to. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from(
    { length: rank },
    (_, i) => shapes.reduce((size, shape) => Math.max(size, shape[i - rank + shape.length] ?? 1), 1),
  );
}

/** Applies a function to all elements, with broadcasting. */
export function map(arrays: readonly NdArray[], f: (...values: number[]) => number): NdArray {
  return build(
    broadcastShape(arrays.map((array) => array.shape)),
    (index) => f(...arrays.map((array) => element(array, index))),
  );
}

/** A possibly negative axis as one in [0, rank). */
export function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Folds elements along some axes, which stay as size 1. */
export function fold(
  array: NdArray,
  axes: readonly number[],
  start: number,
  step: (total: number, value: number) => number,
): NdArray {
  const shape = array.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const result = empty(shape);
  result.data.fill(start);
  build(array.shape, (index) => {
    const at = offset(shape, index);
    result.data[at] = step(result.data[at]!, element(array, index));
    return 0;
  });
  return result;
}

/** The same data in another shape. */
export function reshape(array: NdArray, shape: readonly number[]): NdArray {
  if (count(shape) !== array.data.length) throw new Error(`Cannot reshape [${array.shape}] to [${shape}]`);
  return { shape, data: array.data };
}

/** Erf to double precision: its series near zero, a continued fraction of erfc beyond. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 100; n++) {
      term *= -a * a / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * 2 / Math.sqrt(Math.PI) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = (n / 2) / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}
