/**
 * The values of a PyTorch pickle as plain data. Python's objects become one of these or are refused; none of them has
 * behaviour.
 *
 * @module
 */
import type { TensorType } from "../tensor_table.ts";

/** Any value. */
export type Pickled = null | boolean | number | bigint | string | Uint8Array | PickledObject;

/** A value that has parts. */
export type PickledObject =
  | PickledList
  | PickledTuple
  | PickledSet
  | PickledDict
  | PickledGlobal
  | PickledStorage
  | PickledTensor
  | LeftOut;

/** A list. */
export interface PickledList {
  readonly kind: "list";
  readonly items: Pickled[];
}

/** A tuple. */
export interface PickledTuple {
  readonly kind: "tuple";
  readonly items: Pickled[];
}

/** A set; its members are not compared. */
export interface PickledSet {
  readonly kind: "set";
  readonly items: Pickled[];
}

/** A dictionary, ordered or not. Attributes set on it (`_metadata` of a state dict) are dropped. */
export interface PickledDict {
  readonly kind: "dict";
  readonly entries: Map<Pickled, Pickled>;
}

/** An allowed name that the pickle requests. */
export interface PickledGlobal {
  readonly kind: "global";
  /** Module and name, "collections.OrderedDict". */
  readonly name: string;
  /** Creates the value of a call; absent for a constant. */
  readonly call?: (args: readonly Pickled[]) => Pickled;
}

/** A piece of memory that tensors share. */
export interface PickledStorage {
  readonly kind: "storage";
  /** Its name in the file. */
  readonly key: string;
  /** Its element type; "untyped" counts bytes. */
  readonly element: ElementKind;
  /** Number of elements in the file under that name. */
  readonly whole: number;
  /** The referenced part, in elements: all of them, except for views in old files. */
  readonly start: number;
  readonly count: number;
}

/** A tensor: a view into a storage. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: PickledStorage;
  readonly element: ElementKind;
  /** Its first element, counted from the start of the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** An object that is not data and that the caller wants to skip instead of refuse. */
export interface LeftOut {
  readonly kind: "left out";
  /** The requested name. */
  readonly name: string;
}

/** An element type of PyTorch. */
export interface ElementKind {
  /** PyTorch's name: "float32", "quint8", "untyped". */
  readonly name: string;
  /** Bytes of one element. */
  readonly bytes: number;
  /** The type in a table; absent for types that no table holds. */
  readonly type?: TensorType;
}

/** Whether a value is of this kind. */
export function isKind<K extends PickledObject["kind"]>(
  value: Pickled | undefined,
  kind: K,
): value is Extract<PickledObject, { readonly kind: K }> {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && value.kind === kind;
}

/** The kind of a value in a word, for errors. */
export function kindName(value: Pickled | undefined): string {
  if (value === null || value === undefined) return "None";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value !== "object") return typeof value === "bigint" ? "number" : typeof value;
  return value.kind === "global" || value.kind === "left out" ? value.name : value.kind;
}
