// deno-lint-ignore-file no-control-regex
/**
 * What a file seems to be by its first bytes, for errors about files that are not what their names say.
 *
 * @module
 */

/** First bytes of formats, as latin-1 text, and what an error calls them. */
const SIGNATURES: readonly (readonly [start: RegExp, what: string])[] = [
  [/^\s*<(!doctype|html|\?xml)/i, "a web page"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS, not the file itself"],
  [/^\x1f\x8b/, "compressed with gzip"],
  [/^\x89HDF/, "an HDF5 file"],
  [/^.{257}ustar/s, "a tar archive"],
  [/^\xff\xd8\xff|^\x89PNG\r\n|^GIF8|^RIFF.{4}WEBP/s, "an image"],
  [/^PK\x03\x04/, "a zip archive, such as a PyTorch file"],
  [/^\x80[\x02-\x05]/, "a pickle, such as a PyTorch file"],
  // The length of the header, whose upper four bytes are 0, then the header.
  [/^.{4}\0{4}\{/s, "a safetensors file"],
  [/^.{4}TFL3/s, "a TensorFlow Lite model"],
  // Field 1 of a ModelProto, the version, and field 2, the producer, or 7, the graph.
  [/^\x08[\0-\x20][\x12\x3a]/, "an .onnx model"],
  [/^[\t\r\n\x20-\x7e]+$/, "a text"],
];

/** What a file seems to be, in words that follow "it is"; "something else" if nothing is known. */
export function likeness(start: Uint8Array): string {
  if (start.length === 0) return "empty";
  // Not TextDecoder: its "latin1" is Windows-1252, which has other characters for 0x80 to 0x9f.
  const text = String.fromCharCode(...start.subarray(0, 512));
  return SIGNATURES.find(([pattern]) => pattern.test(text))?.[1] ?? "something else";
}
