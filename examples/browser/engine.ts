/**
 * The worker and what lives in it: one explainer per head. Another device needs another worker, because a runtime
 * keeps its device and its threads for good.
 *
 * @module
 */
import { connectWorker, findAdapter, type RemoteModelSource } from "@ptame/ptame/worker";
import {
  type Classifier,
  openForeignClassifier,
  openPageClassifier,
  type Surroundings,
} from "./classifier.ts";
import { holdLargeFiles } from "./caches.ts";
import type { FilesReply, FilesRequest } from "./files_worker.ts";
import { inTime } from "./in_time.ts";
import { shownRate } from "./rate.ts";
import type { LoadProgress } from "./stored_files.ts";

const WEIGHTS = "models/weights/efficientnet_lite0.safetensors";
const HEAD = "models/heads/efficientnet_lite0.safetensors";
const RUNTIME = "src/page/onnxruntime/";
/** The runtime's program: the build with WebGPU is another one. */
const PROGRAMS = {
  wasm: `${RUNTIME}ort-wasm-simd-threaded.wasm`,
  webgpu: `${RUNTIME}ort-wasm-simd-threaded.asyncify.wasm`,
} as const;

/** What is asked of a device, by name. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Whether a name is one of them. */
export function isDeviceChoice(name: string): name is DeviceChoice {
  return ["auto", "webgpu", "wasm"].includes(name);
}

/** A person's classifier: where it comes from, and the head that was given with it. */
export interface ForeignSource {
  /** Its name for people. */
  readonly name: string;
  readonly model: RemoteModelSource;
  readonly head?: Blob | undefined;
}

/** How an engine is opened. */
export interface EngineOptions {
  readonly device: DeviceChoice;
  readonly threads?: number | undefined;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** A worker with the classifier that is explained in it. */
export interface Engine {
  /** The classifier in use. */
  readonly classifier: Classifier;
  /** Opens a person's classifier in place of the present one; the page's own for `undefined`. */
  use(source: ForeignSource | undefined, onProgress?: (text: string) => void): Promise<void>;
  /** Ends the worker. */
  close(): void;
}

/** WebGPU where a real adapter is there, else wasm; as the library's own "auto". */
async function chooseDevice(choice: DeviceChoice): Promise<"webgpu" | "wasm"> {
  if (choice !== "auto") return choice;
  const adapter = await findAdapter();
  return adapter !== undefined && !adapter.software ? "webgpu" : "wasm";
}

/** Files of the page cannot be loaded now; another attempt may succeed. */
export class LoadError extends Error {
  override name = "LoadError";
}

/** Loads files in a worker of their own, which ends with it. */
async function loadInWorker<Path extends string>(
  paths: readonly Path[],
  onProgress: (progress: LoadProgress) => void,
): Promise<Record<Path, Blob>> {
  // It can do without: the files come over the network then.
  await holdLargeFiles().catch(() => {});
  const worker = new Worker(new URL("./files_worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<FilesReply>) => {
        if ("progress" in data) onProgress(data.progress);
        else if ("files" in data) resolve(data.files as Record<Path, Blob>);
        else reject(new LoadError(data.failed));
      });
      worker.addEventListener(
        "error",
        () => reject(new LoadError("Cannot load the page's program")),
      );
      worker.postMessage({ folder: document.baseURI, paths } satisfies FilesRequest);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * How long opening may take once the files are loaded, in milliseconds; usually it takes two seconds. A worker on one thread
 * gets longer, because it is what slow machines have.
 */
const OPENING_MILLISECONDS = { threads: 30_000, oneThread: 60_000 } as const;

/**
 * Loads what a device needs and opens the explainer. A worker that starts threads can block and never answer: then
 * another one opens the explainer on one thread. One that never answers on one thread, seen once in Firefox, is replaced,
 * too. Firefox 153 blocks now and then, and in WebKit threads do not come up
 * in a worker: there, one thread is the default (docs/decisions.md).
 */
export async function openEngine(
  { device: choice, threads: asked, onProgress }: EngineOptions,
): Promise<Engine> {
  const blocking = /\bFirefox\/|\bVersion\/[\d.]+ (Mobile\/\w+ )?Safari\//.test(navigator.userAgent);
  const threads = asked ?? (blocking ? 1 : undefined);
  const device = await chooseDevice(choice);
  const files = await loadInWorker([PROGRAMS[device], WEIGHTS, HEAD], onProgress);
  const given = {
    device,
    program: files[PROGRAMS[device]],
    weights: files[WEIGHTS],
    head: files[HEAD],
  };
  const first = startEngine({ ...given, threads });
  if (device !== "wasm") return await first.ready;
  const patience = threads === 1 || !crossOriginIsolated ? "oneThread" : "threads";
  const engine = await inTime(first.ready, OPENING_MILLISECONDS[patience]);
  if (engine !== undefined) return engine;
  first.close();
  return await startEngine({ ...given, threads: 1 }).ready;
}

/** Starts a worker and opens the page's classifier in it. */
function startEngine({ device, program, weights, head, threads }: {
  device: "webgpu" | "wasm";
  program: Blob;
  weights: Blob;
  head: Blob;
  threads: number | undefined;
}): { ready: Promise<Engine>; close: () => void } {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const remote = connectWorker(worker);
  const runtime = { device, ...(threads === undefined ? {} : { threads }) };
  const close = () => {
    remote.close();
    worker.terminate();
  };
  const opened = async () => {
    await remote.configureRuntime({
      wasmBinary: program,
      wasmPaths: new URL(RUNTIME, document.baseURI).href,
    });
    const around = { remote, runtime, weights, head };
    return engineOver(around, await openPageClassifier(around), close);
  };
  const ready = opened().catch((error) => {
    close();
    throw error;
  });
  return { ready, close };
}

function engineOver(around: Surroundings, own: Classifier, close: () => void): Engine {
  let classifier = own;
  return {
    get classifier() {
      return classifier;
    },
    use: async (source, onProgress) => {
      // The new one is there before the old one goes: a file that is no classifier changes nothing.
      const next = source === undefined ? own : await openForeignClassifier(around, {
        ...source.model,
        onProgress: (event) => {
          if (event.kind === "download") onProgress?.(shownRate(event));
          else if (event.kind === "download-retry") onProgress?.(`trying again, ${event.reason}`);
        },
      }, source.head);
      const old = classifier;
      classifier = next;
      if (old !== own && old !== next) await old.dispose();
    },
    close,
  };
}
