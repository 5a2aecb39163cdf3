/**
 * Entry point for files of weights. The content of a file determines its format, never its name.
 *
 * @module
 */
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { likeness } from "../bytes/likeness.ts";
import { parseSafetensors } from "./safetensors.ts";
import type { TensorTable, WeightFile } from "./tensor_table.ts";
import { isPickle, isZip } from "./torch/container.ts";
import { parseTorch } from "./torch/mod.ts";
import { withoutWrappers } from "./wrappers.ts";

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
      `Cannot read ${name}: it is ${
        likeness(source.read(0, Math.min(512, source.size)))
      }, neither a safetensors nor a PyTorch file`,
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
    return unwrapped(parseSafetensors(source));
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^Cannot read safetensors: /, "");
    const message = `Cannot read ${name}: ${reason}`;
    throw cause instanceof RangeError
      ? new RangeError(message, { cause })
      : new SyntaxError(message, { cause });
  }
}

/** A table with the names that its network gives the tensors. */
function unwrapped(table: TensorTable): TensorTable {
  const { values, prefix } = withoutWrappers(table.tensors);
  if (prefix === "") return table;
  const tensors = new Map([...values].map(([name, entry]) => [name, { ...entry, name }]));
  return { metadata: { ...table.metadata, prefix }, tensors };
}
