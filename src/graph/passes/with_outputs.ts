/**
 * Keeps some outputs of a foreign graph, and the nodes that they need. Nodes behind other outputs may be of operators
 * that nobody here knows (ONNX's tables of classes).
 *
 * @module
 */
import type { OpenGraph, OpenNode } from "../open_graph.ts";

/**
 * The graph with only these outputs.
 *
 * @param outputs Names of outputs; all by default.
 */
export function withOutputs(graph: OpenGraph, outputs?: readonly string[]): OpenGraph {
  if (outputs === undefined) return graph;
  const makers = new Map<string, OpenNode>();
  for (const node of graph.nodes) for (const name of node.outputs) makers.set(name, node);
  const needed = new Set<OpenNode>();
  const waiting = [...outputs];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = makers.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    waiting.push(...namesRead(node));
  }
  return { ...graph, outputs, nodes: graph.nodes.filter((node) => needed.has(node)) };
}

/** Names of the values that a node reads, those of the graphs inside it too. */
function namesRead({ inputs, subgraphs = {} }: OpenNode): string[] {
  const inner = Object.values(subgraphs).flatMap((
    { nodes, outputs },
  ) => [...outputs, ...nodes.flatMap(namesRead)]);
  return [...inputs, ...inner];
}
