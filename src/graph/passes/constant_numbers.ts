/**
 * Numbers of values that depend on nothing that is fed: weights, and what a graph makes of weights alone (the flipped
 * weights of a gradient, say).
 *
 * @module
 */
import type { ByteSource } from "../../weights/byte_source.ts";
import { decodeNumbers } from "../constants.ts";
import type { Graph, Initializer, Node, Value } from "../types.ts";
import { canFold, fold } from "./fold/mod.ts";
import { type Numbers, Room } from "./fold/numbers.ts";
import { sourceOfInitializer } from "./derived.ts";
import { float32Of } from "./widen.ts";

/** Reads constants of a graph. */
export interface Constants {
  /** Whether a value's numbers can be worked out. */
  has(name: string): boolean;
  /** A float32 value's numbers; they are worked out anew each time. */
  read(name: string): Float32Array;
}

/** The constants of a graph whose external data are `files`. */
export function constantsOf(graph: Graph, files: ReadonlyMap<string, ByteSource>): Constants {
  const makers = new Map<string, Node>();
  const known = new Set<string>();
  for (const { name, type, data } of graph.initializers.values()) {
    if (data.kind !== "unbound" && ["float32", "int64"].includes(type)) known.add(name);
  }
  for (const node of graph.nodes) {
    if (node.outputs.length !== 1 || !canFold(node.op)) continue;
    if (!node.inputs.every((name) => name === "" || known.has(name))) continue;
    makers.set(node.outputs[0]!, node);
    known.add(node.outputs[0]!);
  }

  function numbersOf(name: string): Numbers | undefined {
    if (name === "") return undefined;
    const { type, shape } = graph.values.get(name)!;
    const stored = graph.initializers.get(name);
    if (stored !== undefined) {
      const data = type === "float32"
        ? Float64Array.from(floatsOf(stored))
        : Float64Array.from(decodeNumbers(type, sourceOfInitializer(stored, files)()));
      return { type, shape, data };
    }
    const node = makers.get(name)!;
    const made = fold({
      op: node.op,
      attributes: node.attributes,
      inputs: node.inputs.map(numbersOf),
      outputCount: 1,
      outputs: [graph.values.get(name)! as Value],
      room: new Room(Infinity, Infinity),
    });
    if (made === undefined) {
      throw new TypeError(`Cannot work out ${name}: ${node.op} is not folded in this form`);
    }
    return made[0]!;
  }

  const floatsOf = (stored: Initializer) => float32Of(stored.type, sourceOfInitializer(stored, files)());

  return {
    has: (name) => known.has(name),
    read: (name) => {
      const stored = graph.initializers.get(name);
      return stored?.type === "float32" ? floatsOf(stored) : Float32Array.from(numbersOf(name)!.data);
    },
  };
}
