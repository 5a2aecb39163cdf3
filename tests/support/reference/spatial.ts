/**
 * Convolutions, pooling, interpolation and sampling of the reference interpreter, cell by cell from their definitions.
 *
 * @module
 */
import { build, count, element, empty, type NdArray, offset } from "./array.ts";
import type { Context } from "./mod.ts";

interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

function geometry(c: Context, spatial: readonly number[], kernel: readonly number[]): Geometry {
  const ones = kernel.map(() => 1);
  const strides = c.ints("strides") ?? ones;
  const dilations = c.ints("dilations") ?? ones;
  const auto = c.text("auto_pad", "NOTSET");
  let pads = c.ints("pads") ?? [...kernel, ...kernel].map(() => 0);
  if (auto.startsWith("SAME")) {
    const totals = kernel.map((size, i) =>
      Math.max(
        0,
        (Math.ceil(spatial[i]! / strides[i]!) - 1) * strides[i]! + (size - 1) * dilations[i]! + 1 -
          spatial[i]!,
      )
    );
    const [less, more] = [totals.map((t) => Math.floor(t / 2)), totals.map((t) => Math.ceil(t / 2))];
    pads = auto === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
  }
  return { kernel, strides, dilations, pads };
}

/** Calls `visit` for each kernel cell with the input position it reads for output position `out`. */
function visitWindow(
  g: Geometry,
  out: readonly number[],
  visit: (cell: readonly number[], at: readonly number[]) => void,
): void {
  for (const cell of cellsOfKernel(g.kernel)) {
    visit(cell, cell.map((k, i) => out[i]! * g.strides[i]! - g.pads[i]! + k * g.dilations[i]!));
  }
}

const kernelCells = new Map<string, readonly (readonly number[])[]>();

function cellsOfKernel(kernel: readonly number[]): readonly (readonly number[])[] {
  const key = kernel.join();
  let cells = kernelCells.get(key);
  if (cells === undefined) {
    cells = kernel.reduce<number[][]>(
      (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, k) => [...cell, k])),
      [[]],
    );
    kernelCells.set(key, cells);
  }
  return cells;
}

/** Offset of a position in the plane of this number. */
function within(at: readonly number[], spatial: readonly number[], plane: number): number {
  let result = plane;
  for (let i = 0; i < at.length; i++) result = result * spatial[i]! + at[i]!;
  return result;
}

function inside(at: readonly number[], spatial: readonly number[]): boolean {
  return at.every((p, i) => p >= 0 && p < spatial[i]!);
}

export function conv(c: Context): NdArray {
  const [x, w, bias] = [c.input(0), c.input(1), c.optional(2)];
  const group = c.int("group", 1);
  const perGroup = w.shape[0]! / group;
  const spatial = x.shape.slice(2);
  const g = geometry(c, spatial, w.shape.slice(2));
  return build(c.outputShape, (index) => {
    const [n, o] = [index[0]!, index[1]!];
    let sum = bias === undefined ? 0 : bias.data[o]!;
    visitWindow(g, index.slice(2), (cell, at) => {
      if (!inside(at, spatial)) return;
      for (let i = 0; i < w.shape[1]!; i++) {
        const channel = Math.floor(o / perGroup) * w.shape[1]! + i;
        const from = within(at, spatial, n * x.shape[1]! + channel);
        sum += x.data[from]! * w.data[within(cell, g.kernel, o * w.shape[1]! + i)]!;
      }
    });
    return sum;
  });
}

export function convTranspose(c: Context): NdArray {
  const [x, w, bias] = [c.input(0), c.input(1), c.optional(2)];
  const group = c.int("group", 1);
  const perGroup = x.shape[1]! / group;
  const g = geometry(c, x.shape.slice(2), w.shape.slice(2));
  const y = empty(c.outputShape);
  if (bias !== undefined) build(y.shape, (index) => y.data[offset(y.shape, index)] = bias.data[index[1]!]!);
  build(x.shape, (index) => {
    const [n, i] = [index[0]!, index[1]!];
    const value = element(x, index);
    visitWindow(g, index.slice(2), (cell, at) => {
      if (!inside(at, y.shape.slice(2))) return;
      for (let o = 0; o < w.shape[1]!; o++) {
        const to = offset(y.shape, [n, Math.floor(i / perGroup) * w.shape[1]! + o, ...at]);
        y.data[to] = y.data[to]! + value * element(w, [i, o, ...cell]);
      }
    });
    return 0;
  });
  return y;
}

/** Max pooling with the flat indices of the first maxima. */
export function maxPool(c: Context): NdArray[] {
  const x = c.input(0);
  const g = geometry(c, x.shape.slice(2), c.ints("kernel_shape")!);
  const indices = empty(c.outputShape);
  const y = build(c.outputShape, (index) => {
    let best = -Infinity;
    let where = -1;
    visitWindow(g, index.slice(2), (_, at) => {
      if (!inside(at, x.shape.slice(2))) return;
      const from = offset(x.shape, [index[0]!, index[1]!, ...at]);
      if (x.data[from]! > best) [best, where] = [x.data[from]!, from];
    });
    indices.data[offset(c.outputShape, index)] = where;
    return best;
  });
  return [y, indices];
}

