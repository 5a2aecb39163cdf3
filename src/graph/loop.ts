/**
 * A part of a graph that runs several times (ONNX's Loop). The builder knows no loops: the nodes of one round are added
 * like any others, with inputs in place of what a loop hands to them, and move into the loop when the graph is built. So
 * every name is unique in the whole graph, as ONNX asks for, and all weights lie in the graph around.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { prune } from "./passes/prune.ts";
import type { Graph, Node, Value } from "./types.ts";

/** A loop over nodes of a builder. */
export interface Loop {
  /** What the last round hands on, in the order of the start. */
  readonly ends: readonly Value[];
  /** The builder's graph, unchanged since `build`, with the nodes of a round inside the loop. */
  close(graph: Graph): Graph;
}

/**
 * Adds the nodes of a round to a builder. Its graph is valid once `close` has been called on it.
 *
 * @param rounds Number of rounds, at least 1.
 * @param starts What the first round takes.
 * @param body Makes a round from its number (int64, a scalar from 0) and what the round before handed on; gives what it
 * hands on, in the shapes of `starts`. It may read any earlier value of the builder.
 */
export function addLoop(
  b: Builder,
  name: string,
  rounds: number,
  starts: readonly Value[],
  body: (round: Value, carried: readonly Value[]) => readonly Value[],
): Loop {
  const standIn = (part: string) => ({ type, shape }: Value, i: number) =>
    b.input(`${name}/${part}${i}`, type, shape);
  const count = b.constant("int64", [], [rounds]);
  const round = b.input(`${name}/round`, "int64", []);
  const goesOn = b.input(`${name}/goes_on`, "bool", []);
  const carried = starts.map(standIn("before"));
  const first = b.nodes().length;
  const still = b.identity(goesOn);
  // A value that a round hands on unchanged has to be made in it, too.
  const after = body(round, carried).map((value) => b.identity(value));
  const inside = new Set(b.nodes().slice(first).map((node) => node.name));
  const ends = starts.map(standIn("after"));
  const given = new Set([round, goesOn, ...carried, ...ends].map((value) => value.name));

  const close = (graph: Graph): Graph => {
    const outputs = [still, ...after];
    const { nodes } = prune({
      ...graph,
      outputs,
      nodes: graph.nodes.filter((node) => inside.has(node.name)),
    });
    const loop: Node = {
      name,
      op: "Loop",
      domain: "",
      inputs: [count.name, "", ...starts.map((value) => value.name)],
      outputs: ends.map((value) => value.name),
      attributes: {
        body: { type: "graph", value: { name, inputs: [round, goesOn, ...carried], outputs, nodes } },
      },
    };
    const outer = (node: Node) => !inside.has(node.name);
    return prune({
      ...graph,
      inputs: graph.inputs.filter((value) => !given.has(value.name)),
      nodes: [...graph.nodes.slice(0, first), loop, ...graph.nodes.slice(first).filter(outer)],
    });
  };
  return { ends, close };
}
