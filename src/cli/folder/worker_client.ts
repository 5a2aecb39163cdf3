/**
 * The program's end of a worker that answers each message with one: asks one thing at a time, and says when the worker
 * has died.
 *
 * @module
 */
import { DiskFullError } from "../files.ts";
import { UsageError } from "../usage.ts";
import { WorkerDied } from "./pool.ts";

/** The answer to a message that could not be done. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
  /** What kind of error it is, where the caller must know. */
  readonly what?: "usage" | "disk";
}

/** A worker that is asked. */
export interface WorkerClient<Message, Reply extends { readonly kind: string }> {
  /**
   * Sends a message and gives the answer.
   *
   * @throws {WorkerDied} When the worker has ended.
   * @throws {Error} When the answer is that it failed.
   */
  ask(message: Message): Promise<Reply>;
  /** Ends it; what it was asked is answered with {@linkcode WorkerDied}. */
  close(): void;
}

/** Callbacks for the worker's answer. */
interface Waiting<Reply> {
  resolve(reply: Reply | Failed): void;
  reject(error: Error): void;
}

/** Takes over a worker's messages. */
export function createWorkerClient<Message, Reply extends { readonly kind: string }>(
  worker: Worker,
): WorkerClient<Message, Reply> {
  let waiting: Waiting<Reply> | undefined;
  let dead: WorkerDied | undefined;
  const end = (why: string) => {
    dead ??= new WorkerDied(why);
    waiting?.reject(dead);
  };
  worker.onmessage = ({ data }: MessageEvent<Reply | Failed>) => waiting?.resolve(data);
  worker.onerror = (event) => {
    // Without this, the error would end the whole program.
    event.preventDefault();
    end(`A worker ended: ${event.message.split("\n")[0]}`);
  };
  return {
    ask: async (message) => {
      if (dead !== undefined) throw dead;
      const reply = await new Promise<Reply | Failed>((resolve, reject) => {
        waiting = { resolve, reject };
        worker.postMessage(message);
      });
      if (!isFailed(reply)) return reply;
      const Kind = reply.what === "usage" ? UsageError : reply.what === "disk" ? DiskFullError : Error;
      throw new Kind(reply.message);
    },
    close: () => {
      worker.terminate();
      end("A worker was ended");
    },
  };
}

function isFailed(reply: { readonly kind: string }): reply is Failed {
  return reply.kind === "failed";
}
