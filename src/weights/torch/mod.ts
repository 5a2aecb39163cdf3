/**
 * Reads PyTorch files (`.pth`, `.pt`, `.ckpt`) of both forms without Python. Nothing in a file is executed; objects
 * that are not tensors are refused by name. Only the table is read, whatever the size of the file: the tensors are not
 * moved, and a runtime can read them directly.
 *
 * @module
 */
import { shortened } from "../../text/foreign_text.ts";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import type { TensorEntry, TensorTable } from "../tensor_table.ts";
import { openTorch, type TorchContainer } from "./container.ts";
import { extent } from "./rebuild.ts";
import { findStateDict, type StateDict } from "./state_dict.ts";
import type { Pickled, PickledTensor } from "./values.ts";

/** Options for reading a PyTorch file. */
export interface TorchOptions {
  /** The file's name in errors; "PyTorch file" by default. */
  readonly name?: string;
  /**
   * Skips objects next to the tensors that are not plain data (such as classes of a training program) instead of
   * refusing the file. They are not executed, either. The dictionary of tensors itself must not contain any.
   */
  readonly leaveOut?: boolean;
}

/** A checkpoint: its tensors, and its other content as plain data. */
export interface TorchCheckpoint {
  /** Its tensors. */
  readonly table: TensorTable;
  /** The object that was saved, as plain data. */
  readonly root: Pickled;
}

/** A tensor may repeat its elements (a stride of zero), but not make a small file claim gigabytes. */
const FREE_ELEMENTS = 1 << 20;
/** Names that the metadata list. */
const MOST_NAMED = 20;

/**
 * Reads the table of a file's tensors.
 *
 * The metadata contain `format` ("torch") and `form` ("zip" or "pickle sequence"), and if applicable: `path`, the keys
 * that led to the tensors; `prefix`, a wrapper's prefix that was removed from every name (`module.`, `_orig_mod.`);
 * `left_out`, names of other entries.
 *
 * @throws {SyntaxError} When it is not such a file, has no dictionary of tensors, or requests anything but tensors.
 * @throws {RangeError} When it claims bytes that it does not have, or would take too much memory.
 */
export function parseTorch(content: ByteSource | Uint8Array, options: TorchOptions = {}): TensorTable {
  return readTorchCheckpoint(content, options).table;
}

/** Reads a file's tensors and its other content; errors as in {@linkcode parseTorch}. */
export function readTorchCheckpoint(
  content: ByteSource | Uint8Array,
  { name = "PyTorch file", leaveOut = false }: TorchOptions = {},
): TorchCheckpoint {
  const source = toByteSource(content);
  try {
    const container = openTorch(source, { leaveOut });
    return {
      root: container.root,
      table: createTable(container, findStateDict(container.root), source.size),
    };
  } catch (cause) {
    const message = `Cannot read ${name}: ${(cause as Error).message}`;
    if (cause instanceof SyntaxError) throw new SyntaxError(message, { cause });
    if (cause instanceof RangeError) throw new RangeError(message, { cause });
    throw cause;
  }
}

function createTable(container: TorchContainer, state: StateDict, size: number): TensorTable {
  const entries = [...state.tensors].map(([name, tensor]) => createEntry(container, name, tensor, size));
  entries.sort((a, b) => a.offset - b.offset || a.length - b.length);
  const metadata: Record<string, string> = { format: "torch", form: container.form };
  if (state.path.length > 0) metadata["path"] = state.path.join(".");
  if (state.prefix !== "") metadata["prefix"] = state.prefix;
  const { leftOut } = state;
  if (leftOut.length > 0) {
    const more = leftOut.length > MOST_NAMED ? ` and ${leftOut.length - MOST_NAMED} more` : "";
    metadata["left_out"] = leftOut.slice(0, MOST_NAMED).map(shortened).join(", ") + more;
  }
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

function createEntry(
  container: TorchContainer,
  name: string,
  tensor: PickledTensor,
  size: number,
): TensorEntry {
  const { storage, element, shape, strides } = tensor;
  const called = `its tensor ${shortened(name)}`;
  if (element.type === undefined) {
    throw new SyntaxError(`${called} has the type ${element.name}, which is not read`);
  }
  const count = shape.reduce((product, length) => product * length, 1);
  if (count > Math.max(size, FREE_ELEMENTS)) {
    throw new RangeError(`${called} claims ${count} elements in a file of ${size} bytes`);
  }
  const span = container.locate(storage);
  const whole = storage.whole * storage.element.bytes;
  if (span === undefined) {
    throw new SyntaxError(`${called} is in the storage ${shortened(storage.key)}, which is missing`);
  }
  if (span.length < whole) {
    throw new RangeError(`${called} is in a storage of ${whole} bytes, of which the file has ${span.length}`);
  }
  const entry = {
    name,
    type: element.type,
    shape,
    offset: span.offset + storage.start * storage.element.bytes + tensor.offset * element.bytes,
    length: extent(shape, strides) * element.bytes,
  };
  return isContiguous(shape, strides) ? entry : { ...entry, strides };
}

/** Whether elements lie in C order without gaps; the stride of a dimension of one element does not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}
