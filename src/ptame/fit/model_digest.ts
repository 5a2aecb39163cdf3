/**
 * The digest that binds a head to the classifier that it was made for: another version of the file has other classes or
 * other weights, and the head would explain something else.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import { toByteSource } from "../../bytes/byte_source.ts";
import type { OnnxModel } from "../../classifier/onnx/model.ts";

/** SHA-256 of an .onnx file and its external data, in the order of their names, as hexadecimal digits. */
export async function modelDigest({ onnx, externalData = new Map() }: OnnxModel): Promise<string> {
  const digest = async (bytes: Uint8Array) =>
    uint8ArrayToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
  const parts = [await digest(onnx)];
  for (const name of [...externalData.keys()].sort()) {
    const source = toByteSource(externalData.get(name)!);
    parts.push(name, await digest(source.read(0, source.size)));
  }
  return parts.length === 1 ? parts[0]! : await digest(new TextEncoder().encode(parts.join("\n")));
}
