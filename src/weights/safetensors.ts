/**
 * Reads and writes safetensors files: a length, a JSON header, then the tensors' bytes without gaps.
 *
 * This module is pure over bytes; the caller decides where they come from. Reading uses only the header and gives the
 * position of each tensor, so that a runtime can read the unchanged file without a copy. A file is untrusted: every
 * claim of the header is checked against the file's size before it is used.
 *
 * Source of the format: https://huggingface.co/docs/safetensors, section "Format".
 *
 * @module
 */

import { parseForeignJson } from "../text/foreign_json.ts";
import { shortened } from "../text/foreign_text.ts";
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import type { TensorEntry, TensorTable, TensorType } from "./tensor_table.ts";

/** A tensor to write, without its bytes. */
export type TensorDeclaration = Pick<TensorEntry, "name" | "type" | "shape">;

/**
 * Headers of real models have a few hundred kilobytes. The reference implementation allows 100 MB, which as objects in
 * memory would take gigabytes.
 */
const MAX_HEADER_BYTES = 16_000_000;
const HEADER_LIMITS = { characters: MAX_HEADER_BYTES, depth: 8, values: 2_000_000 };

const TYPES: ReadonlyMap<string, readonly [type: TensorType, bytes: number]> = new Map([
  ["F64", ["float64", 8]],
  ["I64", ["int64", 8]],
  ["F32", ["float32", 4]],
  ["I32", ["int32", 4]],
  ["I16", ["int16", 2]],
  ["F16", ["float16", 2]],
  ["BF16", ["bfloat16", 2]],
  ["I8", ["int8", 1]],
  ["U8", ["uint8", 1]],
  ["BOOL", ["bool", 1]],
]);

/**
 * Reads the header of a file. No tensor is read; see `readFloat32`.
 *
 * @param content The file in memory or as a source; only its header is read.
 * @throws {SyntaxError} if the header is not what the format asks for
 * @throws {RangeError} if the header points outside the file, or its tensors overlap or leave gaps
 *
 * @example
 * ```ts
 * import { encodeSafetensors, parseSafetensors } from "./safetensors.ts";
 * import { readFloat32 } from "./tensor_table.ts";
 *
 * const data = new Uint8Array(new Float32Array([1, 2]).buffer);
 * const bytes = encodeSafetensors([{ name: "bias", type: "float32", shape: [2], data }]);
 * const table = parseSafetensors(bytes);
 * console.assert(readFloat32(bytes, table.tensors.get("bias")!)[1] === 2);
 * ```
 */
export function parseSafetensors(content: ByteSource | Uint8Array): TensorTable {
  const source = toByteSource(content);
  const length = headerLength(source.read(0, Math.min(8, source.size)), source.size);
  return parseHeader(source.read(8, length), source.size);
}

/**
 * Writes tensors into one file in memory. Larger elements come first, so that each tensor is aligned.
 *
 * @throws {TypeError} if names repeat, or if a tensor's bytes do not fit its shape
 */
export function encodeSafetensors(
  tensors: Iterable<TensorDeclaration & { readonly data: Uint8Array }>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { header, order } = layOut([...tensors], metadata);
  let size = header.length;
  for (const tensor of order) size += tensor.data.length;
  const bytes = new Uint8Array(size);
  bytes.set(header);
  let offset = header.length;
  for (const tensor of order) {
    checkLength(tensor, tensor.data);
    bytes.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return bytes;
}

/**
 * Writes tensors chunk by chunk: the header, then each tensor, whose bytes are requested only when they are written.
 *
 * @param data gives the little-endian bytes of the tensor with that name
 * @throws {TypeError} if names repeat, or if a tensor's bytes do not fit its shape
 */
export async function* streamSafetensors(
  tensors: Iterable<TensorDeclaration>,
  data: (name: string) => Uint8Array | Promise<Uint8Array>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { header, order } = layOut([...tensors], metadata);
  yield header;
  for (const tensor of order) {
    const bytes = await data(tensor.name);
    checkLength(tensor, bytes);
    yield bytes;
  }
}

function headerLength(start: Uint8Array, size: number): number {
  if (size < 8 || start.length < 8) {
    throw new SyntaxError(`Cannot read safetensors: ${size} bytes are too few for a header length`);
  }
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new RangeError(
      `Cannot read safetensors: header length ${length} exceeds the limit of ${MAX_HEADER_BYTES}`,
    );
  }
  if (Number(length) > size - 8) {
    throw new RangeError(
      `Cannot read safetensors: header length ${length} exceeds the file of ${size} bytes`,
    );
  }
  return Number(length);
}

function parseHeader(header: Uint8Array, size: number): TensorTable {
  const record = parseJsonObject(header);
  const dataStart = 8 + header.length;
  let metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(record)) {
    if (name === "__metadata__") metadata = checkMetadata(value);
    else entries.push(checkEntry(name, value, dataStart, size));
  }
  entries.sort((a, b) => a.offset - b.offset || a.length - b.length);
  let expected = dataStart;
  for (const { name, offset, length } of entries) {
    if (offset !== expected) {
      const how = offset < expected ? "overlaps the tensor before it" : "leaves a gap before it";
      throw new RangeError(`Cannot read safetensors: tensor ${shortened(name)} at byte ${offset} ${how}`);
    }
    expected += length;
  }
  if (expected !== size) {
    throw new RangeError(`Cannot read safetensors: the tensors end at byte ${expected}, the file at ${size}`);
  }
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

