/**
 * Damages a file as chance and attackers do, reproducibly: the same generator gives the same damage.
 *
 * @module
 */
import type { Generator } from "../../src/random/generator.ts";

/** A damaged file, and in a few words how. */
export interface Mutated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly how: string;
}

/** One way of damaging `bytes`; `other` is a second file to take pieces from. */
type Damage = (bytes: Uint8Array<ArrayBuffer>, random: Generator, other: Uint8Array) => Mutated;

/** Numbers at which lengths, offsets and counts break. */
const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
] as const;
const WIDE_EDGES = [2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n] as const;

function bits(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const count = 1 + random.below(8);
  const places: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    places.push(at);
  }
  return { bytes, how: `bits of bytes ${places.join(", ")} flipped` };
}

function oneByte(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const at = random.below(bytes.length);
  bytes[at] = random.below(256);
  return { bytes, how: `byte ${at} set to ${bytes[at]}` };
}

/** A length, an offset or a count: a little-endian number of 1 to 8 bytes, near what could be meant or at an edge. */
function number(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const width = [1, 2, 4, 8][random.below(4)]!;
  const at = random.below(Math.max(bytes.length - width, 1));
  const near = [bytes.length, at, bytes.length - at].map((value) => BigInt(value + random.below(5) - 2));
  const all = [...EDGES, ...near, ...(width === 8 ? WIDE_EDGES : [])];
  const value = all[random.below(all.length)]!;
  let rest = BigInt.asUintN(8 * width, value);
  for (let i = at; i < Math.min(at + width, bytes.length); i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return { bytes, how: `${width} bytes at ${at} set to ${value}` };
}

/** A digit in a text: a number in JSON. */
function digit(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const start = random.below(bytes.length);
  const at = bytes.findIndex((byte, i) => i >= start && byte >= 0x30 && byte <= 0x39);
  if (at < 0) return oneByte(bytes, random);
  const many = random.below(3) === 0 ? 1 + random.below(20) : 1;
  const nines = new Uint8Array(many).fill(0x30 + random.below(10));
  return spliced(bytes, [at, at + 1], nines, `digit at ${at} replaced by ${many}`);
}

function truncated(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const length = random.below(bytes.length);
  return { bytes: bytes.slice(0, length), how: `cut to ${length} bytes` };
}

function removed(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const [from, to] = part(bytes, random);
  return spliced(bytes, [from, to], new Uint8Array(), `bytes ${from} to ${to} removed`);
}

function repeated(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const [from, to] = part(bytes, random);
  const at = random.below(bytes.length);
  return spliced(bytes, [at, at], bytes.slice(from, to), `bytes ${from} to ${to} repeated at ${at}`);
}

function taken(bytes: Uint8Array<ArrayBuffer>, random: Generator, other: Uint8Array): Mutated {
  const [from, to] = part(other, random);
  const at = random.below(bytes.length);
  const end = random.below(2) === 0 ? at : Math.min(at + to - from, bytes.length);
  return spliced(bytes, [at, end], other.slice(from, to), `bytes ${from} to ${to} of another file at ${at}`);
}

function noise(bytes: Uint8Array<ArrayBuffer>, random: Generator): Mutated {
  const [from, to] = part(bytes, random);
  for (let i = from; i < to; i++) bytes[i] = random.below(256);
  return { bytes, how: `bytes ${from} to ${to} made noise` };
}

/** A part of at most 64 bytes, or now and then of any length. */
function part(bytes: Uint8Array, random: Generator): [from: number, to: number] {
  const from = random.below(bytes.length);
  const longest = random.below(8) === 0 ? bytes.length : 64;
  return [from, Math.min(from + 1 + random.below(longest), bytes.length)];
}

function spliced(
  bytes: Uint8Array,
  [from, to]: readonly [number, number],
  piece: Uint8Array,
  how: string,
): Mutated {
  const result = new Uint8Array(bytes.length - (to - from) + piece.length);
  result.set(bytes.subarray(0, from));
  result.set(piece, from);
  result.set(bytes.subarray(to), from + piece.length);
  return { bytes: result, how };
}

const DAMAGES: readonly Damage[] = [
  bits,
  bits,
  oneByte,
  number,
  number,
  digit,
  truncated,
  removed,
  repeated,
  taken,
  noise,
];

/** Damages a copy of `bytes` once to four times. */
export function mutated(bytes: Uint8Array, random: Generator, other: Uint8Array): Mutated {
  let current: Uint8Array<ArrayBuffer> = bytes.slice();
  const how: string[] = [];
  const times = 1 + Math.min(random.below(4), random.below(4));
  for (let i = 0; i < times && current.length > 0; i++) {
    const damage = DAMAGES[random.below(DAMAGES.length)]!(current, random, other);
    current = damage.bytes;
    how.push(damage.how);
  }
  return { bytes: current, how: how.join("; ") };
}
