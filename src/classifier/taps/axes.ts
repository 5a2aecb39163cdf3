/**
 * What the axes of a value stand for: rows and columns of the image's grid, in one axis or in several, or something
 * else. A reshape splits and joins axes, and an attention in windows does so twice; so an axis is a product of factors,
 * the outermost first, and a factor knows how far apart its places lie on the grid.
 *
 * @module
 */
import { elementCount } from "../../graph/types.ts";

/** A factor of an axis. */
export interface Factor {
  /** How many places it has. */
  readonly size: number;
  /** What it counts; nothing known where left out. */
  readonly of?: "rows" | "columns" | "images";
  /** How far apart two neighbours lie, in rows or columns; 1 where it counts neither. */
  readonly step: number;
}

/** One axis of a value. */
export interface Axis {
  /** Places before the grid's: a class token, registers. */
  readonly before: number;
  /** Places after the grid's. */
  readonly after: number;
  /** Its factors, the outermost first; their sizes multiply to the places between. */
  readonly factors: readonly Factor[];
}

/** All axes of a value, the outermost first. */
export type Axes = readonly Axis[];

/** An axis of which nothing is known. */
export function plainAxis(size: number): Axis {
  return { before: 0, after: 0, factors: size === 1 ? [] : [{ size, step: 1 }] };
}

/** An axis of rows or of columns alone. */
export function gridAxis(of: "rows" | "columns", size: number, step = 1): Axis {
  return size === 1 ? plainAxis(1) : { before: 0, after: 0, factors: [{ size, of, step }] };
}

/** An axis of the images of a batch. */
export function imagesAxis(size: number): Axis {
  return size === 1 ? plainAxis(1) : { before: 0, after: 0, factors: [{ size, of: "images", step: 1 }] };
}

/** Axes of which nothing is known. */
export function plainAxes(shape: readonly number[]): Axis[] {
  return shape.map(plainAxis);
}

/** How many places an axis has. */
export function axisSize({ before, after, factors }: Axis): number {
  return before + gridPlaces({ factors }) + after;
}

/** How many places of an axis lie between those before and those after. */
function gridPlaces({ factors }: Pick<Axis, "factors">): number {
  return elementCount(factors.map(({ size }) => size));
}

/** Whether places of the grid lie along an axis. */
export function isOfGrid({ factors }: Axis): boolean {
  return factors.some(({ of }) => of === "rows" || of === "columns");
}

/** Rows or columns, if an axis has nothing else. */
export function onlyOf(axis: Axis): Factor & { of: "rows" | "columns" } | undefined {
  const { before, after, factors } = axis;
  const [only] = factors;
  const single = factors.length === 1 && before + after === 0 && isOfGrid(axis);
  return single ? only as Factor & { of: "rows" | "columns" } : undefined;
}

/** Neighbouring factors that count on in each other as one. */
function joined(factors: readonly Factor[]): Factor[] {
  const result: Factor[] = [];
  for (const factor of factors) {
    const outer = result.at(-1);
    const continues = outer !== undefined && outer.of === factor.of &&
      (factor.of === undefined || outer.step === factor.size * factor.step);
    if (continues) result[result.length - 1] = { ...factor, size: outer.size * factor.size };
    else result.push(factor);
  }
  return result;
}

/** Axes of a value in another shape, with its elements in the same order. */
export function reshapedAxes(axes: Axes, shape: readonly number[]): Axis[] {
  const result: Axis[] = [];
  let [from, to] = [0, 0];
  // The smallest runs of old and new axes that have as many elements.
  while (to < shape.length) {
    const [firstFrom, firstTo] = [from, to];
    let [old, made] = [1, shape[to++]!];
    while (old !== made) {
      if (old < made) {
        if (from >= axes.length) return plainAxes(shape);
        old *= axisSize(axes[from++]!);
      } else {
        if (to >= shape.length) return plainAxes(shape);
        made *= shape[to++]!;
      }
    }
    result.push(...regrouped(axes.slice(firstFrom, from), shape.slice(firstTo, to)));
  }
  return result;
}

/** The axes of one run in other sizes. */
function regrouped(axes: Axes, sizes: readonly number[]): Axis[] {
  const wide = axes.filter((axis) => axisSize(axis) !== 1);
  if (wide.length === 1 && sizes.filter((size) => size !== 1).length === 1) {
    return sizes.map((size) => size === 1 ? plainAxis(1) : wide[0]!);
  }
  if (wide.some(({ before, after }) => before + after > 0)) return plainAxes(sizes);
  const factors = wide.flatMap((axis) => axis.factors);
  const result: Axis[] = [];
  for (const size of sizes) {
    const own: Factor[] = [];
    let rest = size;
    while (rest > 1) {
      const factor = factors.shift()!;
      if (factor.size <= rest) {
        if (rest % factor.size !== 0) return plainAxes(sizes);
        own.push(factor);
        rest /= factor.size;
        continue;
      }
      if (factor.size % rest !== 0) return plainAxes(sizes);
      const inner = factor.size / rest;
      const step = factor.of === undefined ? 1 : factor.step * inner;
      own.push({ ...factor, size: rest, step });
      factors.unshift({ ...factor, size: inner });
      rest = 1;
    }
    result.push({ before: 0, after: 0, factors: joined(own) });
  }
  return result;
}

