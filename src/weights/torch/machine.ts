/**
 * The stack machine of a pickle: its stack, its memo, a memory budget, and its reads from the file.
 *
 * One byte can create an object, so memory has a budget, which is charged before anything is created. Lengths are
 * checked against the available bytes. No step recurses.
 *
 * @module
 */
import { dataView } from "../../bytes/data_view.ts";
import { shortened } from "../../text/foreign_text.ts";
import type { Cursor } from "./cursor.ts";
import type { Pickled } from "./values.ts";

/** Resolves what a pickle requests. */
export interface PickleNames {
  /** The value of a module's name, or an error. */
  global(module: string, name: string): Pickled;
  /** The value of a persistent identifier: a storage. */
  persistent(id: Pickled): Pickled;
}

/** Memory budget for the values of one pickle in bytes, estimated for JavaScript. */
const BUDGET = 256 << 20;
/** Cost of a step: at most one reference on the stack. */
export const COST_OF_STEP = 32;
/** Cost of a container. */
export const COST_OF_OBJECT = 256;
/** Bytes of a line: of a module, a name, a number. */
export const LONGEST_LINE = 4096;
/** Bytes of a whole number; Python writes any, PyTorch's magic number has ten. */
const LONGEST_NUMBER = 64;

/** The state of a pickle that is being read. */
export interface Machine {
  readonly cursor: Cursor;
  readonly names: PickleNames;
  stack: Pickled[];
  /** The stacks outside the marks. */
  readonly marked: Pickled[][];
  readonly memo: Map<number, Pickled>;
  readonly spend: (bytes: number) => void;
}

/** A machine at its start. */
export function createMachine(cursor: Cursor, names: PickleNames): Machine {
  let left = BUDGET;
  const spend = (bytes: number): void => {
    left -= bytes;
    if (left < 0) throw new RangeError(`its pickle would take more than ${BUDGET >> 20} MiB of memory`);
  };
  return { cursor, names, stack: [], marked: [], memo: new Map(), spend };
}

export function underflow(): never {
  throw new SyntaxError("its pickle takes more from its stack than it has");
}

export function pop({ stack }: Machine): Pickled {
  return stack.length === 0 ? underflow() : stack.pop()!;
}

export function top({ stack }: Machine): Pickled {
  return stack.length === 0 ? underflow() : stack.at(-1)!;
}

/** Everything since the last mark. */
export function popMarked(m: Machine): Pickled[] {
  const items = m.stack;
  m.stack = m.marked.pop() ?? underflow();
  return items;
}

export function unsigned(m: Machine, bytes: 1 | 2 | 4 | 8): number {
  const view = dataView(m.cursor.bytes(bytes));
  if (bytes === 8) return Number(view.getBigUint64(0, true));
  return bytes === 1 ? view.getUint8(0) : bytes === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
}

/** A number of following bytes, which must be available before memory is allocated. */
export function counted(m: Machine, length: number): Uint8Array {
  if (length > m.cursor.left()) {
    throw new RangeError(`its pickle claims ${length} bytes of text where ${m.cursor.left()} are left`);
  }
  m.spend(2 * length);
  return m.cursor.bytes(length);
}

/** Python writes lone surrogates as such; nothing that is read here has any. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function text(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch (cause) {
    throw new SyntaxError("its pickle has a text that is not UTF-8", { cause });
  }
}

/** Texts of protocol 0 and of Python 2: one byte a character. */
export function latin1(bytes: Uint8Array): string {
  let result = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    result += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return result;
}

export function line(m: Machine): string {
  return latin1(m.cursor.line(LONGEST_LINE));
}

/** A whole number in Python's encoding: a number if it is exact, else a bigint. */
function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function littleEndian(m: Machine, length: number): number | bigint {
  if (length > LONGEST_NUMBER) throw new RangeError(`its pickle has a whole number of ${length} bytes`);
  const bytes = m.cursor.bytes(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(bytes[i]!);
  return whole(BigInt.asIntN(8 * length, value));
}

export function decimal(written: string): number | bigint {
  if (!/^-?\d{1,150}$/.test(written)) {
    throw new SyntaxError(`its pickle has the number ${shortened(written)}`);
  }
  return whole(BigInt(written));
}

/** A text between quotes of protocol 0; escapes are not used in what PyTorch writes. */
export function quoted(written: string): string {
  const match = /^(['"])(.*)\1$/.exec(written);
  if (match === null || match[2]!.includes("\\")) {
    throw new SyntaxError(`its pickle has the text ${shortened(written)}`);
  }
  return match[2]!;
}
