/**
 * A case of a gradient test: a small graph of one operator (or a few) over random variables, whose gradient is
 * asked for with random seeds at its outputs.
 *
 * @module
 */
import { type Builder, createBuilder } from "../../../src/graph/builder.ts";
import { elementCount, type Graph, type Value } from "../../../src/graph/types.ts";
import { gradients } from "../../../src/gradient/backward.ts";
import type { GradientDevice } from "../../../src/gradient/rule.ts";

/** How a variable's numbers are drawn. */
export interface Draw {
  /** Between −1 and 1 by default. */
  readonly low?: number;
  readonly high?: number;
  /** Numbers that lie apart from each other, for maxima. */
  readonly apart?: boolean;
  /** Numbers that stay this far away from each of `kinks`. */
  readonly kinks?: readonly number[];
  /** A weight that is not differentiated: a constant of the graph. */
  readonly frozen?: boolean;
}

/** What a case builds with. */
export interface Trial {
  readonly b: Builder;
  /** A float32 input whose gradient is checked (or a constant, where `frozen`). */
  variable(shape: readonly number[], draw?: Draw): Value;
  /** An int64 input, not a constant. */
  indices(shape: readonly number[], values: readonly number[]): Value;
}

/** One case: gives the outputs that carry the objective. */
export type Case = (t: Trial) => Value | readonly Value[];

/** Cases by name; the name starts with the operator. */
export type Cases = Readonly<Record<string, Case>>;

/** A case's values in a graph, and its numbers. */
export interface Laid {
  readonly name: string;
  readonly variables: readonly Value[];
  readonly outputs: readonly Value[];
  /** Seed numbers per output. */
  readonly seeds: readonly Float64Array[];
}

/** Cases laid into one graph with the numbers to feed. */
export interface Assembled {
  readonly graph: Graph;
  readonly feeds: Record<string, Float64Array>;
  readonly types: Record<string, "float32" | "int64">;
  readonly cases: readonly Laid[];
}

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

function seedOf(name: string): number {
  let hash = 17;
  for (const char of name) hash = Math.imul(hash, 31) + char.charCodeAt(0) | 0;
  return hash;
}

/** Float32 numbers, so that all evaluations start from the same ones. */
function drawn(count: number, random: () => number, draw: Draw): Float64Array {
  const { low = -1, high = 1, kinks = [] } = draw;
  if (draw.apart) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return Float64Array.from(order, (rank) => Math.fround(low + (high - low) * (rank + 0.5) / count));
  }
  return Float64Array.from({ length: count }, () => {
    for (;;) {
      const value = Math.fround(low + (high - low) * random());
      if (kinks.every((kink) => Math.abs(value - kink) > 0.02)) return value;
    }
  });
}

/** Lays cases into one graph; with a device, their gradients too, as outputs `CASE/d0`, `CASE/d1`, … */
export function assemble(cases: Cases, device?: GradientDevice): Assembled {
  const b = createBuilder("cases");
  const feeds: Record<string, Float64Array> = {};
  const types: Record<string, "float32" | "int64"> = {};
  const laid = Object.entries(cases).map(([name, build]): Laid => {
    const random = generator(seedOf(name));
    const scoped = b.scope(`${name}/`);
    const variables: Value[] = [];
    let inputs = 0;
    const built = build({
      b: scoped,
      variable: (shape, draw = {}) => {
        const numbers = drawn(elementCount(shape), random, draw);
        if (draw.frozen) return scoped.constant("float32", shape, numbers);
        const value = b.input(`${name}/x${inputs++}`, "float32", shape);
        feeds[value.name] = numbers;
        types[value.name] = "float32";
        variables.push(value);
        return value;
      },
      indices: (shape, values) => {
        const value = b.input(`${name}/x${inputs++}`, "int64", shape);
        feeds[value.name] = Float64Array.from(values);
        types[value.name] = "int64";
        return value;
      },
    });
    const outputs = Array.isArray(built) ? built as Value[] : [built as Value];
    const seeds = outputs.map((value) => drawn(elementCount(value.shape), random, { low: -1, high: 1 }));
    if (device === undefined) outputs.forEach((value, i) => b.output(value, `${name}/y${i}`));
    else {
      const from = outputs.map((value, i) => ({
        value,
        seed: scoped.constant("float32", value.shape, seeds[i]!),
      }));
      gradients(b, from, variables, { device }).forEach((value, i) => b.output(value, `${name}/d${i}`));
    }
    return { name, variables, outputs, seeds };
  });
  return { graph: b.build(), feeds, types, cases: laid };
}
