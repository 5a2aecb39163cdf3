/**
 * The server's end of explainer_worker.ts: an explainer in a thread of its own. If the thread ends by itself, its requests
 * fail and the next one starts another.
 *
 * @module
 */
import type { ServedExplainer, ServedFacts } from "../../server/served.ts";
import type { StoredResponse } from "../../server/response_cache.ts";
import { type Caller, createCaller, type Port } from "../../worker/messages.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import type { Asking, Opening, Told } from "./explainer_worker.ts";

interface Thread {
  readonly caller: Caller;
  readonly facts: ServedFacts;
  end(): void;
}

/**
 * Opens the explainer that the arguments of `serve` name.
 *
 * @param signal Stops opening.
 * @throws What opening throws.
 */
export async function openServedExplainer(
  opening: Omit<Opening, "live">,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ServedExplainer> {
  const say = (told: Told) => {
    if (told.kind !== "times") terminal[told.kind](told.line);
  };

  async function start(): Promise<Thread> {
    const worker = new Worker(new URL("./explainer_worker.ts", import.meta.url), { type: "module" });
    const caller = createCaller(worker as unknown as Port);
    const end = () => {
      caller.close();
      worker.terminate();
    };
    worker.addEventListener("error", () => {
      running = undefined;
      worker.terminate();
    });
    const asked: Opening = { ...opening, live: terminal.live };
    try {
      const facts = await caller.call<ServedFacts>("open", asked, { signal, onProgress: say });
      return { caller, facts, end };
    } catch (error) {
      end();
      throw isUsage(error) ? new UsageError(error.message) : error;
    }
  }

  let running: Promise<Thread> | undefined = start();
  const { facts } = await running;
  return {
    facts,
    answer: async (image, asked, { signal, times }) => {
      running ??= start();
      // What could not be started is tried again by the next request.
      running.catch(() => running = undefined);
      const { caller } = await running;
      const onProgress = (told: Told) => {
        if (told.kind === "times") Object.assign(times, told.times);
        else say(told);
      };
      const asking: Asking = { image, asked };
      return await caller.call<StoredResponse>("answer", asking, {
        ...{ signal, onProgress },
        transfer: [image.buffer as ArrayBuffer],
      });
    },
    dispose: async () => (await running?.catch(() => undefined))?.end(),
  };
}

/** The command line's own class does not cross threads; its name does. */
function isUsage(error: unknown): error is Error {
  return error instanceof Error && error.name === "UsageError";
}