export function averagePool(c: Context): NdArray {
  const x = c.input(0);
  const spatial = x.shape.slice(2);
  const g = geometry(c, spatial, c.ints("kernel_shape")!);
  const includePad = c.int("count_include_pad", 0) === 1;
  return build(c.outputShape, (index) => {
    let sum = 0;
    let cells = 0;
    visitWindow(g, index.slice(2), (_, at) => {
      const real = inside(at, spatial);
      if (real) sum += element(x, [index[0]!, index[1]!, ...at]);
      const padding = at.every((p, i) => p >= -g.pads[i]! && p < spatial[i]! + g.pads[i + spatial.length]!);
      if (real || (includePad && padding)) cells++;
    });
    return sum / cells;
  });
}

/** Interpolates one axis after the other. */
export function resize(c: Context): NdArray {
  let x = c.input(0);
  const scales = c.optional(2);
  for (let axis = 0; axis < x.shape.length; axis++) {
    const [from, to] = [x.shape[axis]!, c.outputShape[axis]!];
    const scale = scales !== undefined && scales.data.length > 0 ? scales.data[axis]! : to / from;
    if (from === to && scale === 1) continue;
    const source = x;
    const shape = x.shape.map((size, i) => (i === axis ? to : size));
    const cell = (index: readonly number[], at: number) =>
      element(source, index.map((p, i) => (i === axis ? Math.min(Math.max(at, 0), from - 1) : p)));
    x = build(shape, (index) => {
      const at = coordinate(
        c.text("coordinate_transformation_mode", "half_pixel"),
        index[axis]!,
        from,
        to,
        scale,
      );
      const low = Math.floor(at);
      const t = at - low;
      switch (c.text("mode", "nearest")) {
        case "linear":
          return cell(index, low) * (1 - t) + cell(index, low + 1) * t;
        case "cubic": {
          const a = c.float("cubic_coeff_a", -0.75);
          const kernel = (d: number) =>
            Math.abs(d) <= 1
              ? (a + 2) * Math.abs(d) ** 3 - (a + 3) * d * d + 1
              : a * Math.abs(d) ** 3 - 5 * a * d * d + 8 * a * Math.abs(d) - 4 * a;
          const cells = [-1, 0, 1, 2].filter((k) =>
            c.int("exclude_outside", 0) === 0 || (low + k >= 0 && low + k < from)
          );
          const total = cells.reduce((sum, k) => sum + kernel(k - t), 0);
          return cells.reduce((sum, k) => sum + cell(index, low + k) * kernel(k - t) / total, 0);
        }
        default: {
          const mode = c.text("nearest_mode", "round_prefer_floor");
          if (mode === "floor") return cell(index, low);
          if (mode === "ceil") return cell(index, Math.ceil(at));
          const up = mode === "round_prefer_ceil" ? t >= 0.5 : t > 0.5;
          return cell(index, up ? low + 1 : low);
        }
      }
    });
  }
  return x;
}

function coordinate(mode: string, q: number, from: number, to: number, scale: number): number {
  if (mode === "align_corners") return to === 1 ? 0 : q * (from - 1) / (to - 1);
  if (mode === "asymmetric") return q / scale;
  if (mode === "pytorch_half_pixel" && to === 1) return 0;
  return (q + 0.5) / scale - 0.5;
}

/** Reads the image at the grid's locations, each a weighted sum of the cells around it. */
export function gridSample(c: Context): NdArray {
  const [x, grid] = [c.input(0), c.input(1)];
  const aligned = c.int("align_corners", 0) === 1;
  const padding = c.text("padding_mode", "zeros");
  const nearest = c.text("mode", "bilinear") === "nearest";
  /** A location or a cell, brought to the image where the padding says so. */
  const brought = (at: number, size: number): number => {
    if (padding === "border") return Math.min(Math.max(at, 0), size - 1);
    if (padding === "zeros") return at;
    const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
    if (low === high) return low;
    let result = at;
    while (result < low || result > high) result = 2 * (result < low ? low : high) - result;
    return result;
  };
  const readAt = (number: number, size: number): [cell: number, weight: number][] => {
    const at = aligned ? (number + 1) / 2 * (size - 1) : ((number + 1) * size - 1) / 2;
    if (nearest) {
      const low = Math.floor(at);
      const up = at - low > 0.5 || (at - low === 0.5 && low % 2 !== 0);
      return [[brought(up ? low + 1 : low, size), 1]];
    }
    const location = brought(at, size);
    const low = Math.floor(location);
    return [[brought(low, size), low + 1 - location], [brought(low + 1, size), location - low]];
  };
  return build(c.outputShape, ([n, channel, row, column]) => {
    let sum = 0;
    for (const [i, u] of readAt(element(grid, [n!, row!, column!, 1]), x.shape[2]!)) {
      for (const [j, v] of readAt(element(grid, [n!, row!, column!, 0]), x.shape[3]!)) {
        if (inside([i, j], x.shape.slice(2))) sum += u * v * element(x, [n!, channel!, i, j]);
      }
    }
    return sum;
  });
}

/** Number of spatial cells of an [N, C, …] array. */
export function cellsOf(x: NdArray): number {
  return count(x.shape.slice(2));
}
