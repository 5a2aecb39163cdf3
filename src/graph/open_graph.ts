/**
 * A graph as read from a foreign file: any operator set, open dimensions, nodes in any order, graphs inside nodes.
 * Nothing is computed yet; `specialise` converts it to a `Graph`.
 *
 * @module
 */
import type { DataType, Initializer, Node } from "./types.ts";

/** An input or output of a file, before shapes are fixed: an open dimension is its symbol, or "?". */
export interface OpenValue {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

/** A node with the graphs inside it (the branches of an If), by attribute name. */
export interface OpenNode extends Node {
  /** Version of its operator set, if it is another one than its graph's: it comes from a function. */
  readonly opset?: number;
  readonly subgraphs?: Readonly<Record<string, OpenGraph>>;
}

/** A graph of a foreign file. */
export interface OpenGraph {
  readonly name: string;
  /** Versions of the operator sets by domain; "" is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Inputs without initializers. */
  readonly inputs: readonly OpenValue[];
  /** Names of the outputs. */
  readonly outputs: readonly string[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly OpenNode[];
}
