/**
 * Bytes that may stay where they are: a file on disk of half a gigabyte is read tensor by tensor, one in memory is
 * looked at without a copy.
 *
 * Reading is synchronous, because the runtime asks for a tensor in the middle of loading a model.
 *
 * @module
 */

/** A file's bytes, read in parts. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /**
   * The bytes from `offset`, `length` of them: a view where they are in memory, else a copy.
   *
   * @throws {RangeError} When they are not all inside.
   */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes in memory as a source; a source as it is. */
export function sourceOf(content: ByteSource | Uint8Array): ByteSource {
  if (!(content instanceof Uint8Array)) return content;
  const bytes = content;
  return {
    size: bytes.length,
    read: (offset, length) => {
      checkInside(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/**
 * Refuses a part that is not inside `size` bytes.
 *
 * @throws {RangeError} When it is not.
 */
export function checkInside(size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset + length > size) {
    throw new RangeError(`Cannot read bytes ${offset} to ${offset + length} of ${size}`);
  }
}
