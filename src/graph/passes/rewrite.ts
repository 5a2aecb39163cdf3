/**
 * The interface of rewriting rules: a rule maps a node of a foreign graph to nodes of the builder's operator set.
 *
 * @module
 */
import type { OpenNode } from "../open_graph.ts";
import type { Attribute, Attributes, Value } from "../types.ts";
import type { GraphEditor } from "./graph_editor.ts";

/** Input of a rule. */
export interface RewriteInput {
  /** Receives the nodes that replace it. */
  readonly w: GraphEditor;
  readonly node: OpenNode;
  readonly attributes: Attributes;
  /** Inputs in order; `undefined` where an optional one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Version of the operator set that the node is of. */
  readonly opset: number;
  /** Adds a note for the reader of the file. */
  note(text: string): void;
}

/** The node with other parts. */
export interface Patch {
  readonly op?: string;
  readonly attributes?: Attributes;
  readonly inputs?: readonly (Value | undefined)[];
  /** How many of its outputs stay. */
  readonly outputs?: number;
}

/** Another form of the node, values in place of its outputs, or `undefined` to keep it. */
export type Rewrite = (node: RewriteInput) => Patch | readonly (Value | undefined)[] | undefined;

/** The input at `index`, which the operator requires. */
export function inputAt({ inputs }: Pick<RewriteInput, "inputs">, index: number): Value {
  const value = inputs[index];
  if (value === undefined) throw new TypeError(`input ${index} is missing`);
  return value;
}

/** Numbers of the input at `index`, which must be known; `undefined` where it is left out. */
export function knownAt({ w, inputs }: RewriteInput, index: number): number[] | undefined {
  const value = inputs[index];
  if (value === undefined) return undefined;
  const numbers = w.numbers(value);
  if (numbers === undefined) throw new TypeError(`input ${index} (${value.name}) must be a constant`);
  return Array.from(numbers.data);
}

/** Attributes without some, and with others. */
export function attributesWith(
  attributes: Attributes,
  without: readonly string[],
  added: Readonly<Record<string, Attribute>> = {},
): Attributes {
  const kept = Object.entries(attributes).filter(([name]) => !without.includes(name));
  return { ...Object.fromEntries(kept), ...added };
}
