/**
 * PyTorch's element types, and the storage classes that stand for them in files.
 *
 * @module
 */
import type { TensorType } from "../tensor_table.ts";
import type { ElementKind } from "./values.ts";

/** Every element type by PyTorch's name, `torch.NAME`. Types without a `type` are known but not read. */
export const ELEMENTS: ReadonlyMap<string, ElementKind> = new Map(
  ([
    ["float64", 8, "float64"],
    ["float32", 4, "float32"],
    ["float16", 2, "float16"],
    ["bfloat16", 2, "bfloat16"],
    ["int64", 8, "int64"],
    ["int32", 4, "int32"],
    ["int16", 2, "int16"],
    ["int8", 1, "int8"],
    ["uint8", 1, "uint8"],
    ["bool", 1, "bool"],
    ["complex32", 4],
    ["complex64", 8],
    ["complex128", 16],
    ["uint16", 2],
    ["uint32", 4],
    ["uint64", 8],
    ["float8_e4m3fn", 1],
    ["float8_e5m2", 1],
    ["float8_e4m3fnuz", 1],
    ["float8_e5m2fnuz", 1],
    ["qint8", 1],
    ["quint8", 1],
    ["qint32", 4],
    ["untyped", 1],
  ] as [string, number, TensorType?][]).map(([name, bytes, type]) => [
    name,
    type === undefined ? { name, bytes } : { name, bytes, type },
  ]),
);

const STORAGES: Readonly<Record<string, string>> = {
  Double: "float64",
  Float: "float32",
  Half: "float16",
  BFloat16: "bfloat16",
  Long: "int64",
  Int: "int32",
  Short: "int16",
  Char: "int8",
  Byte: "uint8",
  Bool: "bool",
  ComplexFloat: "complex64",
  ComplexDouble: "complex128",
  QInt8: "qint8",
  QUInt8: "quint8",
  QInt32: "qint32",
  Untyped: "untyped",
};

/** Element types by the class of their storage: `torch.FloatStorage`, `torch.cuda.FloatStorage` of old files. */
export const STORAGE_CLASSES: ReadonlyMap<string, ElementKind> = new Map(
  Object.entries(STORAGES).flatMap(([name, element]) =>
    ["torch", "torch.cuda", "torch.storage"].map((module) =>
      [`${module}.${name}Storage`, ELEMENTS.get(element)!] as const
    )
  ),
);
