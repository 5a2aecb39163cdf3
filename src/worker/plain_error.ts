/**
 * Errors as plain data: what crosses a thread keeps its class, so that a caller catches there what it catches here.
 *
 * @module
 */
import { ImageError } from "../image/types.ts";
import { TrainingError } from "../ptame/training/train_options.ts";
import { DeviceError, ModelError, RunError } from "../runtime/errors.ts";
import { DownloadError } from "../weights/download/download.ts";

/** An error that can be posted. */
export interface PlainError {
  /** Name of its class. */
  readonly name: string;
  /** Its line. */
  readonly message: string;
}

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  DeviceError,
  DownloadError,
  ImageError,
  ModelError,
  RangeError,
  RunError,
  SyntaxError,
  TrainingError,
  TypeError,
};

/** What is thrown, as data. */
export function plainError(thrown: unknown): PlainError {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  return { name: "Error", message: String(thrown) };
}

/** The error again; of a class that is unknown here it keeps the name. */
export function errorFrom({ name, message }: PlainError): Error {
  const known = CLASSES[name];
  return known === undefined ? Object.assign(new Error(message), { name }) : new known(message);
}
