/**
 * Calls over a message port: the messages of both ends, and the calling end. Any number of calls may be open at once;
 * each has a number. Buffers are transferred, so nothing large is copied on the page's thread.
 *
 * @module
 */
import { errorFrom, type PlainError } from "./plain_error.ts";

/** The common part of a Worker, a MessagePort and a worker's global scope. */
export interface Port {
  /** Sends a message; the buffers in `transfer` are transferred. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Listens to messages, and to the port's failures. */
  addEventListener(type: string, listener: (event: Event) => void): void;
  /** Stops listening. */
  removeEventListener(type: string, listener: (event: Event) => void): void;
  /** Starts a port that must be started. */
  start?(): void;
}

/** The start of a call. */
export interface NewCall {
  /** Its number. */
  readonly call: number;
  /** Name of the method. */
  readonly method: string;
  /** Parameters. */
  readonly parameters: unknown;
}

/** From the page to the worker. */
export type Question =
  | NewCall
  /** Stops an open call, like its signal. */
  | { readonly call: number; readonly stop: true };

/** From the worker to the page. */
export type Answer =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: PlainError }
  /** More answers follow. */
  | { readonly call: number; readonly progress: unknown };

/** Options of a call. */
export interface CallOptions {
  /** Buffers to transfer to the worker. */
  readonly transfer?: Transferable[];
  /** Stops the call. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the worker's progress reports. */
  readonly onProgress?: ((progress: never) => void) | undefined;
}

/** The calling end of a port. */
export interface Caller {
  /** Calls a method of the other end. */
  call<T>(method: string, parameters: unknown, options?: CallOptions): Promise<T>;
  /** Stops listening; open calls fail. */
  close(): void;
}

interface OpenCall {
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
}

/** Creates the calling end. */
export function createCaller(port: Port): Caller {
  const open = new Map<number, OpenCall>();
  let calls = 0;
  let broken: Error | undefined;

  const receive = (event: Event) => {
    const answer = (event as MessageEvent<Answer>).data;
    open.get(answer.call)?.settle(answer);
  };
  const failAll = (error: Error) => {
    broken = error;
    for (const { fail } of [...open.values()]) fail(error);
  };
  const breakDown = (event: Event) => {
    // Deno ends the program after an unhandled worker error.
    event.preventDefault();
    const said = (event as ErrorEvent).message;
    failAll(new Error(`Cannot reach the worker: ${said ? said.split("\n")[0] : "it could not be started"}`));
  };
  const listeners = [["message", receive], ["error", breakDown], ["messageerror", breakDown]] as const;
  for (const [type, listener] of listeners) port.addEventListener(type, listener);
  port.start?.();

  function call<T>(method: string, parameters: unknown, options: CallOptions = {}): Promise<T> {
    const { transfer = [], signal, onProgress } = options;
    const number = ++calls;
    return new Promise<T>((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => port.postMessage({ call: number, stop: true } satisfies Question, []);
      const end = () => {
        open.delete(number);
        signal?.removeEventListener("abort", stop);
      };
      open.set(number, {
        settle: (answer) => {
          if ("progress" in answer) return onProgress?.(answer.progress as never);
          end();
          if ("result" in answer) return resolve(answer.result as T);
          // The caller gets exactly the reason that was given.
          reject(signal?.aborted ? signal.reason : errorFrom(answer.error));
        },
        fail: (error) => {
          end();
          reject(error);
        },
      });
      signal?.addEventListener("abort", stop, { once: true });
      try {
        port.postMessage({ call: number, method, parameters } satisfies Question, transfer);
      } catch (cause) {
        end();
        reject(new TypeError(`Cannot send ${method} to the worker: ${(cause as Error).message}`, { cause }));
      }
    });
  }

  return {
    call,
    close: () => {
      for (const [type, listener] of listeners) port.removeEventListener(type, listener);
      failAll(new Error("Cannot reach the worker: the connection is closed"));
    },
  };
}
