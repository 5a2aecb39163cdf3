/**
 * The answering end of a port: calls run side by side, each may be stopped and may report while it runs.
 *
 * @module
 */
import type { Answer, NewCall, Port, Question } from "./messages.ts";
import { plainError } from "./plain_error.ts";

/** Context of a method, besides its parameters. */
export interface CallContext<Progress> {
  /** Aborted when the caller stops the call. */
  readonly signal: AbortSignal;
  /** Reports to the caller. */
  readonly report: (progress: Progress) => void;
  /** Marks a buffer of the result for transfer to the caller. */
  readonly handOver: (buffer: Transferable) => void;
}

/** Methods by name. */
export type CallHandlers<Progress> = Readonly<
  Record<string, (parameters: never, context: CallContext<Progress>) => unknown>
>;

/** Answers the calls that arrive at a port. */
export function serveCalls<Progress>(port: Port, handlers: CallHandlers<Progress>): void {
  const running = new Map<number, AbortController>();

  const answer = async ({ call, method, parameters }: NewCall) => {
    const stopper = new AbortController();
    running.set(call, stopper);
    const send = (answer: Answer, transfer: Transferable[] = []) => port.postMessage(answer, transfer);
    const transfer: Transferable[] = [];
    try {
      const result = await handlers[method]!(parameters as never, {
        signal: stopper.signal,
        report: (progress) => send({ call, progress }),
        handOver: (buffer) => transfer.push(buffer),
      });
      send({ call, result }, transfer);
    } catch (error) {
      send({ call, error: plainError(error) });
    } finally {
      running.delete(call);
    }
  };
  port.addEventListener("message", (event) => {
    const question = (event as MessageEvent<Question>).data;
    if ("stop" in question) running.get(question.call)?.abort();
    else void answer(question);
  });
  port.start?.();
}
