/**
 * Finds the entries of a single-disk zip archive, with or without zip64. Nothing is inflated, because PyTorch stores
 * its entries uncompressed. An archive is untrusted: its directory must be where the end record says, and entries must
 * not overlap, so that no byte is counted twice and two readers cannot see two different archives.
 *
 * Source of the format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.
 *
 * @module
 */
import { dataView } from "../../bytes/data_view.ts";
import { shortened } from "../../text/foreign_text.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";

/** One entry and the position of its stored bytes. */
export interface ZipEntry {
  /** Its path inside the archive. */
  readonly name: string;
  /** The position of its first byte of content. */
  readonly offset: number;
  /** Length of its stored content in bytes. */
  readonly length: number;
  /** Whether its content is compressed. */
  readonly compressed: boolean;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_ZIP64 = 0x06064b50;
const LOCATOR_ZIP64 = 0x07064b50;
const LONGEST_COMMENT = 0xffff;
/** A hundred thousand tensors need 10 MB of directory. */
const MAX_DIRECTORY_BYTES = 16 << 20;

/**
 * Reads the directory of an archive.
 *
 * @returns The entries in the order of the directory.
 * @throws {SyntaxError} When it is not an archive, or an entry is encrypted.
 * @throws {RangeError} When its directory or an entry is not inside the file, or two entries overlap.
 */
export function readZip(source: ByteSource): Map<string, ZipEntry> {
  const directory = findDirectory(source);
  const bytes = source.read(directory.offset, directory.length);
  const view = dataView(bytes);
  const entries = new Map<string, ZipEntry>();
  const spans: { name: string; start: number; end: number }[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_HEADER) {
      throw new SyntaxError("its zip directory is damaged");
    }
    const header = directoryHeader(bytes, view, at);
    const name = shortened(header.name);
    if (entries.has(header.name)) throw new SyntaxError(`its zip directory names ${name} twice`);
    const offset = contentOffset(source, header);
    if (offset + header.length > directory.offset) {
      throw new RangeError(
        `its entry ${name} claims bytes ${offset} to ${
          offset + header.length
        }, its directory begins at ${directory.offset}`,
      );
    }
    entries.set(header.name, {
      name: header.name,
      offset,
      length: header.length,
      compressed: header.method !== 0,
    });
    spans.push({ name, start: header.local, end: offset + header.length });
    at = header.next;
  }
  if (entries.size !== directory.count) {
    throw new SyntaxError(`its zip directory has ${entries.size} entries and claims ${directory.count}`);
  }
  spans.sort((a, b) => a.start - b.start);
  spans.forEach(({ name, start }, i) => {
    const before = spans[i - 1];
    if (before !== undefined && before.end > start) {
      throw new RangeError(`its entries ${before.name} and ${name} overlap`);
    }
  });
  return entries;
}

interface Directory {
  readonly offset: number;
  readonly length: number;
  readonly count: number;
}

function findDirectory(source: ByteSource): Directory {
  const length = Math.min(source.size, 22 + LONGEST_COMMENT);
  const start = source.size - length;
  const view = dataView(source.read(start, length));
  let at = length - 22;
  while (
    at >= 0 && !(view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === length)
  ) at--;
  if (at < 0) throw new SyntaxError("its zip directory is missing: the file is cut short or damaged");
  const disks = view.getUint32(at + 4, true);
  const directory: Directory = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const zip64 = readEnd64(source, start + at);
  const end = zip64?.at ?? start + at;
  const { offset, length: size, count } = zip64 ?? directory;
  if (zip64 === undefined && disks !== 0) throw new SyntaxError("its zip archive has several parts");
  if (offset + size !== end) {
    throw new RangeError(
      `its zip directory claims bytes ${offset} to ${offset + size}, and must end at ${end}`,
    );
  }
  if (size > MAX_DIRECTORY_BYTES) {
    throw new RangeError(
      `its zip directory has ${size} bytes, more than the limit of ${MAX_DIRECTORY_BYTES}`,
    );
  }
  return { offset, length: size, count };
}

