/**
 * The bytes of a file from one address, however often the connection is cut: an attempt begins where the last one
 * ended.
 *
 * The length is known beforehand, so a server that means another file is found out before it is read. What the bytes
 * are worth is not judged here: whoever takes them checks their digest.
 *
 * @module
 */
import delay from "delay";
import { askedWait, type RetryPolicy, waitAfter } from "./back_off.ts";

/** An address that does not give the file; the message says why, without the address. */
export class TransferError extends Error {
  override name = "TransferError";
}

/** A failure that may pass. */
class PassingFailure extends Error {
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;
  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/** What is fetched, and how patiently. */
export interface TransferOptions {
  /** Length of the whole file. */
  readonly bytes: number;
  /** Bytes that are there already; the first one given is the one after them. */
  readonly offset: number;
  readonly policy: RetryPolicy;
  /** Called before a wait. */
  readonly onRetry: (reason: string, milliseconds: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives the bytes from `offset` to the end of the file, in order.
 *
 * @throws {TransferError} When the address does not give them.
 */
export async function* transfer(url: string, options: TransferOptions): AsyncGenerator<Uint8Array> {
  const { bytes, policy, onRetry, signal } = options;
  const state: State = { at: options.offset, tag: undefined };
  for (let failures = 0; state.at < bytes;) {
    const begun = state.at;
    try {
      yield* attempt(url, state, options);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingFailure)) throw error;
      failures = state.at > begun ? 1 : failures + 1;
      if (failures >= policy.attempts) {
        throw new TransferError(`${error.message} (${failures} attempts)`, { cause: error });
      }
      if (error.wait !== undefined && error.wait > policy.longestAsked) {
        const seconds = Math.ceil(error.wait / 1000);
        throw new TransferError(`${error.message} and asks to wait ${seconds} s`, { cause: error });
      }
      const wait = error.wait ?? waitAfter(failures, policy);
      onRetry(error.message, wait);
      await delay(wait, signal === undefined ? {} : { signal });
    }
  }
}

/** How far a transfer is. */
interface State {
  /** Bytes that are there. */
  at: number;
  /** The server's own mark of the file's version. */
  tag: string | undefined;
}

/** One request; `state` counts what it gives. */
async function* attempt(url: string, state: State, options: TransferOptions): AsyncGenerator<Uint8Array> {
  const { bytes, policy, signal } = options;
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), policy.stall);
  };
  const both = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const failed = (error: unknown, otherwise: string) => {
    if (silence.signal.aborted) {
      return new PassingFailure(`the server is silent for ${Math.round(policy.stall / 1000)} s`);
    }
    // Deno's own permissions are no fault of the server.
    if (error instanceof Error && error.name === "NotCapable") return new TransferError(error.message);
    return new PassingFailure(otherwise);
  };

  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    listen();
    let response: Response;
    try {
      response = await fetch(url, { headers: headersFor(state), signal: both });
    } catch (error) {
      throw failed(error, "the server cannot be reached");
    }
    body = response.body?.getReader();
    let skip = bytesBefore(response, state, bytes);
    while (body !== undefined) {
      listen();
      let part: ReadableStreamReadResult<Uint8Array>;
      try {
        part = await body.read();
      } catch (error) {
        throw failed(error, `the connection was cut at byte ${state.at} of ${bytes}`);
      }
      if (part.done) break;
      const chunk = part.value.subarray(Math.min(skip, part.value.length));
      skip -= part.value.length - chunk.length;
      if (state.at + chunk.length > bytes) {
        throw new TransferError(`the server sends more than the ${bytes} bytes of the file`);
      }
      if (chunk.length === 0) continue;
      state.at += chunk.length;
      // Whoever takes the chunk may be slow; that is no silence of the server.
      clearTimeout(timer);
      yield chunk;
    }
    if (state.at < bytes) throw new PassingFailure(`the connection was cut at byte ${state.at} of ${bytes}`);
  } finally {
    clearTimeout(timer);
    await body?.cancel().catch(() => {});
  }
}

function headersFor({ at, tag }: State): Record<string, string> {
  // Compressed on the way, bytes could not be counted.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (at > 0) headers["range"] = `bytes=${at}-`;
  // A page would need the server's leave to send this one (CORS); it compares the tags of the answers alone.
  if (at > 0 && tag !== undefined && "Deno" in globalThis) headers["if-range"] = tag;
  return headers;
}

/**
 * Reads an answer's head: how many bytes of its body are here already, all of them where a server does not know
 * ranges and begins anew.
 */
function bytesBefore(response: Response, state: State, bytes: number): number {
  const { status, headers } = response;
  if (status === 429 || status === 408 || status >= 500) {
    throw new PassingFailure(`the server answered ${status}`, askedWait(headers.get("retry-after")));
  }
  if (status === 416) {
    throw new TransferError(`the server's file ends before byte ${state.at} of ${bytes}`);
  }
  if (status !== 200 && status !== 206) throw new TransferError(`the server answered ${status}`);

  // A login page, of a network that wants one, has no length that would give it away.
  if (/^text\/html/i.test(headers.get("content-type") ?? "")) {
    throw new TransferError("the server sends a web page, not the file");
  }

  const tag = headers.get("etag") ?? undefined;
  if (state.tag !== undefined && tag !== undefined && tag !== state.tag) {
    throw new TransferError("the file changed there during the download");
  }
  // A weak tag does not promise the same bytes.
  if (tag !== undefined && !tag.startsWith("W/")) state.tag = tag;

  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
  const whole = status === 206 ? range?.[2] : headers.get("content-length");
  const coded = headers.has("content-encoding");
  if (whole !== undefined && whole !== null && whole !== "*" && Number(whole) !== bytes && !coded) {
    const type = headers.get("content-type");
    throw new TransferError(
      `the server has ${whole} bytes there${type === null ? "" : ` (${type})`}, not ${bytes}`,
    );
  }
  if (status === 200) return state.at;
  const first = range === null ? state.at : Number(range[1]);
  if (first > state.at) throw new TransferError(`the server sends from byte ${first}, not ${state.at}`);
  return state.at - first;
}
