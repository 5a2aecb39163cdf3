/**
 * Decodes files in workers, each file within a deadline: a worker that does not answer in time is ended, whatever it does. So
 * the calling thread goes on meanwhile. Where no worker can start, the calling thread decodes, without a deadline.
 *
 * @module
 */
import { loadBuiltinModule } from "../platform/builtin.ts";
import { decodeBytes, type DecodeLimits } from "./decode_bytes.ts";
import type { DecodeReply, DecodeRequest } from "./decode_worker.ts";
import type {} from "./start_decode_worker.js";
import { ImageError, type RgbImage } from "./types.ts";

/** A worker of Node's kind (Node, Bun, Deno) or the web's. */
interface Host {
  postMessage(message: DecodeRequest, transfer: ArrayBuffer[]): void;
  terminate(): void;
  /** Whether an unanswered request keeps the process alive; a page has no process. */
  hold(alive: boolean): void;
  /** Whether it keeps the process alive while it waits, so that it must be ended soon. */
  readonly holdsAlways: boolean;
  /** Whether it has answered anything: then it can run. */
  hasRun: boolean;
  /** Called with every reply, and with undefined when the worker cannot run. */
  onReply: (reply: DecodeReply | undefined) => void;
}

interface NodeWorker {
  postMessage(message: DecodeRequest, transfer: ArrayBuffer[]): void;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
  on(event: "message", listener: (reply: DecodeReply) => void): void;
  on(event: "error", listener: (error: unknown) => void): void;
}

/** A codec whose code takes longer than this is not coming. */
const LOADING = 60_000;
/** How long an idle worker that keeps the process alive waits for the next file, in milliseconds. */
const PATIENCE = 200;
/** Workers that have read a large image keep its memory: they are ended. */
const LARGE = 8 * 2 ** 20;

// Shared by all who decode in this thread, as the runtime's builds are.
const idle: Host[] = [];
const queue: (() => void)[] = [];
let busy = 0;
let canStart = true;

/** How many files are decoded at once. */
function most(): number {
  return Math.min(Math.max(Math.floor((globalThis.navigator?.hardwareConcurrency ?? 2) / 2), 2), 4);
}

async function startHost(): Promise<Host | undefined> {
  const ours = new URL(import.meta.url);
  const threads = ours.protocol === "file:"
    ? await loadBuiltinModule("node:worker_threads") as
      | { readonly Worker: new (url: URL) => NodeWorker }
      | undefined
    : undefined;
  try {
    if (threads === undefined) return startWebHost();
    // Not a literal, because bundlers for browsers would pack the file a second time.
    const file = "start_decode_worker.js";
    const worker = new threads.Worker(new URL(file, ours));
    const host: Host = {
      postMessage: (message, transfer) => worker.postMessage(message, transfer),
      terminate: () => void worker.terminate(),
      hold: (alive) => alive ? worker.ref() : worker.unref(),
      holdsAlways: false,
      hasRun: false,
      onReply: () => {},
    };
    worker.on("message", (reply) => host.onReply(reply));
    worker.on("error", () => host.onReply(undefined));
    return host;
  } catch {
    return undefined;
  }
}

function startWebHost(): Host | undefined {
  if (typeof Worker === "undefined") return undefined;
  const worker = new Worker(new URL("./start_decode_worker.js", import.meta.url), { type: "module" });
  const host: Host = {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
    hold: () => {},
    // A module of another server in Deno; there, a web worker cannot be let go of.
    holdsAlways: "Deno" in globalThis,
    hasRun: false,
    onReply: () => {},
  };
  worker.onmessage = ({ data }: MessageEvent<DecodeReply>) => host.onReply(data);
  worker.onerror = (event) => {
    event.preventDefault();
    host.onReply(undefined);
  };
  return host;
}

/** A worker that was started before the first file. */
let early: Promise<void> | undefined;

