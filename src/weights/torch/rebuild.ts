/**
 * Creates tensors and storages from the arguments in PyTorch's pickles, and checks each claim against the storage.
 * Another module checks that the file contains the storage.
 *
 * Source of the arguments: the documentation of `torch.save` and what it writes, versions 0.2 to 2.9.
 *
 * @module
 */
import { shortened } from "../../text/foreign_text.ts";
import { ELEMENTS, STORAGE_CLASSES } from "./elements.ts";
import { isKind, kindName, type Pickled, type PickledStorage, type PickledTensor } from "./values.ts";

/** PyTorch itself allows 64 dimensions. */
const MOST_DIMENSIONS = 64;

/** A whole number of at least zero. */
function size(value: Pickled | undefined, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    return value;
  }
  const written = typeof value === "number" || typeof value === "bigint" ? String(value) : kindName(value);
  throw new RangeError(`it has a ${what} of ${shortened(written)}`);
}

function sizes(value: Pickled | undefined, what: string): number[] {
  if (!isKind(value, "tuple") && !isKind(value, "list")) {
    throw new SyntaxError(`it has a tensor whose ${what} is a ${shortened(kindName(value))}`);
  }
  if (value.items.length > MOST_DIMENSIONS) {
    throw new RangeError(`it has a tensor of ${value.items.length} dimensions`);
  }
  return value.items.map((item) => size(item, `tensor's ${what}`));
}

/**
 * A tensor of the arguments (storage, offset, shape, strides, …, element type as the seventh if it is `typed`).
 *
 * @throws {RangeError} When it exceeds its storage.
 */
export function rebuiltTensor(args: readonly Pickled[], { typed = false } = {}): PickledTensor {
  const [storage, start, shapeValue, stridesValue] = args;
  if (!isKind(storage, "storage")) {
    throw new SyntaxError(`it has a tensor on a ${shortened(kindName(storage))} in place of a storage`);
  }
  const dtype = typed ? args[6] : undefined;
  const element = typed
    ? ELEMENTS.get(isKind(dtype, "global") ? dtype.name.slice("torch.".length) : "")
    : storage.element;
  if (element === undefined) {
    throw new SyntaxError(`it has a tensor of the type ${shortened(kindName(dtype))}`);
  }
  const offset = size(start, "tensor's offset");
  const shape = sizes(shapeValue, "shape");
  const strides = sizes(stridesValue, "strides");
  if (shape.length !== strides.length) {
    throw new SyntaxError(`it has a tensor of ${shape.length} dimensions with ${strides.length} strides`);
  }
  const available = storage.count * storage.element.bytes;
  const needed = (offset + extent(shape, strides)) * element.bytes;
  if (!(needed <= available)) {
    throw new RangeError(
      `it has a tensor [${shape.join(", ")}] that ends at byte ${needed} of a storage of ${available}`,
    );
  }
  return { kind: "tensor", storage, element, offset, shape, strides };
}

/** Number of elements from the first of a tensor to the end of its last; 0 if it is empty. */
export function extent(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 1);
}

/**
 * A storage of the identifier ("storage", class, key, device, count), and in old files a view into it: (key, start, count).
 *
 * @throws {SyntaxError} When it is not a storage.
 */
export function identifiedStorage(id: Pickled): PickledStorage {
  const [kind, type, key, , count, view] = isKind(id, "tuple") ? id.items : [];
  const element = isKind(type, "global") ? STORAGE_CLASSES.get(type.name) : undefined;
  if (kind !== "storage" || element === undefined || typeof key !== "string") {
    throw new SyntaxError(
      `it refers to a ${shortened(kindName(id))} outside its pickle that is not a storage`,
    );
  }
  const whole = size(count, "storage's size");
  if (view === undefined || view === null) {
    return { kind: "storage", key, element, whole, start: 0, count: whole };
  }
  const [, start, part] = isKind(view, "tuple") ? view.items : [];
  const from = size(start, "view's offset");
  const length = size(part, "view's size");
  if (from + length > whole) {
    throw new RangeError(`it has a view of elements ${from} to ${from + length} of a storage of ${whole}`);
  }
  return { kind: "storage", key, element, whole, start: from, count: length };
}
