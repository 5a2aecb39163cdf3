/**
 * Ends a request whose server sends nothing for too long.
 *
 * @module
 */
import { PassingFailure, TransferError } from "./attempts.ts";

/** Watches one request. */
export interface Silence {
  /** For the request: stops it when the server is silent, or when the caller stops. */
  readonly signal: AbortSignal;
  /** Starts to wait for the server. */
  listen(): void;
  /** Stops waiting: the server is not asked for anything. */
  rest(): void;
  /** The failure of the request. `otherwise` says why it failed if the server was not silent. */
  failure(error: unknown, otherwise: string): PassingFailure | TransferError;
}

/**
 * Begins to watch a request.
 *
 * @param stall Longest silence, in milliseconds.
 * @param signal Stops the request, too.
 */
export function watchSilence(stall: number, signal: AbortSignal | undefined): Silence {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = () => clearTimeout(timer);
  return {
    signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    listen: () => {
      rest();
      timer = setTimeout(() => silence.abort(), stall);
    },
    rest,
    failure: (error, otherwise) => {
      if (silence.signal.aborted) {
        return new PassingFailure(`the server sent nothing for ${Math.round(stall / 1000)} s`);
      }
      // A missing Deno permission is not the server's fault.
      if (error instanceof Error && error.name === "NotCapable") return new TransferError(error.message);
      return new PassingFailure(otherwise);
    },
  };
}
