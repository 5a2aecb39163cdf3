/**
 * The readers of files that strangers give, as functions of bytes, and what they may answer. Whatever the bytes are, a
 * reader gives what it read, or throws a SyntaxError, RangeError or TypeError of one line that begins with "Cannot". It
 * asks for no more memory than the file can mean. The module runs in any runtime: tools/fuzz bundles it for Node.
 *
 * @module
 */
import { type ByteSource, toByteSource } from "../../src/bytes/byte_source.ts";
import { parseLabels } from "../../src/classifier/descriptions/label_files.ts";
import { parseOnnxSettings } from "../../src/classifier/descriptions/settings.ts";
import { parseBoxes } from "../../src/faithfulness/boxes.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { readHeader } from "../../src/image/header.ts";
import { ImageError } from "../../src/image/types.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { decodeCheckpoint } from "../../src/ptame/training/checkpoint.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32, type TensorTable } from "../../src/weights/tensor_table.ts";
import { parseTorch } from "../../src/weights/torch/mod.ts";
import { readWeightFile } from "../../src/weights/weight_file.ts";

/** The shape of the head in the fixtures of checkpoints. */
const SHAPE = { channels: [2, 3], sizes: [8, 4], classes: 3 };

const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The readers, by name. */
export const FOREIGN_READERS = {
  safetensors: (bytes) => readTensors(bytes, parseSafetensors(counting(bytes))),
  torch: (bytes) => {
    readTensors(bytes, parseTorch(counting(bytes)));
    parseTorch(counting(bytes), { leaveOut: true });
    readWeightFile("f", counting(bytes));
  },
  onnx: (bytes) => {
    inspectOnnx(bytes);
    loadOnnx(bytes);
  },
  "onnx in float32": (bytes) => {
    loadOnnx(bytes, { float32: true });
  },
  head: async (bytes) => {
    (await readHead(bytes, "h")).row(0);
  },
  checkpoint: (bytes) => {
    decodeCheckpoint(bytes, SHAPE);
  },
  labels: (bytes) => {
    parseLabels(asText(bytes), "labels.txt");
  },
  settings: (bytes) => {
    parseOnnxSettings(asText(bytes), "model.json");
  },
  boxes: (bytes) => {
    parseBoxes(asText(bytes), "boxes.json");
  },
  "image header": (bytes) => {
    readHeader(bytes);
  },
} satisfies Readonly<Record<string, (bytes: Uint8Array) => void | Promise<void>>>;

/** A source that notices when a reader asks for much more than there is. */
function counting(bytes: Uint8Array): ByteSource {
  let asked = 0;
  const source = toByteSource(bytes);
  return {
    size: source.size,
    read: (offset, length) => {
      const part = source.read(offset, length);
      asked += length;
      claim(asked < 100 * bytes.length + (1 << 20), `${asked} bytes were asked for of ${bytes.length}`);
      return part;
    },
  };
}

/** Reads what a table says, as a network would. */
function readTensors(bytes: Uint8Array, table: TensorTable): void {
  for (const entry of table.tensors.values()) {
    const count = entry.shape.reduce((product, size) => product * size, 1);
    claim(count <= Math.max(bytes.length, 1 << 20), `${entry.name} claims ${count} elements`);
    if (!entry.type.includes("float")) continue;
    claim(readFloat32(bytes, entry).length === count, `${entry.name} gives other numbers than it claims`);
  }
}

/** Throws what no reader may throw. */
function claim(right: boolean, otherwise: string): void {
  if (!right) throw new Error(otherwise);
}

/** What is wrong with an error of a reader; `undefined` where it is as it should be. */
export function wrongError(error: unknown): string | undefined {
  if (error instanceof ImageError) return undefined;
  const known = error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError;
  if (!known) return `it threw ${error instanceof Error ? error.stack : error}`;
  const { message } = error;
  // Our errors say what could not be done; others come from a place that did not expect the file.
  if (!/^Cannot /.test(message)) return `its error is not ours: ${error.stack}`;
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(message)) {
    return `its error has control characters: ${JSON.stringify(message)}`;
  }
  return message.length > 1000
    ? `its error has ${message.length} characters: ${message.slice(0, 200)}`
    : undefined;
}
