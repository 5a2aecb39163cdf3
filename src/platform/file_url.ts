/**
 * Reads files by `file:` URL. Node's `fetch` does not support that scheme; Deno's does, but the program of its `fetch` takes
 * 50 ms to load, which a start without a network can save.
 *
 * @module
 */
import { loadBuiltinModule } from "./builtin.ts";

interface FileSystem {
  readFile(path: URL, options: { signal?: AbortSignal }): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The bytes of a file, or undefined if the URL is another kind, or this is a page.
 *
 * @throws {Error} When it cannot be read; the message is only the system's reason.
 */
export async function readFileUrl(
  url: URL,
  signal?: AbortSignal | null,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (url.protocol !== "file:") return undefined;
  if ("Deno" in globalThis) {
    try {
      return await Deno.readFile(url, signal ? { signal } : {});
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new Error(systemReason(cause), { cause });
    }
  }
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

/**
 * Node's "ENOENT: no such file or directory, open '…'" and Deno's "No such file or directory (os error 2): readfile '…'"
 * without code and path, which callers name themselves.
 */
function systemReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const deno = /^([^:]+) \(os error \d+\)/.exec(text)?.[1]?.toLowerCase();
  return deno ?? /^E[A-Z]+: ([^,]+)/.exec(text)?.[1] ?? text;
}
