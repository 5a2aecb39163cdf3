/**
 * Errors as plain data. An error keeps its class and fields across threads, so callers can catch it as in the library
 * itself.
 *
 * @module
 */
import { AmbiguousClassError } from "../classifier/target.ts";
import { ImageError } from "../image/types.ts";
import { NoHeadError, TrainingError, UnknownBackboneError } from "../ptame/errors.ts";
import { DeviceError, ModelError, RunError } from "../runtime/errors.ts";
import { DownloadError } from "../weights/download/errors.ts";

/** An error that can be posted. */
export interface PlainError {
  /** Name of its class. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Its further fields that are plain data. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const CLASSES = new Map<string, { readonly prototype: Error }>(
  [
    AmbiguousClassError,
    DeviceError,
    DownloadError,
    ImageError,
    ModelError,
    NoHeadError,
    RangeError,
    RunError,
    SyntaxError,
    TrainingError,
    TypeError,
    UnknownBackboneError,
  ].map((known) => [known.name, known]),
);

/** Fields that every error has, or that must not leave the thread. */
const OWN = new Set(["name", "message", "stack", "cause"]);

/** Converts a thrown value to data. */
export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown), fields: {} };
  const fields = Object.entries(thrown).filter(([name, value]) => !OWN.has(name) && isPlain(value));
  return { name: thrown.name, message: thrown.message, fields: Object.fromEntries(fields) };
}

/** Restores the error; if its class is unknown here, it keeps the name. */
export function errorFrom({ name, message, fields }: PlainError): Error {
  const error = new Error(message);
  const known = CLASSES.get(name);
  // Not with its constructor, because each takes other arguments than its fields.
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  return Object.assign(error, fields, { name });
}

/** Whether a value can be posted unchanged; functions cannot, and instances lose their class. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "symbol";
  }
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
