/**
 * Removes everything on which no output depends, so that no weight is loaded in vain.
 *
 * @module
 */
import type { Graph, Initializer, Node, Value } from "../types.ts";

/** The graph without nodes and initializers that lead to none of its outputs. Inputs stay. */
export function prune(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((value) => value.name));
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false;
    for (const name of namesRead(node)) needed.add(name);
    return true;
  }).reverse();
  const initializers = new Map<string, Initializer>(
    [...graph.initializers].filter(([name]) => needed.has(name)),
  );
  for (const node of nodes) for (const name of node.outputs) needed.add(name);
  for (const input of graph.inputs) needed.add(input.name);
  const values = new Map<string, Value>([...graph.values].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers, values };
}

/** What a node reads, and what the body of a loop reads of the graph around it. */
function* namesRead({ inputs, attributes }: Node): Iterable<string> {
  yield* inputs;
  for (const attribute of Object.values(attributes)) {
    if (attribute.type === "graph") { for (const node of attribute.value.nodes) yield* namesRead(node); }
  }
}
