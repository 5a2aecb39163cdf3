/**
 * Weights computed from others on request: widened halves, scaled whole numbers. They appear as one more file of
 * external data, so that only one is in memory at a time.
 *
 * @module
 */
import { type ByteSource, checkInside, toByteSource } from "../../bytes/byte_source.ts";
import { asBytes } from "../constants.ts";
import type { Initializer, InitializerData } from "../types.ts";

/** Float32 tensors that are made when they are read. */
export interface DerivedFile {
  /** Adds a tensor with a number of elements; returns its position. */
  add(elements: number, make: () => Float32Array): InitializerData;
  /** Whether something was added. */
  readonly empty: boolean;
  /** Its contents. */
  readonly content: ByteSource;
}

/** Up to this many elements a tensor is made at once and kept in the graph, where folding sees it. */
const AT_ONCE = 4096;

/** An empty file under `name`. */
export function createDerivedFile(name: string): DerivedFile {
  const parts: { offset: number; length: number; make: () => Float32Array }[] = [];
  let size = 0;

  /** The part that holds a byte. */
  function partAt(offset: number): (typeof parts)[number] {
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (parts[middle]!.offset <= offset) low = middle;
      else high = middle - 1;
    }
    return parts[low]!;
  }

  const content: ByteSource = {
    get size() {
      return size;
    },
    read: (offset, length) => {
      checkInside(size, offset, length);
      if (length === 0) return new Uint8Array();
      const first = partAt(offset);
      const from = offset - first.offset;
      if (from + length <= first.length) return asBytes(first.make()).subarray(from, from + length);
      const result = new Uint8Array(length);
      for (let at = offset; at < offset + length;) {
        const part = partAt(at);
        const end = Math.min(part.offset + part.length, offset + length);
        result.set(asBytes(part.make()).subarray(at - part.offset, end - part.offset), at - offset);
        at = end;
      }
      return result;
    },
  };
  return {
    add: (elements, make) => {
      if (elements <= AT_ONCE) return { kind: "inline", bytes: asBytes(make()) };
      const part = { offset: size, length: 4 * elements, make };
      parts.push(part);
      size += part.length;
      return { kind: "external", file: name, offset: part.offset, length: part.length };
    },
    get empty() {
      return parts.length === 0;
    },
    content,
  };
}

/**
 * The bytes of a constant, read on request.
 *
 * @throws {TypeError} When its file is not given.
 */
export function sourceOfInitializer(
  { name, data }: Pick<Initializer, "name" | "data">,
  files: ReadonlyMap<string, ByteSource>,
): () => Uint8Array {
  if (data.kind === "inline") return () => data.bytes;
  if (data.kind === "unbound") throw new TypeError(`Cannot read weight ${name}: it is not bound to data`);
  const file = files.get(data.file) ?? toByteSource(new Uint8Array());
  return () => file.read(data.offset, data.length);
}
