/**
 * Files of weights as onnxruntime-web takes them. It asks for a `Uint8Array` per file and, while it loads a model, for
 * one `subarray` per tensor, which it copies into its own memory. So a file on disk need not be in memory: this array
 * is empty, and reads each part when it is asked for.
 *
 * @module
 */
import type { ByteSource } from "../bytes/byte_source.ts";

/** An array that has its bytes elsewhere. Only what the runtime uses is there: `byteLength`, `length`, `subarray`. */
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

/** A file of weights for the runtime's `externalData`: as it is where it is in memory, else read when asked for. */
export function externalBytes(content: ByteSource | Uint8Array): Uint8Array {
  return content instanceof Uint8Array ? content : new ExternalBytes(content);
}