/** The end record of zip64, if a locator precedes the plain one at `end`. */
function readEnd64(source: ByteSource, end: number): Directory & { at: number } | undefined {
  if (end < 20 + 56) return undefined;
  const locator = dataView(source.read(end - 20, 20));
  if (locator.getUint32(0, true) !== LOCATOR_ZIP64) return undefined;
  const at = exact(locator.getBigUint64(8, true));
  if (at > end - 20 - 56) throw new RangeError(`its zip64 end record claims byte ${at} of ${source.size}`);
  const record = dataView(source.read(at, 56));
  if (record.getUint32(0, true) !== END_ZIP64) throw new SyntaxError("its zip64 end record is damaged");
  return {
    at,
    count: exact(record.getBigUint64(32, true)),
    length: exact(record.getBigUint64(40, true)),
    offset: exact(record.getBigUint64(48, true)),
  };
}

interface DirectoryHeader {
  readonly name: string;
  /** The name's bytes, as the local header must repeat them. */
  readonly nameBytes: Uint8Array;
  /** Length of the stored content in bytes. */
  readonly length: number;
  /** Its compression method; 0 for none. */
  readonly method: number;
  /** The position of the local header. */
  readonly local: number;
  /** The position in the directory of the header after this one. */
  readonly next: number;
}

function directoryHeader(bytes: Uint8Array, view: DataView, at: number): DirectoryHeader {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
    view.getUint16(at + field, true)
  );
  const extraAt = at + 46 + nameLength!;
  const next = extraAt + extraLength! + commentLength!;
  if (next > bytes.length) throw new SyntaxError("its zip directory is damaged");
  const nameBytes = bytes.subarray(at + 46, extraAt);
  // Names that are not UTF-8 show as �; PyTorch writes digits and the name of the file.
  const name = new TextDecoder().decode(nameBytes);
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & 1) !== 0) {
    throw new SyntaxError(`its entry ${shortened(name)} is encrypted`);
  }
  // Only fields that are all ones are in the zip64 extra field, in this order.
  let [stored, length, local] = [20, 24, 42].map((field) => view.getUint32(at + field, true)) as [
    number,
    number,
    number,
  ];
  let wide = extraField(view, extraAt, extraAt + extraLength!, 1);
  const take = (): number => {
    if (wide === undefined || wide.start + 8 > wide.end) {
      throw new SyntaxError(`its entry ${shortened(name)} lacks its zip64 sizes`);
    }
    const value = exact(view.getBigUint64(wide.start, true));
    wide = { start: wide.start + 8, end: wide.end };
    return value;
  };
  if (length === 0xffffffff) length = take();
  if (stored === 0xffffffff) stored = take();
  if (local === 0xffffffff) local = take();
  if (method === 0 && stored !== length) {
    throw new SyntaxError(`its entry ${shortened(name)} is stored, but has ${stored} bytes for ${length}`);
  }
  return { name, nameBytes, length: stored, method, local, next };
}

function extraField(view: DataView, from: number, to: number, wanted: number) {
  for (let at = from; at + 4 <= to;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > to) break;
    if (view.getUint16(at, true) === wanted) return { start: at + 4, end };
    at = end;
  }
  return undefined;
}

/** Start of the content, after the local header, which must exist and agree with the directory. */
function contentOffset(
  source: ByteSource,
  { name, nameBytes, length, method, local }: DirectoryHeader,
): number {
  const headerLength = 30 + nameBytes.length;
  if (local + headerLength > source.size) {
    throw new RangeError(`its entry ${shortened(name)} claims byte ${local} of ${source.size}`);
  }
  const header = source.read(local, headerLength);
  const view = dataView(header);
  const size = view.getUint32(18, true);
  // With bit 3 the sizes follow the content, and are zero here.
  const sizeFits = (view.getUint16(6, true) & 8) !== 0 || size === length || size === 0xffffffff;
  const same = view.getUint32(0, true) === LOCAL_HEADER && view.getUint16(8, true) === method && sizeFits &&
    view.getUint16(26, true) === nameBytes.length &&
    header.subarray(30).every((byte, i) => byte === nameBytes[i]);
  if (!same) throw new SyntaxError(`its entry ${shortened(name)} is not where its zip directory says`);
  return local + headerLength + view.getUint16(28, true);
}

/** A 64-bit number; larger values than a file can have are out of range in any case. */
function exact(value: bigint): number {
  return Number(value);
}
