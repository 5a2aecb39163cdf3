/**
 * Files of weights for onnxruntime-web. It takes one `Uint8Array` per file and, while it loads a model, calls
 * `subarray` once per tensor and copies the result into its own memory. So a file on disk need not be in memory: this
 * array is empty and reads each part on request.
 *
 * @module
 */
import type { ByteSource } from "../bytes/byte_source.ts";

/**
 * An array whose bytes are stored elsewhere. It implements only what the runtime uses: `byteLength`, `length`,
 * `subarray`.
 */
class ExternalBytes extends Uint8Array {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super(0);
    this.#source = source;
  }

  override get byteLength(): number {
    return this.#source.size;
  }

  override get length(): number {
    return this.#source.size;
  }

  override subarray(begin = 0, end = this.#source.size): Uint8Array<ArrayBuffer> {
    return this.#source.read(begin, end - begin) as Uint8Array<ArrayBuffer>;
  }
}

/** A file of weights for the runtime's `externalData`: unchanged if it is in memory, else read on request. */
export function externalBytes(content: ByteSource | Uint8Array): Uint8Array {
  return content instanceof Uint8Array ? content : new ExternalBytes(content);
}
