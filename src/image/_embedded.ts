/**
 * Bytes that come with this module as text: deflated, in base64.
 *
 * @module
 */
import { base64ToUint8Array } from "uint8array-extras";

/** Engines of 2025 and later: a hundred times as fast as characters one by one, 80 ms for half a megabyte. */
interface FromBase64 {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Unpacks them. */
export async function inflateText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const decoded = (Uint8Array as FromBase64).fromBase64?.(text) ?? base64ToUint8Array(text);
  const packed = new Blob([decoded as Uint8Array<ArrayBuffer>]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
