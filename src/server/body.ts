/**
 * Reads a body of limited size. A body that declares a larger size is refused unread; one that exceeds the limit is
 * aborted.
 *
 * @module
 */
import { HttpError } from "./errors.ts";

/** Options for reading a body. */
export interface BodyOptions {
  /** Maximum number of bytes. */
  readonly maxBytes: number;
  /** Stops the reading; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Name in errors; "the body" by default. */
  readonly what?: string;
  /** Called for every part that arrives, with its number of bytes; may throw. */
  readonly onPart?: (bytes: number) => void;
}

const BODY = "the body";

function tooLarge(maxBytes: number, what: string): HttpError {
  return new HttpError(413, "body_too_large", `Cannot read ${what}: it exceeds ${maxBytes} bytes`);
}

/** Refuses a body that declares more than `maxBytes`. */
export function checkLength(headers: Headers, maxBytes: number, what: string = BODY): void {
  const length = Number(headers.get("content-length") ?? 0);
  if (length > maxBytes) throw tooLarge(maxBytes, what);
}

/**
 * The bytes of a body, or of any stream.
 *
 * @throws {HttpError} When it is too long (413), or its sender stops early (400).
 */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  { maxBytes, signal, what = BODY, onPart }: BodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const stop = () => {
    reader.cancel(signal.reason).catch(() => {});
  };
  signal.addEventListener("abort", stop, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      size += value.length;
      if (size > maxBytes) throw tooLarge(maxBytes, what);
      onPart?.(value.length);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof HttpError || signal.aborted) throw error;
    throw new HttpError(400, "incomplete_body", `Cannot read ${what}: its sender stopped early`);
  } finally {
    signal.removeEventListener("abort", stop);
    reader.releaseLock();
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads and discards the rest of a refused request's body, up to a limit of bytes and time, because many clients read
 * the response only after sending everything. Never throws.
 */
export async function discardBody(request: Request, maxBytes: number, milliseconds: number): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    return await request.body.cancel().catch(() => {});
  }
  const reader = request.body.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), milliseconds);
  try {
    for (let left = maxBytes; left >= 0;) {
      const { done, value } = await reader.read();
      if (done) break;
      left -= value.length;
    }
  } catch {
    // The client has disconnected.
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}
