/**
 * Entry point for files of weights. The content of a file determines its format, never its name.
 *
 * @module
 */
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { parseSafetensors } from "./safetensors.ts";
import type { TensorTable, WeightFile } from "./tensor_table.ts";
import { isPickle, isZip } from "./torch/container.ts";
import { parseTorch } from "./torch/mod.ts";

/** Formats of weights, distinguished by the first bytes of a file. */
export type WeightFormat = "safetensors" | "torch";

/**
 * Reads the table of a file of weights, safetensors or PyTorch's (`.pth`, `.pt`, `.ckpt`). No tensor is read.
 *
 * @param name The file's name, for errors and for the runtime.
 * @throws {SyntaxError} When it has neither format, or is damaged; the message names the apparent format.
 * @throws {RangeError} When it claims bytes that it does not have.
 */
export function readWeightFile(name: string, content: ByteSource | Uint8Array): WeightFile {
  const source = toByteSource(content);
  const format = weightFormat(source);
  if (format === undefined) {
    throw new SyntaxError(
      `Cannot read ${name}: it is ${likeness(source)}, neither a safetensors nor a PyTorch file`,
    );
  }
  return { name, content: source, table: readTable(name, source, format) };
}

/** The format of a file from its first bytes; `undefined` if it is not a weights format. */
export function weightFormat(source: ByteSource): WeightFormat | undefined {
  const start = source.read(0, Math.min(9, source.size));
  if (isZip(start) || isPickle(start)) return "torch";
  // The header's length, whose upper four bytes are 0 in real files, then the header: a JSON object.
  const isHeader = start.length === 9 && start.subarray(4, 8).every((byte) => byte === 0) &&
    start[8] === 0x7b;
  return isHeader ? "safetensors" : undefined;
}

function readTable(name: string, source: ByteSource, format: WeightFormat): TensorTable {
  if (format === "torch") return parseTorch(source, { name });
  try {
    return parseSafetensors(source);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^Cannot read safetensors: /, "");
    const message = `Cannot read ${name}: ${reason}`;
    throw cause instanceof RangeError
      ? new RangeError(message, { cause })
      : new SyntaxError(message, { cause });
  }
}

/** The apparent format of a file that is not a weights file, for common mistakes. */
function likeness(source: ByteSource): string {
  if (source.size === 0) return "empty";
  const bytes = source.read(0, Math.min(512, source.size));
  const start = new TextDecoder("latin1").decode(bytes);
  if (/^\s*<(!doctype|html|\?xml)/i.test(start)) return "a web page";
  if (start.startsWith("version https://git-lfs")) return "a pointer of Git LFS, not the file itself";
  if (start.slice(257, 262) === "ustar") return "a tar archive";
  if (start.startsWith("\x1f\x8b")) return "compressed with gzip";
  if (start.startsWith("\x89HDF")) return "an HDF5 file";
  // Field 1 of a ModelProto, the version, and field 2, the producer, or 7, the graph.
  if (bytes[0] === 0x08 && bytes[1]! <= 0x20 && (bytes[2] === 0x12 || bytes[2] === 0x3a)) {
    return "an .onnx model";
  }
  return "something else";
}
