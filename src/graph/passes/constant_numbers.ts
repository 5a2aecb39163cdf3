/**
 * Numbers of weights, and of weights that a graph only lays out anew (the flipped ones of a gradient), whatever their
 * size. Everything else that depends on constants alone is left to the runtime.
 *
 * @module
 */
import type { ByteSource } from "../../bytes/byte_source.ts";
import { decodeNumbers } from "../constants.ts";
import { elementCount, type Graph, type Initializer, type Node } from "../types.ts";
import { sourceOfInitializer } from "./derived.ts";
import { canFold, fold } from "./fold/mod.ts";
import { type Numbers, Room } from "./fold/numbers.ts";
import { decodeFloat32 } from "./widen.ts";

/** Reads constants of a graph. */
export interface Constants {
  /** Whether a value's numbers can be worked out. */
  has(name: string): boolean;
  /** Numbers of a float32 value that `has` them; they are worked out anew each time. */
  read(name: string): Float32Array;
}

/** Operators that lay their first input out anew, by constants of a few numbers. */
const MOVING = new Set(["Reshape", "Transpose", "Gather", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/** The constants of a graph whose external data are `files`. */
export function constantNumbers(graph: Graph, files: ReadonlyMap<string, ByteSource>): Constants {
  const makers = new Map<string, Node>();
  const known = new Set<string>();
  for (const initializer of graph.initializers.values()) {
    if (isHere(initializer, files)) known.add(initializer.name);
  }
  for (const node of graph.nodes) {
    if (node.domain !== "" || node.outputs.length !== 1 || !MOVING.has(node.op)) continue;
    if (node.op !== "Identity" && !canFold(node.op)) continue;
    const [moved, ...others] = node.inputs;
    const input = graph.values.get(moved!);
    const output = graph.values.get(node.outputs[0]!);
    if (!known.has(moved!) || !others.every((name) => graph.initializers.has(name) && known.has(name))) {
      continue;
    }
    // Nothing is repeated, so that a chain takes no more room than the weight itself.
    if (
      input?.type !== "float32" || output === undefined ||
      elementCount(output.shape) > elementCount(input.shape)
    ) {
      continue;
    }
    makers.set(output.name, node);
    known.add(output.name);
  }

  const decodeInitializer = (initializer: Initializer): Numbers => {
    const bytes = sourceOfInitializer(initializer, files)();
    const { type, shape } = initializer;
    const data = Float64Array.from(
      type === "float32" ? decodeFloat32(type, bytes) : decodeNumbers(type, bytes),
    );
    return { type, shape, data };
  };

  /** From the weight on, a node at a time: a chain may be long. */
  function moved(name: string): Float64Array {
    const chain: Node[] = [];
    let at = name;
    for (let node = makers.get(at); node !== undefined; node = makers.get(at)) {
      chain.push(node);
      at = node.inputs[0]!;
    }
    let numbers = decodeInitializer(graph.initializers.get(at)!);
    for (const node of chain.toReversed()) {
      if (node.op === "Identity") continue;
      const others = node.inputs.slice(1).map((other) => decodeInitializer(graph.initializers.get(other)!));
      const output = graph.values.get(node.outputs[0]!)!;
      numbers = fold({
        op: node.op,
        attributes: node.attributes,
        inputs: [numbers, ...others],
        outputCount: 1,
        outputs: [output],
        room: new Room(elementCount(output.shape), elementCount(output.shape)),
      })![0]!;
    }
    return numbers.data;
  }

  return {
    has: (name) => known.has(name),
    read: (name) => {
      const initializer = graph.initializers.get(name);
      return initializer === undefined
        ? Float32Array.from(moved(name))
        : decodeFloat32("float32", sourceOfInitializer(initializer, files)());
    },
  };
}

/** Whether all bytes of a stored constant are available; otherwise the runtime's own error is better. */
function isHere({ type, data }: Initializer, files: ReadonlyMap<string, ByteSource>): boolean {
  if (type !== "float32" && type !== "int64") return false;
  if (data.kind !== "external") return data.kind === "inline";
  const file = files.get(data.file);
  return file !== undefined && data.offset + data.length <= file.size;
}
