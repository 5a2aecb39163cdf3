/**
 * Bytes that come with this module as text: deflated, in base64.
 *
 * @module
 */
import { base64ToUint8Array } from "uint8array-extras";

/** Unpacks them. */
export async function inflateText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([base64ToUint8Array(text) as Uint8Array<ArrayBuffer>]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
