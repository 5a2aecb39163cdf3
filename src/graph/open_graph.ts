/**
 * A graph as a foreign file has it: any operator set, open dimensions, nodes in any order, graphs inside nodes.
 * Nothing is worked out yet; `specialise` makes a `Graph` of it.
 *
 * @module
 */
import type { DataType, Initializer, Node } from "./types.ts";

/** What a file takes or gives, before shapes are fixed: an open dimension is its symbol, or "?". */
export interface OpenValue {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

/** A node with the graphs inside it (the branches of an If), by attribute name. */
export interface OpenNode extends Node {
  readonly subgraphs?: Readonly<Record<string, OpenGraph>>;
}

/** A graph of a foreign file. */
export interface OpenGraph {
  readonly name: string;
  /** Versions of the operator sets by domain; "" is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** What is fed; initializers left out. */
  readonly inputs: readonly OpenValue[];
  /** Names of what is fetched. */
  readonly outputs: readonly string[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly OpenNode[];
}
