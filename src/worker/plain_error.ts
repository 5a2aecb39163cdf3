/**
 * Errors as plain data: what crosses a thread keeps its class and its fields, so that a caller catches there what it
 * catches here.
 *
 * @module
 */
import { ImageError } from "../image/types.ts";
import { NoHeadError, TrainingError, UnknownBackboneError } from "../ptame/errors.ts";
import { DeviceError, ModelError, RunError } from "../runtime/errors.ts";
import { DownloadError } from "../weights/download/errors.ts";

/** An error that can be posted. */
export interface PlainError {
  /** Name of its class. */
  readonly name: string;
  /** Its line. */
  readonly message: string;
  /** Its further fields, as far as they are plain data. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const CLASSES = new Map<string, { readonly prototype: Error }>(
  [
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

/** What belongs to every error, or must not leave its thread. */
const OWN = new Set(["name", "message", "stack", "cause"]);

/** What is thrown, as data. */
export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown), fields: {} };
  const fields = Object.entries(thrown).filter(([name, value]) => !OWN.has(name) && isPlain(value));
  return { name: thrown.name, message: thrown.message, fields: Object.fromEntries(fields) };
}

/** The error again; of a class that is unknown here it keeps the name. */
export function errorFrom({ name, message, fields }: PlainError): Error {
  const error = new Error(message);
  const known = CLASSES.get(name);
  // Not by its constructor: each takes other things than what it keeps.
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  return Object.assign(error, fields, { name });
}

/** Whether a value can be posted as it is: functions and instances of classes cannot, or lose theirs. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "symbol";
  }
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
