/**
 * Sorts nodes into an order in which they can run; most files are already sorted. Cycles, undefined names and duplicate
 * definitions are errors.
 *
 * @module
 */
import type { OpenGraph, OpenNode } from "../open_graph.ts";

/**
 * The nodes of a graph, each after those that it reads from; in the file's own order if possible.
 *
 * @param outer Names that a graph around this one defines.
 * @throws {SyntaxError} When nodes form a cycle, read what nothing defines, or define a name twice.
 */
export function sorted(graph: OpenGraph, outer: ReadonlySet<string> = new Set()): OpenNode[] {
  const known = new Set<string>();
  const define = (name: string) => {
    if (known.has(name)) throw new SyntaxError(`Cannot read ONNX model: ${name} is defined twice`);
    known.add(name);
  };
  for (const { name } of graph.initializers) define(name);
  for (const { name } of graph.inputs) define(name);
  const makers = new Map<string, number>();
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (name === "") continue;
      define(name);
      makers.set(name, i);
    }
  });
  const reads = graph.nodes.map((node) => {
    const makersOf: number[] = [];
    for (const name of namesRead(node)) {
      const maker = makers.get(name);
      if (maker !== undefined) makersOf.push(maker);
      else if (!known.has(name) && !outer.has(name)) {
        throw new SyntaxError(
          `Cannot read ONNX model: node ${node.name} reads ${name}, which nothing defines`,
        );
      }
    }
    return makersOf;
  });

  const order: OpenNode[] = [];
  const state = new Uint8Array(graph.nodes.length);
  for (let start = 0; start < graph.nodes.length; start++) {
    // Depth first with a stack of its own: a chain of a million nodes must not exhaust the program's.
    const stack: [node: number, next: number][] = state[start] === DONE ? [] : [[start, 0]];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const [at, next] = top;
      state[at] = OPEN;
      const wanted = reads[at]![next];
      if (wanted === undefined) {
        state[at] = DONE;
        order.push(graph.nodes[at]!);
        stack.pop();
        continue;
      }
      top[1]++;
      if (state[wanted] === OPEN) {
        throw new SyntaxError(
          `Cannot read ONNX model: node ${graph.nodes[wanted]!.name} reads its own result`,
        );
      }
      if (state[wanted] !== DONE) stack.push([wanted, 0]);
    }
  }
  return order;
}

const OPEN = 1;
const DONE = 2;

/** What a node reads, the graphs inside it included. */
function* namesRead(node: OpenNode): Generator<string> {
  for (const name of node.inputs) if (name !== "") yield name;
  for (const inner of Object.values(node.subgraphs ?? {})) yield* namesFromOutside(inner);
}

function* namesFromOutside(graph: OpenGraph): Generator<string> {
  const own = new Set([
    ...graph.initializers.map(({ name }) => name),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  for (const node of graph.nodes) {
    for (const name of namesRead(node)) if (!own.has(name)) yield name;
  }
  for (const name of graph.outputs) if (!own.has(name)) yield name;
}
