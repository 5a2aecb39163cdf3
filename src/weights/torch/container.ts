/**
 * The two forms that `torch.save` has had: since 1.6 a zip archive with the pickle and one entry per storage, before it
 * a sequence of pickles followed by the storages. Both give the pickled object and the position of each storage.
 *
 * Source of the forms: PyTorch's notes "Serialization semantics" and what its versions write.
 *
 * @module
 */
import { shortened } from "../../text/foreign_text.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import { openCursor } from "./cursor.ts";
import { globalNamed, type NameOptions } from "./names.ts";
import type { PickleNames } from "./machine.ts";
import { readPickle } from "./pickle.ts";
import { identifiedStorage } from "./rebuild.ts";
import { isKind, kindName, type LeftOut, type Pickled, type PickledStorage } from "./values.ts";
import { readZip } from "./zip.ts";

/** A part of a file. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A file of PyTorch, opened. */
export interface TorchContainer {
  /** The object that was saved. */
  readonly root: Pickled;
  /** The form of the file. */
  readonly form: "zip" | "pickle sequence";
  /** Position of a storage's bytes; `undefined` if the file has no storage with that name. */
  locate(storage: PickledStorage): Span | undefined;
}

/** Maximum size of a pickle; a larger one is not a table of tensors. */
const MAX_PICKLE_BYTES = 128 << 20;
/** The magic number of the old form. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const SEQUENCE_VERSION = 1001;

/**
 * Opens a file of either form; storages are not read.
 *
 * Error messages give only the reason, because the caller knows the file's name.
 *
 * @throws {SyntaxError} When it has neither form, or requests something that is not allowed.
 * @throws {RangeError} When it claims bytes that it does not have.
 */
export function openTorch(source: ByteSource, options: NameOptions = {}): TorchContainer {
  const start = source.read(0, Math.min(4, source.size));
  if (isZip(start)) return openArchive(source, options);
  if (isPickle(start)) return openSequence(source, options);
  throw new SyntaxError("it is not a PyTorch file: it starts with neither a zip archive nor a pickle");
}

/** Whether bytes begin like a zip archive. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5);
}

/** Whether bytes begin like a pickle of protocol 2 or later. */
export function isPickle(start: Uint8Array): boolean {
  return start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5;
}

function pickleNames(options: NameOptions): PickleNames {
  return { global: (module, name) => globalNamed(module, name, options), persistent: identified };
}

/** The value of an identifier: a storage, or the class of a module, with which the old form stores source code. */
function identified(id: Pickled): PickledStorage | LeftOut {
  const [kind, type] = isKind(id, "tuple") ? id.items : [];
  return kind === "module" && isKind(type, "left out") ? type : identifiedStorage(id);
}

function openArchive(source: ByteSource, options: NameOptions): TorchContainer {
  const entries = readZip(source);
  // The folder is named after the file that was saved, or "archive".
  const folder = /^[^/]*\//.exec(entries.keys().next().value ?? "")?.[0] ?? "";
  const pickle = entries.get(`${folder}data.pkl`);
  if (pickle === undefined) {
    throw new SyntaxError("it is a zip archive without data.pkl, which PyTorch writes");
  }
  if (entries.has(`${folder}constants.pkl`)) {
    throw new SyntaxError("it is a program of TorchScript; save the model's state_dict() instead");
  }
  for (const { name, compressed } of entries.values()) {
    if (compressed) {
      throw new SyntaxError(
        `its entry ${shortened(name)} is compressed; PyTorch stores entries uncompressed`,
      );
    }
  }
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined) {
    const written = new TextDecoder().decode(source.read(order.offset, Math.min(order.length, 16)));
    if (written.trim() !== "little") {
      throw new SyntaxError(`its numbers have the byte order ${shortened(written)}, not little`);
    }
  }
  if (pickle.length > MAX_PICKLE_BYTES) {
    throw new RangeError(`its pickle has ${pickle.length} bytes, more than the limit of ${MAX_PICKLE_BYTES}`);
  }
  const cursor = openCursor(source, { offset: pickle.offset, end: pickle.offset + pickle.length });
  return {
    root: readPickle(cursor, pickleNames(options)),
    form: "zip",
    locate: ({ key }) => entries.get(`${folder}data/${key}`),
  };
}

function openSequence(source: ByteSource, options: NameOptions): TorchContainer {
  const cursor = openCursor(source, { offset: 0, end: source.size });
  const storages = new Map<string, PickledStorage>();
  const names = pickleNames(options);
  const noNames: PickleNames = {
    global: (module, name) => globalNamed(module, name, {}),
    persistent: () => {
      throw new SyntaxError("it has tensors before its table");
    },
  };
  const magic = readPickle(cursor, noNames);
  if (magic !== MAGIC) throw new SyntaxError("it is a pickle, but not from torch.save()");
  const version = readPickle(cursor, noNames);
  if (version !== SEQUENCE_VERSION) {
    throw new SyntaxError(`it has the version ${shortened(String(version))}, not ${SEQUENCE_VERSION}`);
  }
  const system = readPickle(cursor, noNames);
  if (!isKind(system, "dict") || system.entries.get("little_endian") !== true) {
    throw new SyntaxError("its numbers are not little-endian");
  }
  const root = readPickle(cursor, {
    ...names,
    persistent: (id) => {
      const storage = identified(id);
      if (!isKind(storage, "storage")) return storage;
      const before = storages.get(storage.key) ?? storage;
      if (before.whole !== storage.whole || before.element !== storage.element) {
        throw new SyntaxError(`it describes the storage ${shortened(storage.key)} in two ways`);
      }
      storages.set(storage.key, storage);
      return storage;
    },
  });
  const keys = readPickle(cursor, noNames);
  if (!isKind(keys, "list")) throw new SyntaxError(`its list of storages is a ${shortened(kindName(keys))}`);
  const spans = new Map<string, Span>();
  let at = cursor.position();
  for (const key of keys.items) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (storage === undefined || spans.has(storage.key)) {
      throw new SyntaxError(
        `it lists a storage ${
          shortened(typeof key === "string" ? key : kindName(key))
        } that it does not have`,
      );
    }
    const length = storage.whole * storage.element.bytes;
    if (at + 8 + length > source.size) {
      throw new RangeError(
        `its storage ${shortened(storage.key)} claims bytes ${at + 8} to ${
          at + 8 + length
        } of ${source.size}`,
      );
    }
    const head = source.read(at, 8);
    const count = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
    if (count !== BigInt(storage.whole)) {
      throw new SyntaxError(
        `its storage ${shortened(storage.key)} has ${count} elements and claims ${storage.whole}`,
      );
    }
    spans.set(storage.key, { offset: at + 8, length });
    at += 8 + length;
  }
  return { root, form: "pickle sequence", locate: ({ key }) => spans.get(key) };
}
