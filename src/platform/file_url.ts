/**
 * Reads files by `file:` URL if `fetch` does not support that scheme, as in Node. Deno's `fetch` supports it and needs
 * only read permission, so it is used there.
 *
 * @module
 */
import { loadBuiltinModule } from "./builtin.ts";

interface FileSystem {
  readFile(path: URL, options: { signal?: AbortSignal }): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The bytes of a file, or undefined if `fetch` can read it.
 *
 * @throws {Error} When it cannot be read; the message is only the system's reason.
 */
export async function readFileUrl(
  url: URL,
  signal?: AbortSignal | null,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (url.protocol !== "file:" || "Deno" in globalThis) return undefined;
  const files = await loadBuiltinModule("node:fs/promises") as FileSystem | undefined;
  if (files === undefined) return undefined;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await files.readFile(url, signal ? { signal } : {});
  } catch (cause) {
    throw new Error(systemReason(cause), { cause });
  }
  // Node gives a Buffer, whose methods differ and which may be a part of a larger one.
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return whole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

/** Node's "ENOENT: no such file or directory, open '…'" without its code and path, which callers name themselves. */
function systemReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return /^E[A-Z]+: ([^,]+)/.exec(text)?.[1] ?? text;
}
