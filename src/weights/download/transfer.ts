/**
 * Transfers a file from one address. If the connection is interrupted, the next attempt continues at the last byte.
 *
 * The length is known in advance, so a server with another file is detected before reading. The bytes are not verified
 * here; the receiver checks their digest.
 *
 * @module
 */
import delay from "delay";
import { askedWait, type RetryPolicy, waitAfter } from "./back_off.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { isWebPage } from "../web_page.ts";

/** A failed address; the message gives the reason, without the address. */
export class TransferError extends Error {
  override name = "TransferError";
}

/** A temporary failure. */
class PassingFailure extends Error {
  /** Wait requested by the server, in milliseconds. */
  readonly wait: number | undefined;
  constructor(message: string, wait?: number) {
    super(message);
    this.wait = wait;
  }
}

/** Options of a transfer. */
export interface TransferOptions {
  /** Length of the whole file. */
  readonly bytes: number;
  /** Number of bytes already stored; the transfer starts after them. */
  readonly offset: number;
  readonly policy: RetryPolicy;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called before a wait. */
  readonly onRetry: (reason: string, milliseconds: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives the bytes from `offset` to the end of the file, in order.
 *
 * @throws {TransferError} When the address fails.
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
      await delay(wait, withoutUndefined({ signal }));
    }
  }
}

/** Progress of a transfer. */
interface State {
  /** Number of bytes received. */
  at: number;
  /** The server's entity tag of the file's version. */
  tag: string | undefined;
}

/** One request; `state` counts its bytes. */
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
      return new PassingFailure(`the server sent nothing for ${Math.round(policy.stall / 1000)} s`);
    }
    // A missing Deno permission is not the server's fault.
    if (error instanceof Error && error.name === "NotCapable") return new TransferError(error.message);
    return new PassingFailure(otherwise);
  };

  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    listen();
    let response: Response;
    try {
      response = await fetch(url, { headers: { ...options.headers, ...headersFor(state) }, signal: both });
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
      // The receiver of the chunk may be slow; that does not count as silence of the server.
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
  // A compressed transfer would make byte counts impossible.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (at > 0) headers["range"] = `bytes=${at}-`;
  // A page would need the server's permission to send this header (CORS), so it only compares the tags of the
  // responses.
  if (at > 0 && tag !== undefined && "Deno" in globalThis) headers["if-range"] = tag;
  return headers;
}

/**
 * Reads the head of a response: how many bytes of its body are already stored; all of them if the server does not
 * support ranges and starts again.
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

  // The length of a network's login page does not reveal it.
  if (isWebPage(headers)) {
    throw new TransferError("the server sends a web page, not the file");
  }

  const tag = headers.get("etag") ?? undefined;
  if (state.tag !== undefined && tag !== undefined && tag !== state.tag) {
    throw new TransferError("the file changed on the server during the download");
  }
  // A weak tag does not guarantee the same bytes.
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
  if (first > state.at) throw new TransferError(`the server sends bytes from ${first}, not ${state.at}`);
  return state.at - first;
}
