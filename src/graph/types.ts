/**
 * An ONNX graph as plain data: nodes, values with static shapes, initializers. No protobuf, no runtime.
 *
 * @module
 */

/** Element types of ONNX tensors, by their usual names. */
export type DataType =
  | "float32"
  | "float16"
  | "bfloat16"
  | "float64"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "int4"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "uint4"
  | "bool"
  | "string";

/** Bytes that one element of each type takes (a string has no fixed size); of four bits, two share one. */
export const BYTES_PER_ELEMENT: Readonly<Record<Exclude<DataType, "string">, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  int4: 0.5,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  uint4: 0.5,
  bool: 1,
};

/** A named value of a graph. Shapes are static: one graph per batch size. `[]` is a scalar. */
export interface Value {
  /** Name, unique in its graph. */
  readonly name: string;
  /** Element type. */
  readonly type: DataType;
  /** Dimensions, outermost first. */
  readonly shape: readonly number[];
}

/** Where the bytes of an initializer are. */
export type InitializerData =
  /** In the graph: little-endian, C order. */
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  /** In a file that the runtime gets next to the graph; nothing is copied. */
  | { readonly kind: "external"; readonly file: string; readonly offset: number; readonly length: number }
  /** Declared by a network, not bound yet; see `bindWeights`. */
  | { readonly kind: "unbound" };

/** A constant tensor of a graph: a weight, or a small constant. */
export interface Initializer extends Value {
  /** Where its bytes are. */
  readonly data: InitializerData;
}

/** A node's attribute, tagged with its ONNX type (1 and 1.0 differ there). */
export type Attribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "tensor"; readonly value: Omit<Initializer, "name"> }
  | { readonly type: "graph"; readonly value: Subgraph };

/** The body of a loop. It also reads values and initializers of the graph around it, by their names. */
export interface Subgraph {
  /** Its name. */
  readonly name: string;
  /** What the loop hands to it. */
  readonly inputs: readonly Value[];
  /** What it hands back. */
  readonly outputs: readonly Value[];
  /** Operations in running order. */
  readonly nodes: readonly Node[];
}

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation. An empty input name stands for an optional input left out. */
export interface Node {
  /** Name, unique in its graph; errors and profiles show it. */
  readonly name: string;
  /** Operator, as ONNX spells it. */
  readonly op: string;
  /** Operator set; "" is ONNX's own. */
  readonly domain: string;
  /** Names of the values it reads. */
  readonly inputs: readonly string[];
  /** Names of the values it makes. */
  readonly outputs: readonly string[];
  /** Its attributes by name. */
  readonly attributes: Attributes;
}

/** A whole graph; `nodes` are in an order in which they can run. */
export interface Graph {
  /** Name of the graph; errors show it. */
  readonly name: string;
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  /** Inputs. */
  readonly inputs: readonly Value[];
  /** Outputs. */
  readonly outputs: readonly Value[];
  /** Constant tensors by name. */
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** Operations in running order. */
  readonly nodes: readonly Node[];
  /** Every value by name: inputs, initializers and node outputs. */
  readonly values: ReadonlyMap<string, Value>;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes that elements of a type take; those of four bits fill whole bytes. */
export function byteLength(type: Exclude<DataType, "string">, elements: number): number {
  return Math.ceil(elements * BYTES_PER_ELEMENT[type]);
}

/** A whole-number attribute. */
export function int(value: number): Attribute {
  return { type: "int", value };
}

/** A floating-point attribute. */
export function float(value: number): Attribute {
  return { type: "float", value };
}

/** A list of whole numbers as an attribute. */
export function ints(value: readonly number[]): Attribute {
  return { type: "ints", value };
}

/** A text attribute. */
export function text(value: string): Attribute {
  return { type: "string", value };
}

/** Reads an int attribute, or gives `fallback` when the node has none of this name. */
export function intAttribute(attributes: Attributes, name: string, fallback: number): number {
  const found = attributes[name];
  if (found === undefined) return fallback;
  if (found.type !== "int") {
    throw new TypeError(`Cannot read attribute ${name}: it is ${found.type}, not int`);
  }
  return found.value;
}

/** Reads a float attribute, or gives `fallback`. */
export function floatAttribute(attributes: Attributes, name: string, fallback: number): number {
  const found = attributes[name];
  if (found === undefined) return fallback;
  if (found.type !== "float" && found.type !== "int") {
    throw new TypeError(`Cannot read attribute ${name}: it is ${found.type}, not float`);
  }
  return found.value;
}

/** Reads a list of ints, or gives `fallback`. */
export function intsAttribute(attributes: Attributes, name: string): readonly number[] | undefined {
  const found = attributes[name];
  if (found === undefined) return undefined;
  if (found.type !== "ints") {
    throw new TypeError(`Cannot read attribute ${name}: it is ${found.type}, not ints`);
  }
  return found.value;
}

/** Reads a text attribute, or gives `fallback`. */
export function textAttribute(attributes: Attributes, name: string, fallback: string): string {
  const found = attributes[name];
  if (found === undefined) return fallback;
  if (found.type !== "string") {
    throw new TypeError(`Cannot read attribute ${name}: it is ${found.type}, not string`);
  }
  return found.value;
}
