/**
 * Files of PyTorch made by hand, byte by byte: old ones that today's PyTorch no longer writes, and hostile ones that it
 * never would.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Bytes one after the other; numbers are single bytes, texts are UTF-8. */
export function join(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return concat(parts);
}

/** Bytes, a single byte, or a text. */
type Part = Uint8Array | number | string;

/** The same for more parts than a call takes. */
function concat(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.map((part) =>
    typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? encoder.encode(part) : part
  );
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A number in little-endian bytes. */
export function little(value: number | bigint, bytes: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes);
  let rest = BigInt(value);
  for (let i = 0; i < bytes; i++, rest >>= 8n) result[i] = Number(rest & 0xffn);
  return result;
}

/** A value as a pickle's opcodes. */
export type Piece = Uint8Array<ArrayBuffer>;

/** The opcodes that push a value. */
export const p = {
  text: (text: string): Piece => {
    const bytes = encoder.encode(text);
    return join("X", little(bytes.length, 4), bytes);
  },
  int: (value: number): Piece => join("J", little(value, 4)),
  none: join("N"),
  false: join(0x89),
  tuple: (...items: Piece[]): Piece => join("(", ...items, "t"),
  list: (...items: Piece[]): Piece => join("](", ...items, "e"),
  dict: (...pairs: [Piece, Piece][]): Piece => concat(["}(", ...pairs.flat(), "u"]),
  name: (module: string, name: string): Piece => join("c", module, "\n", name, "\n"),
  call: (callee: Piece, ...args: Piece[]): Piece => join(callee, p.tuple(...args), "R"),
  storage: (kind: string, key: string, count: number, view: Piece[] = []): Piece =>
    join(
      p.tuple(p.text("storage"), p.name("torch", kind), p.text(key), p.text("cpu"), p.int(count), ...view),
      "Q",
    ),
  /** A float32 tensor on a storage of its own. */
  tensor: (key: string, shape: readonly number[], strides: readonly number[], count = 4, offset = 0): Piece =>
    p.call(
      p.name("torch._utils", "_rebuild_tensor_v2"),
      p.storage("FloatStorage", key, count),
      p.int(offset),
      p.tuple(...shape.map(p.int)),
      p.tuple(...strides.map(p.int)),
      p.false,
      p.call(p.name("collections", "OrderedDict")),
    ),
};

/** A whole pickle. */
export function pickleOf(value: Piece): Piece {
  return join(0x80, 2, value, ".");
}

/** What hostile archives lie about. */
export interface ZipLies {
  readonly method?: number;
  readonly flags?: number;
  readonly length?: number;
  readonly local?: number;
  readonly localName?: string;
}

/** An archive of stored entries; checksums are zero, for nobody looks at them. */
export function zipOf(
  entries: readonly (readonly [name: string, content: Uint8Array, lies?: ZipLies])[],
  ends: { readonly count?: number; readonly directory?: number } = {},
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content, lies = {}] of entries) {
    const { method = 0, flags = 0, length = content.length, local = at } = lies;
    const common = join(
      ...[[20, 2], [flags, 2], [method, 2], [0, 4], [0, 4], [length, 4], [length, 4]].map(([value, bytes]) =>
        little(value!, bytes!)
      ),
    );
    const encoded = encoder.encode(name);
    const written = encoder.encode(lies.localName ?? name);
    const header = join("PK\x03\x04", common, little(written.length, 2), little(0, 2), written);
    directory.push(join(
      "PK\x01\x02",
      little(20, 2),
      common,
      little(encoded.length, 2),
      new Uint8Array(12),
      little(local, 4),
      encoded,
    ));
    parts.push(header, content);
    at += header.length + content.length;
  }
  const listed = join(...directory);
  const count = little(ends.count ?? entries.length, 2);
  const end = join("PK\x05\x06", new Uint8Array(4), count, count, little(listed.length, 4));
  return join(...parts, listed, end, little(ends.directory ?? at, 4), new Uint8Array(2));
}

/** A file in the form of today. */
export function archiveOf(
  root: Piece,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  return zipOf([
    ["archive/data.pkl", pickleOf(root)],
    ...Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const),
    ["archive/version", join("3\n")],
  ]);
}

/** A file in the form of before 1.6; `counts` are what stands before each storage. */
export function sequenceOf(
  root: Piece,
  storages: readonly (readonly [key: string, count: number, bytes: Uint8Array])[] = [],
  littleEndian = true,
): Uint8Array<ArrayBuffer> {
  return join(
    pickleOf(join(0x8a, 10, little(0x1950a86a20f9469cfc6cn, 10))),
    pickleOf(join("M", little(1001, 2))),
    pickleOf(p.dict([p.text("little_endian"), join(littleEndian ? 0x88 : 0x89)])),
    pickleOf(root),
    pickleOf(p.list(...storages.map(([key]) => p.text(key)))),
    ...storages.flatMap(([, count, bytes]) => [little(count, 8), bytes]),
  );
}

/** Float32 numbers as bytes. */
export function floats(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from(values).buffer);
}
