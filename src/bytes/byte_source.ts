/**
 * A source of bytes. A large file on disk is read tensor by tensor; a file in memory is viewed without a copy.
 *
 * Reading is synchronous, because the runtime requests tensors while it loads a model.
 *
 * @module
 */

/** A file's bytes, read in parts. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /**
   * The bytes from `offset`, `length` of them: a view if they are in memory, else a copy.
   *
   * @throws {RangeError} When the range exceeds the source.
   */
  read(offset: number, length: number): Uint8Array;
}

/** Wraps bytes in memory as a source; returns a source unchanged. */
export function toByteSource(content: ByteSource | Uint8Array): ByteSource {
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
 * Checks that a range lies within `size` bytes.
 *
 * @throws {RangeError} When it does not.
 */
export function checkInside(size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset + length > size) {
    throw new RangeError(`Cannot read bytes ${offset} to ${offset + length} of ${size}`);
  }
}
