/**
 * Counts the entries of an .onnx file before they become objects. Two bytes are an empty node, which takes hundreds of
 * bytes of memory, so a file of ten megabytes could take gigabytes.
 *
 * @module
 */
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";

/** What a file may hold: a message counts 8, another field 1. Networks of a thousand layers have some hundred thousand. */
const MOST = 4_000_000;
const MESSAGE = 8;
/** Bytes of packed whole numbers that count 1; each number becomes a bigint. */
const PACKED = 4;
const DEEPEST = 100;

/**
 * Refuses a file with too many entries. What is malformed is left to the reader, which says so.
 *
 * @throws {SyntaxError} When it has more than any real one, or messages too deep inside each other.
 */
export function checkEntries(bytes: Uint8Array): void {
  let left = MOST;
  const fieldsOf = new Map<DescMessage, ReadonlyMap<number, DescField>>();

  function walk(from: number, to: number, message: DescMessage, depth: number): void {
    if (depth > DEEPEST) {
      throw new SyntaxError(`Cannot read ONNX model: more than ${DEEPEST} messages lie in each other`);
    }
    let fields = fieldsOf.get(message);
    if (fields === undefined) {
      fields = new Map(message.fields.map((field) => [field.number, field]));
      fieldsOf.set(message, fields);
    }
    let at = from;
    const varint = (): number => {
      let value = 0;
      for (let scale = 1; at < to; scale *= 128) {
        const byte = bytes[at++]!;
        value += (byte & 127) * scale;
        if (byte < 128) break;
      }
      return value;
    };
    while (at < to) {
      const tag = varint();
      const field = fields.get(Math.floor(tag / 8));
      left--;
      const kind = tag % 8;
      if (kind === 0) varint();
      else if (kind === 1) at += 8;
      else if (kind === 5) at += 4;
      else if (kind === 2) {
        const length = varint();
        const end = at + length;
        if (end > to) return;
        if (field?.message !== undefined) {
          left -= MESSAGE;
          walk(at, end, field.message, depth + 1);
        } else if (field?.fieldKind === "list" && isWhole(field)) left -= length / PACKED;
        at = end;
      } else return;
      if (left < 0) {
        throw new SyntaxError(
          "Cannot read ONNX model: it has more nodes, tensors and numbers than any network",
        );
      }
    }
  }

  walk(0, bytes.length, ModelProtoSchema, 0);
}

/** Whether a list's numbers are whole ones of 64 bits (int64 is 3, uint64 is 4 in protobuf's list of types). */
function isWhole(field: DescField): boolean {
  return field.scalar === 3 || field.scalar === 4;
}
