/**
 * Reads files by `file:` URL where `fetch` does not: Node's has no such scheme. Deno's has, and asks for no more than
 * read permission, so there `fetch` stays the way.
 *
 * @module
 */
import { loadBuiltinModule } from "./builtin.ts";

interface FileSystem {
  readFile(path: URL, options: { signal?: AbortSignal }): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The bytes of a file, or undefined where `fetch` is the way to them.
 *
 * @throws {Error} When it cannot be read; the message is the system's reason alone.
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
  // Node gives a Buffer, whose methods differ, and may have cut it from a larger one.
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return whole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

/** Node's "ENOENT: no such file or directory, open '…'" without its code and path, which callers name themselves. */
function systemReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return /^E[A-Z]+: ([^,]+)/.exec(text)?.[1] ?? text;
}
