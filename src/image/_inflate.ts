/**
 * Inflates zlib data of a known size with the platform's DecompressionStream, and never beyond that size.
 *
 * @module
 */

/**
 * Inflates `parts`, joined, into exactly `size` bytes.
 *
 * @throws {RangeError} When the data give fewer bytes.
 * @throws {TypeError} When the data are damaged or end early (the platform's own error).
 */
export async function inflate(parts: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const stream = new ReadableStream<BufferSource>({
    start(controller): void {
      for (const part of parts) controller.enqueue(part as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  }).pipeThrough(new DecompressionStream("deflate"));
  const out = new Uint8Array(size);
  let filled = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // Bytes beyond the image are dropped: the header was checked against maxPixels, the stream was not.
    const room = size - filled;
    out.set(value.length > room ? value.subarray(0, room) : value, filled);
    filled += Math.min(value.length, room);
    if (value.length > room) {
      await reader.cancel();
      break;
    }
  }
  if (filled < size) throw new RangeError(`${filled} of ${size} bytes of pixels`);
  return out;
}
