/**
 * Reading one image of many, where an unreadable one must not end the rest.
 *
 * @module
 */
import { ImageError } from "./types.ts";

/** The result of reading an image, or the {@linkcode ImageError} that says why it cannot be read. */
export async function imageOrError<T>(read: () => Promise<T>): Promise<T | ImageError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}