/** Axes of values that are broadcast together: what any of them knows. */
export function mergedAxes(values: readonly Axes[], shape: readonly number[]): Axis[] {
  return shape.map((size, i) => {
    const candidates = values.flatMap((axes) => {
      const axis = axes[i - shape.length + axes.length];
      return axis !== undefined && axisSize(axis) === size ? [axis] : [];
    });
    return candidates.find(isOfGrid) ?? candidates[0] ?? plainAxis(size);
  });
}

/** The places from `start` to before `end` of an axis. */
export function cutAxis(axis: Axis, start: number, end: number, step: number): Axis {
  const size = Math.max(0, Math.ceil((end - start) / step));
  const only = onlyOf(axis);
  if (only !== undefined && step > 0) return gridAxis(only.of, size, only.step * step);
  const { before, after, factors } = axis;
  const places = gridPlaces(axis);
  if (step !== 1 || !isOfGrid(axis) || start > before || end < before + places) return plainAxis(size);
  return { before: before - start, after: after - (before + places + after - end), factors };
}

/** Axes joined one after the other. */
export function joinedAxis(parts: readonly Axis[]): Axis {
  const size = parts.reduce((sum, part) => sum + axisSize(part), 0);
  const grids = parts.filter(isOfGrid);
  const only = grids[0] === undefined ? undefined : onlyOf(grids[0]);
  // Rows shifted around, or filled up with others.
  if (only !== undefined && grids.every((grid) => onlyOf(grid)?.of === only.of)) {
    return gridAxis(only.of, size, only.step);
  }
  if (grids.length !== 1) return plainAxis(size);
  const at = parts.indexOf(grids[0]!);
  const sum = (list: readonly Axis[]) => list.reduce((total, part) => total + axisSize(part), 0);
  return {
    before: sum(parts.slice(0, at)) + grids[0]!.before,
    after: grids[0]!.after + sum(parts.slice(at + 1)),
    factors: grids[0]!.factors,
  };
}

/** Where the places of a grid lie in a value. */
export interface GridPlaces {
  /** Number of channels. */
  readonly channels: number;
  /** Number of positions horizontally. */
  readonly width: number;
  /** Number of positions vertically. */
  readonly height: number;
  /** Stride between channels, in elements. */
  readonly channelStride: number;
  /** Place of each position's first channel, row by row, in elements. */
  readonly places: Int32Array;
}

/** The grid of the first image in a value with these axes, and its channels; `undefined` where it has no whole grid. */
export function gridPlacesOf(axes: Axes): GridPlaces | undefined {
  const found: (Factor & { readonly stride: number })[] = [];
  let [stride, offset] = [1, 0];
  for (const axis of axes.toReversed()) {
    if (!isOfGrid(axis) && axis.before + axis.after > 0) return undefined;
    // Positions that were flattened together with channels are none any more.
    if (isOfGrid(axis) && axis.factors.some(({ of }) => of === undefined)) return undefined;
    offset += axis.before * stride;
    let inner = stride;
    for (const factor of axis.factors.toReversed()) {
      found.push({ ...factor, stride: inner });
      inner *= factor.size;
    }
    stride *= axisSize(axis);
  }
  const [rows, columns] = [line(found, "rows"), line(found, "columns")];
  const rest = found.filter(({ of }) => of === undefined);
  if (rows === undefined || columns === undefined || rest.length > 1) return undefined;
  const [height, width] = [rows.length, columns.length];
  const places = new Int32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) places[y * width + x] = offset + rows[y]! + columns[x]!;
  }
  return { channels: rest[0]?.size ?? 1, channelStride: rest[0]?.stride ?? 1, width, height, places };
}

/** The place of each row (or column) of a grid, if its factors count them all, without a gap. */
function line(
  factors: readonly (Factor & { readonly stride: number })[],
  of: "rows" | "columns",
): number[] | undefined {
  const own = factors.filter((factor) => factor.of === of).sort((a, b) => a.step - b.step);
  if (own.length === 0) return undefined;
  let places = [0];
  let next = own[0]!.step;
  for (const { size, step, stride } of own) {
    if (step !== next) return undefined;
    next = step * size;
    const before = places;
    places = Array.from({ length: size }, (_, i) => before.map((place) => place + i * stride)).flat();
  }
  return places;
}
