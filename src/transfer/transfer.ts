/**
 * Transfers a file from one address. If the connection is interrupted, the next attempt continues at the last byte.
 *
 * Where the length is known in advance, a server with another file is detected before reading. The bytes are not verified
 * here; the receiver checks their digest.
 *
 * @module
 */
import { PassingFailure, refusePassing, TransferError, waitOrGiveUp } from "./attempts.ts";
import type { RetryPolicy } from "./back_off.ts";
import { watchSilence } from "./silence.ts";
import { isWebPage } from "./web_page.ts";

export { TransferError };

/** Options of a transfer. */
export interface TransferOptions {
  /** Length of the whole file; by default as the first answer says. */
  readonly bytes?: number | undefined;
  /** Number of bytes already stored; the transfer starts after them. */
  readonly offset: number;
  readonly policy: RetryPolicy;
  /** Sent with every request; a function makes them anew for each, because signatures expire. */
  readonly headers?: Readonly<Record<string, string>> | (() => Promise<Record<string, string>>) | undefined;
  /** The entity tag that the file must have. */
  readonly tag?: string | undefined;
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
  const { policy, onRetry, signal } = options;
  const state: State = { at: options.offset, bytes: options.bytes, tag: options.tag };
  for (let failures = 0; state.bytes === undefined || state.at < state.bytes;) {
    const begun = state.at;
    try {
      yield* attempt(url, state, options);
      return;
    } catch (error) {
      failures = state.at > begun ? 1 : failures + 1;
      await waitOrGiveUp(error, failures, { policy, onRetry, signal });
    }
  }
}

/** Progress of a transfer. */
interface State {
  /** Number of bytes received. */
  at: number;
  /** Length of the file, as soon as it is known. */
  bytes: number | undefined;
  /** The server's entity tag of the file's version. */
  tag: string | undefined;
}

/** One request; `state` counts its bytes. */
async function* attempt(url: string, state: State, options: TransferOptions): AsyncGenerator<Uint8Array> {
  const { policy, signal } = options;
  const silence = watchSilence(policy.stall, signal);
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    silence.listen();
    let response: Response;
    try {
      const given = typeof options.headers === "function" ? await options.headers() : options.headers;
      response = await fetch(url, { headers: { ...given, ...headersFor(state) }, signal: silence.signal });
    } catch (error) {
      throw silence.failure(error, "the server cannot be reached");
    }
    body = response.body?.getReader();
    let skip = bytesBefore(response, state);
    const whole = state.bytes ?? Infinity;
    const cut = () => `the connection was cut at byte ${state.at} of ${state.bytes ?? "an unknown number"}`;
    while (body !== undefined) {
      silence.listen();
      let part: ReadableStreamReadResult<Uint8Array>;
      try {
        part = await body.read();
      } catch (error) {
        throw silence.failure(error, cut());
      }
      if (part.done) break;
      const chunk = part.value.subarray(Math.min(skip, part.value.length));
      skip -= part.value.length - chunk.length;
      if (state.at + chunk.length > whole) {
        throw new TransferError(`the server sends more than the ${whole} bytes of the file`);
      }
      if (chunk.length === 0) continue;
      state.at += chunk.length;
      // The receiver of the chunk may be slow; that does not count as silence of the server.
      silence.rest();
      yield chunk;
    }
    if (state.bytes !== undefined && state.at < state.bytes) throw new PassingFailure(cut());
  } finally {
    silence.rest();
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
function bytesBefore(response: Response, state: State): number {
  const { status, headers } = response;
  refusePassing(response);
  if (status === 416) {
    throw new TransferError(`the server's file ends before byte ${state.at} of ${state.bytes}`);
  }
  if (status !== 200 && status !== 206) {
    throw new TransferError(`the server answered ${status}`, { status });
  }

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
  if (whole !== undefined && whole !== null && whole !== "*" && !coded) {
    state.bytes ??= Number(whole);
    if (Number(whole) !== state.bytes) {
      const type = headers.get("content-type");
      throw new TransferError(
        `the server has ${whole} bytes there${type === null ? "" : ` (${type})`}, not ${state.bytes}`,
      );
    }
  }
  if (status === 200) return state.at;
  const first = range === null ? state.at : Number(range[1]);
  if (first > state.at) throw new TransferError(`the server sends bytes from ${first}, not ${state.at}`);
  return state.at - first;
}