/**
 * Starts a worker while the program is doing something else: that takes as long as decoding several photographs. Nothing
 * happens where a worker could not wait, or one is running.
 */
export function startDecoding(): void {
  if (early !== undefined || !canStart || busy > 0 || idle.length > 0) return;
  early = startHost().then((host) => {
    if (host?.holdsAlways) host.terminate();
    else if (host !== undefined) rest(host);
  });
}

/** Waits for a place, and gives the function that leaves it. */
async function enter(signal: AbortSignal | undefined): Promise<() => void> {
  if (busy >= most()) await new Promise<void>((resolve) => queue.push(resolve));
  else busy++;
  const leave = () => {
    const next = queue.shift();
    if (next === undefined) busy--;
    else next();
  };
  if (signal?.aborted) {
    leave();
    throw signal.reason;
  }
  return leave;
}

/** Lets a worker wait for the next file. */
function rest(host: Host): void {
  host.hold(false);
  idle.push(host);
  if (!host.holdsAlways) return;
  setTimeout(() => {
    const at = idle.indexOf(host);
    if (at >= 0) idle.splice(at, 1)[0]!.terminate();
  }, PATIENCE);
}

/** A file, and how it may be decoded. */
export interface BoundedOptions extends DecodeLimits {
  /** Milliseconds that the reading may take, after the codec is loaded. */
  readonly deadline: number;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** How a worker answered: with an image, with an error of the file, or not at all. */
type Outcome = RgbImage | Error | "no worker";

/** Lets a worker decode a file; ends the worker when it takes too long or its memory is large. */
function ask(
  host: Host,
  bytes: Uint8Array,
  { deadline, signal, ...limits }: BoundedOptions,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const timer = { id: undefined as ReturnType<typeof setTimeout> | undefined };
    const wait = (milliseconds: number, message: string) => {
      clearTimeout(timer.id);
      timer.id = setTimeout(() => finish(new ImageError(message), false), milliseconds);
    };
    const settle = (keep: boolean) => {
      clearTimeout(timer.id);
      signal?.removeEventListener("abort", stop);
      host.onReply = () => {};
      if (keep) rest(host);
      else host.terminate();
    };
    const finish = (outcome: Outcome, keep: boolean) => {
      settle(keep);
      resolve(outcome);
    };
    const stop = () => {
      settle(false);
      reject(signal!.reason);
    };
    host.onReply = (reply) => {
      // A worker that dies after it has run is the file's doing; this thread must not read that file.
      if (reply === undefined) {
        return finish(host.hasRun ? new ImageError("its codec broke") : "no worker", false);
      }
      host.hasRun = true;
      if (reply.kind === "reading") {
        return wait(deadline, `reading it takes longer than ${deadline / 1000} s (decode seconds)`);
      }
      if (reply.kind === "image") {
        const { width, height, pixels } = reply;
        return finish({ width, height, data: new Uint8Array(pixels) }, width * height < LARGE);
      }
      finish(new ImageError(reply.message), reply.kind === "error");
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop);
    wait(LOADING, `its codec is not there after ${LOADING / 1000} s`);
    host.hold(true);
    const file = bytes.slice().buffer as ArrayBuffer;
    host.postMessage({ file, limits }, [file]);
  });
}

/**
 * Decodes a file to upright RGB over white, in a worker where one can start.
 *
 * @throws {ImageError} When the file cannot be decoded within the limits and the deadline.
 */
export async function decodeBounded(bytes: Uint8Array, options: BoundedOptions): Promise<RgbImage> {
  const leave = await enter(options.signal);
  try {
    await early;
    const host = canStart ? idle.pop() ?? await startHost() : undefined;
    const outcome = host === undefined ? "no worker" : await ask(host, bytes, options);
    if (outcome instanceof Error) throw outcome;
    if (outcome !== "no worker") return outcome;
    canStart = false;
  } finally {
    leave();
  }
  return await decodeBytes(bytes, options);
}