function parseJsonObject(header: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new SyntaxError("Cannot read safetensors: the header is not UTF-8", { cause });
  }
  let value: unknown;
  try {
    value = parseForeignJson(text, HEADER_LIMITS);
  } catch (cause) {
    throw new SyntaxError(`Cannot read safetensors: the header ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(value)) throw new SyntaxError("Cannot read safetensors: the header is not a JSON object");
  refuseRepeatedKeys(text);
  return value;
}

/**
 * Refuses repeated keys, because two readers that choose different ones would see two different files. JSON.parse
 * silently keeps the last; this function walks text that JSON.parse has already accepted.
 */
function refuseRepeatedKeys(text: string): void {
  const seen: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{") seen.push(new Set());
    else if (character === "}") seen.pop();
    else if (character === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      let next = at + 1;
      while (/\s/.test(text[next] ?? "")) next++;
      if (text[next] !== ":") continue;
      const key: string = JSON.parse(text.slice(start, at + 1));
      const keys = seen.at(-1)!;
      if (keys.has(key)) {
        throw new SyntaxError(`Cannot read safetensors: the key ${shortened(key)} is repeated`);
      }
      keys.add(key);
    }
  }
}

function checkMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw new SyntaxError("Cannot read safetensors: __metadata__ is not a record of strings");
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataStart: number, size: number): TensorEntry {
  const called = `Cannot read safetensors: tensor ${shortened(name)}`;
  if (!isRecord(value)) throw new SyntaxError(`${called} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const known = typeof dtype === "string" ? TYPES.get(dtype) : undefined;
  if (known === undefined) {
    throw new SyntaxError(
      `${called} has the unknown dtype ${written(dtype)}`,
    );
  }
  const [type, bytesPerElement] = known;
  if (!isSizes(shape)) {
    throw new SyntaxError(`${called} has the shape ${written(shape)}`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new SyntaxError(
      `${called} has the offsets ${written(offsets)}`,
    );
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > size - dataStart) {
    throw new RangeError(
      `${called} claims bytes ${begin} to ${end} of ${size - dataStart}`,
    );
  }
  // A product beyond 2^53 is inexact but still far from any length a file can have.
  const expected = shape.reduce((product, dimension) => product * dimension, bytesPerElement);
  if (end - begin !== expected) {
    throw new RangeError(
      `${called} has ${end - begin} bytes, but ${dtype} ${written(shape)} needs ${expected}`,
    );
  }
  return { name, type, shape, offset: dataStart + begin, length: end - begin };
}

/** A value of the header for an error; shortened, because it may be nested or long. */
function written(value: unknown): string {
  if (Array.isArray(value)) {
    const items = value.slice(0, 16).map((item) => (Array.isArray(item) ? "[…]" : written(item)));
    return `[${items.join(",")}${value.length > 16 ? ",…" : ""}]`;
  }
  if (typeof value === "string") return `"${shortened(value)}"`;
  return typeof value === "object" && value !== null ? "{…}" : String(value);
}

function layOut<T extends TensorDeclaration>(
  tensors: T[],
  metadata: Readonly<Record<string, string>>,
): { header: Uint8Array<ArrayBuffer>; order: T[] } {
  const order = tensors.toSorted((a, b) => declaredType(b)[1] - declaredType(a)[1]);
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(["__metadata__", metadata]);
  const names = new Set(["__metadata__"]);
  let offset = 0;
  for (const tensor of order) {
    if (names.has(tensor.name)) {
      throw new TypeError(`Cannot write safetensors: the name ${tensor.name} is repeated or reserved`);
    }
    names.add(tensor.name);
    const length = byteLength(tensor);
    const dtype = declaredType(tensor)[0];
    entries.push([tensor.name, { dtype, shape: tensor.shape, data_offsets: [offset, offset + length] }]);
    offset += length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Padded with spaces so that the tensors start at a multiple of 8.
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { header, order };
}

function declaredType(tensor: TensorDeclaration): readonly [dtype: string, bytes: number] {
  for (const [dtype, [type, bytes]] of TYPES) if (type === tensor.type) return [dtype, bytes];
  throw new TypeError(`Cannot write safetensors: tensor ${tensor.name} has the unknown type ${tensor.type}`);
}

function byteLength(tensor: TensorDeclaration): number {
  if (!isSizes(tensor.shape)) {
    throw new TypeError(`Cannot write safetensors: tensor ${tensor.name} has the shape [${tensor.shape}]`);
  }
  return tensor.shape.reduce((product, dimension) => product * dimension, declaredType(tensor)[1]);
}

function checkLength(tensor: TensorDeclaration, data: Uint8Array): void {
  const expected = byteLength(tensor);
  if (data.length !== expected) {
    throw new TypeError(
      `Cannot write safetensors: tensor ${tensor.name} has ${data.length} bytes, but ` +
        `${tensor.type} [${tensor.shape}] needs ${expected}`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((item) => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0));
}
