/**
 * Rebuilds a graph that was exported for a fixed batch (mostly one image) for another one. Shapes are written into
 * such a file as constants; what they would have been is found from where the batch lies.
 *
 * The graph is walked twice: for its own batch, which says what each node is given there, and for the wanted one. The
 * first walk's shapes tell on which axis of a value the batch lies: the one that differs.
 *
 * @module
 */
import { elementCount, intAttribute, type Node, type Value } from "../../types.ts";
import type { Adapt, GraphEditor } from "../graph_editor.ts";
import { keepsApart } from "./apart.ts";

/** What a node was given in the first walk. */
interface Seen {
  readonly op: string;
  readonly shapes: readonly (readonly number[] | undefined)[];
  /** Numbers of its second and fourth input, where shapes are. */
  readonly numbers: readonly (readonly number[] | undefined)[];
}

/** The first walk, by the first output of each node. */
export type BatchLog = Map<string, Seen>;

/** Takes down what each node is given. */
export function recording(log: BatchLog): Adapt {
  return (w, node, inputs) => {
    log.set(node.outputs[0]!, {
      op: node.op,
      shapes: inputs.map((value) => value?.shape),
      numbers: inputs.map((
        value,
        i,
      ) => (SHAPES_AT[node.op] === i && value !== undefined ? smallNumbers(w, value) : undefined)),
    });
    return inputs;
  };
}

/** Where an operator has the shape that it gives. */
const SHAPES_AT: Readonly<Record<string, number>> = { Reshape: 1, Expand: 1, Resize: 3 };

function smallNumbers(w: GraphEditor, value: Value): readonly number[] | undefined {
  const numbers = w.numbers(value);
  return numbers === undefined ? undefined : Array.from(numbers.data);
}

/**
 * Changes the shapes that are written into the graph from a batch of `own` to one of `wanted`.
 *
 * @param log What `recording` took down in a walk for a batch of `own`.
 */
export function rebatching(log: BatchLog, own: number, wanted: number): Adapt {
  // A batch shares its axis with others where it was merged with them: usually it is the outer part, here the inner.
  const inner = new Set<string>();

  const isInner = (w: GraphEditor, value: Value) =>
    [...inner].some((name) => name === value.name || w.find(name)?.name === value.name);

  return (w, node, inputs) => {
    const fail = (what: string): never => {
      throw new TypeError(
        `Cannot rebuild node ${node.name} (${node.op}) for a batch of ${wanted}: ${what}; the file is made for ` +
          `${own}: use that, or export the model with an open batch`,
      );
    };
    const seen = log.get(node.outputs[0]!);
    if (seen === undefined || seen.op !== node.op) {
      return inputs.some((value) => value !== undefined && w.initializer(value) === undefined)
        ? fail("it is another node there")
        : inputs;
    }
    const axes = inputs.map((value, i) => {
      const then = seen.shapes[i];
      if (value === undefined || then === undefined || w.initializer(value) !== undefined) return undefined;
      const differing = value.shape.flatMap((size, axis) => (size === then[axis] ? [] : [axis]));
      if (differing.length === 0 && value.shape.length === then.length) return undefined;
      const [axis] = differing;
      const scaled = axis !== undefined && value.shape[axis] === then[axis]! / own * wanted;
      return differing.length === 1 && value.shape.length === then.length && scaled
        ? axis
        : fail(`${value.name} is mixed`);
    });
    const constant = (
      index: number,
    ) => (inputs[index] === undefined ? undefined : smallNumbers(w, inputs[index]));
    try {
      keepsApart({ node, inputs, axes, constant });
    } catch (cause) {
      if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
      return fail(cause.message);
    }
    const at = axes.findIndex((axis) => axis !== undefined);
    if (at < 0) return inputs;
    const [x, axis, then] = [inputs[at]!, axes[at]!, seen.shapes[at]!];
    const within = isInner(w, x);
    if (within) { for (const name of node.outputs) inner.add(name); }

    if (node.op === "Reshape" || node.op === "Flatten") {
      // The numbers before the batch in memory; the batch must follow the same number in the new shape.
      const before = elementCount(then.slice(0, axis)) * (within ? then[axis]! / own : 1);
      const target = node.op === "Reshape" ? resolved(then, seen.numbers[1]!) : flattened(then, node);
      const merged = then[axis] !== own;
      const place = batchAxis(target, before, own, merged) ?? fail("the batch ends up between other numbers");
      for (const name of node.outputs) place.inner ? inner.add(name) : inner.delete(name);
      if (node.op === "Flatten") return inputs;
      const now = constant(1);
      // A shape that is worked out from the input's is right already.
      if (now !== undefined && now.join() !== seen.numbers[1]!.join()) return inputs;
      return [x, w.int64s(target.with(place.axis, target[place.axis]! / own * wanted))];
    }
    if (node.op === "Expand" || node.op === "Resize") {
      const index = SHAPES_AT[node.op]!;
      const [was, now] = [seen.numbers[index], constant(index)];
      if (was === undefined || now === undefined || now.join() !== was.join()) return inputs;
      const place = axis + now.length - x.shape.length;
      return inputs.with(index, w.int64s(now[place] === 1 ? now : now.with(place, x.shape[axis]!)));
    }
    if (node.op === "Concat") {
      // A constant next to images (a class token) is repeated for each.
      return inputs.map((value, i) => {
        const there = value === undefined || axes[i] !== undefined || value.shape[axis] === x.shape[axis];
        if (there) return value;
        if (value.shape[axis] !== 1 || within) {
          return fail(`${value.name} is made for ${value.shape[axis]} images`);
        }
        const shape = w.int64s(value.shape.with(axis, x.shape[axis]!));
        return w.node("Expand", [value, shape], {}, { name: "repeated" })[0];
      });
    }
    return inputs;
  };
}

/** A Reshape's target with its −1 and zeros worked out. */
function resolved(from: readonly number[], wanted: readonly number[]): number[] {
  const shape = wanted.map((size, i) => (size === 0 ? from[i]! : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = elementCount(from) / -elementCount(shape);
  return shape;
}

function flattened(from: readonly number[], node: Node): number[] {
  const given = intAttribute(node.attributes, "axis", 1);
  const axis = given < 0 ? given + from.length : given;
  return [elementCount(from.slice(0, axis)), elementCount(from.slice(axis))];
}

/**
 * The axis of `shape` that the batch is on when `before` numbers lie before it, alone, or as the outer or inner part.
 * A batch that was alone is rather the outer part of what follows, one that was merged before rather leaves that.
 */
function batchAxis(
  shape: readonly number[],
  before: number,
  own: number,
  merged: boolean,
): { readonly axis: number; readonly inner: boolean } | undefined {
  const fits = (axis: number, inner: boolean) =>
    shape[axis]! % own === 0 &&
    elementCount(shape.slice(0, axis)) * (inner ? shape[axis]! / own : 1) === before;
  const places = (inner: boolean) => shape.flatMap((_, axis) => (fits(axis, inner) ? [{ axis, inner }] : []));
  const outer = places(false);
  const alone = outer.find(({ axis }) => shape[axis] === own);
  const [preferred, other] = merged ? [places(true), outer] : [outer, places(true)];
  return alone ?? preferred[0] ?? other[0];
}
