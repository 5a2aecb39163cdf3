/**
 * In which order parts of an image are erased: the strongest of a map first, the weakest first, or at random. Each is a
 * map whose strongest pixels come first. Plain data: no page, no worker.
 *
 * @module
 */
import type { ValueMap } from "@ptame/ptame";
import { createErasure, erasedInput } from "./erasure.ts";

/** The orders. */
export const ORDERS = ["strongest", "weakest", "random"] as const;

/** One of them. */
export type Order = typeof ORDERS[number];

/** The share that one step erases. */
export const STEP = 0.1;

/** Steps of a curve: the whole image, and then a tenth less each time until nothing is left. */
export const STEPS = 10;

/** Random orders whose mean is drawn: a single one says more about its luck. */
const RANDOM_ORDERS = 3;

/** Cells along a side of a random order: what it erases hangs together as the parts of a map do. */
const CELLS = 7;

/** The map whose strongest pixels are erased first. */
export function orderMap(order: Order, map: ValueMap, random: () => number = Math.random): ValueMap {
  if (order === "strongest") return map;
  if (order === "weakest") return { ...map, values: map.values.map((value) => -value) };
  return randomMap(random);
}

/** Values at random on a coarse grid, bilinear between them. */
function randomMap(random: () => number): ValueMap {
  const corners = Float32Array.from({ length: (CELLS + 1) ** 2 }, random);
  const side = 8 * CELLS;
  const values = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [row, column] = [Math.floor(y / 8), Math.floor(x / 8)];
      const [down, across] = [y / 8 - row, x / 8 - column];
      const at = (r: number, c: number) => corners[(row + r) * (CELLS + 1) + column + c]!;
      const top = at(0, 0) + across * (at(0, 1) - at(0, 0));
      const bottom = at(1, 0) + across * (at(1, 1) - at(1, 0));
      values[y * side + x] = top + down * (bottom - top);
    }
  }
  return { width: side, height: side, values };
}

/** A class's probability after each step of an order. */
export interface Curve {
  readonly order: Order;
  /** `STEPS + 1` probabilities, from the whole image to none of it. */
  readonly probabilities: readonly number[];
}

/** What curves are measured on. */
export interface CurveRequest {
  readonly map: ValueMap;
  readonly index: number;
  /** The classifier's crop of the image. */
  readonly input: Float32Array;
  /** What erased pixels become; mean grey without it. */
  readonly filling: Float32Array | undefined;
  readonly classify: (pixels: Float32Array<ArrayBuffer>) => Promise<Float32Array>;
  readonly signal: AbortSignal;
}

/** Measures the three curves, one after the other; each is given when it is complete. */
export async function* measureCurves(request: CurveRequest): AsyncGenerator<Curve> {
  for (const order of ORDERS) {
    const runs: number[][] = [];
    for (let run = 0; run < (order === "random" ? RANDOM_ORDERS : 1); run++) {
      runs.push(await measureOne(request, orderMap(order, request.map, seeded(run + 1))));
    }
    const mean = (step: number) => runs.reduce((sum, run) => sum + run[step]!, 0) / runs.length;
    yield { order, probabilities: Array.from({ length: STEPS + 1 }, (_, step) => mean(step)) };
  }
}

async function measureOne(
  { input, index, filling, classify, signal }: CurveRequest,
  map: ValueMap,
): Promise<number[]> {
  const erasure = createErasure(Math.sqrt(input.length / 3));
  const found: number[] = [];
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) erasure.eraseStrongest(map, STEP);
    signal.throwIfAborted();
    found.push((await classify(erasedInput(input, erasure, filling)))[index]!);
  }
  return found;
}

/** The mean of a curve: the lower, the sooner what was erased was missed. */
export function curveMean({ probabilities }: Curve): number {
  return probabilities.reduce((sum, value) => sum + value, 0) / probabilities.length;
}

/** Numbers in [0, 1) that are the same at every visit (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
