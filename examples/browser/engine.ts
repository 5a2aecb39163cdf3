/**
 * The worker and what lives in it: one explainer per head. Another device needs another worker, because a runtime
 * keeps its device and its threads for good.
 *
 * @module
 */
import { connectWorker, findAdapter, type RemoteExplainer, type RemoteLibrary } from "@ptame/ptame/worker";
import type { TrainProgress, TrainResult } from "@ptame/ptame/train";
import type { Which } from "./dom.ts";
import type { FilesReply, FilesRequest } from "./files_worker.ts";
import type { LoadProgress } from "./stored_files.ts";

const WEIGHTS = "models/weights/efficientnet_lite0.safetensors";
const HEAD = "models/heads/efficientnet_lite0.safetensors";
const RUNTIME = "src/page/onnxruntime/";
/** The runtime's program: the build with WebGPU is another one. */
const PROGRAMS = {
  wasm: `${RUNTIME}ort-wasm-simd-threaded.wasm`,
  webgpu: `${RUNTIME}ort-wasm-simd-threaded.asyncify.wasm`,
} as const;

/** Pictures per training step; more than this takes long on one thread. */
const MOST_PER_STEP = 4;
/** Above the presets', which are made for thousands of steps: a few steps are to show. */
const LEARNING_RATE = 1e-3;

/** What is asked of a device, by name. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Whether a name is one of them. */
export function isDeviceChoice(name: string): name is DeviceChoice {
  return ["auto", "webgpu", "wasm"].includes(name);
}

/** How an engine is opened. */
export interface EngineOptions {
  readonly device: DeviceChoice;
  readonly threads?: number | undefined;
  /** A head taught or loaded before. */
  readonly after?: Blob | undefined;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** A worker with its explainers. */
export interface Engine {
  /** The explainer with a head; that with the head after teaching is not always there. */
  explainer(which: Which): RemoteExplainer | undefined;
  /** The head taught or loaded, as a file. */
  readonly after: Blob | undefined;
  /** Takes a head file into use beside the one that the page came with. */
  useHead(head: Blob): Promise<void>;
  /** Goes on training the head in use, and takes the result into use. */
  teach(options: {
    readonly pictures: readonly Blob[];
    readonly steps: number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: TrainProgress) => void;
  }): Promise<TrainResult>;
  /** Ends the worker. */
  close(): void;
}

/** WebGPU where a real adapter is there, else wasm; as the library's own "auto". */
async function chooseDevice(choice: DeviceChoice): Promise<"webgpu" | "wasm"> {
  if (choice !== "auto") return choice;
  const adapter = await findAdapter();
  return adapter !== undefined && !adapter.software ? "webgpu" : "wasm";
}

/** Loads files in a worker of their own, which ends with it. */
async function loadInWorker<Path extends string>(
  paths: readonly Path[],
  onProgress: (progress: LoadProgress) => void,
): Promise<Record<Path, Blob>> {
  const worker = new Worker(new URL("./files_worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<FilesReply>) => {
        if ("progress" in data) onProgress(data.progress);
        else if ("files" in data) resolve(data.files as Record<Path, Blob>);
        else reject(new Error(data.failed));
      });
      worker.addEventListener(
        "error",
        () => reject(new Error("Cannot load the page's files: reload the page")),
      );
      worker.postMessage({ folder: document.baseURI, paths } satisfies FilesRequest);
    });
  } finally {
    worker.terminate();
  }
}

/** How long opening may take once the files are loaded, in milliseconds; usually it takes two seconds. */
const OPENING_MILLISECONDS = 30_000;

/**
 * Loads what a device needs and opens the explainer. A worker that starts threads can block and never answer: then
 * another one opens the explainer on one thread. Firefox 153 blocks one of ten, some of them later, while it explains: there,
 * one thread is the default.
 */
export async function openEngine(
  { device: choice, threads: asked, after, onProgress }: EngineOptions,
): Promise<Engine> {
  const threads = asked ?? (/\bFirefox\//.test(navigator.userAgent) ? 1 : undefined);
  const device = await chooseDevice(choice);
  const files = await loadInWorker([PROGRAMS[device], WEIGHTS, HEAD], onProgress);
  const given = {
    device,
    program: files[PROGRAMS[device]],
    weights: files[WEIGHTS],
    head: files[HEAD],
    after,
  };
  const first = startEngine({ ...given, threads });
  if (device !== "wasm" || threads === 1 || !crossOriginIsolated) return await first.ready;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OPENING_MILLISECONDS);
  });
  const engine = await Promise.race([first.ready, late]).finally(() => clearTimeout(timer));
  if (engine !== undefined) return engine;
  first.close();
  return await startEngine({ ...given, threads: 1 }).ready;
}

/** Starts a worker and opens the explainer in it. */
function startEngine({ device, program, weights, head, threads, after }: {
  device: "webgpu" | "wasm";
  program: Blob;
  weights: Blob;
  head: Blob;
  threads: number | undefined;
  after: Blob | undefined;
}): { ready: Promise<Engine>; close: () => void } {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const remote = connectWorker(worker);
  const runtime = { device, ...(threads === undefined ? {} : { threads }) };
  const open = (head: Blob) => remote.createExplainer({ ...runtime, head, weights });
  const close = () => {
    remote.close();
    worker.terminate();
  };
  const opened = async () => {
    await remote.configureRuntime({
      wasmBinary: program,
      wasmPaths: new URL(RUNTIME, document.baseURI).href,
    });
    const before = await open(head);
    const engine = engineOver({ remote, runtime, before, head, weights, open, close });
    if (after !== undefined) await engine.useHead(after);
    return engine;
  };
  const ready = opened().catch((error) => {
    close();
    throw error;
  });
  // Closed after it was late, it fails with nobody waiting.
  ready.catch(() => {});
  return { ready, close };
}

function engineOver({ remote, runtime, before, head, weights, open, close }: {
  remote: RemoteLibrary;
  runtime: { device: "webgpu" | "wasm"; threads?: number };
  before: RemoteExplainer;
  head: Blob;
  weights: Blob;
  open: (head: Blob) => Promise<RemoteExplainer>;
  close: () => void;
}): Engine {
  let after: { explainer: RemoteExplainer; head: Blob } | undefined;
  const useHead = async (head: Blob) => {
    const explainer = await open(head);
    await after?.explainer.dispose();
    after = { explainer, head };
  };
  return {
    explainer: (which) => which === "before" ? before : after?.explainer,
    get after() {
      return after?.head;
    },
    useHead,
    teach: async ({ pictures, steps, signal, onProgress }) => {
      const result = await remote.train({
        ...runtime,
        backbone: before.backbone.name,
        backboneWeights: weights,
        auxiliaryWeights: weights,
        images: pictures,
        batch: Math.min(MOST_PER_STEP, pictures.length),
        // The bundle holds no worker for pictures, and they are few.
        imageWorkers: 0,
        steps,
        start: after?.head ?? head,
        hyperParameters: { learningRate: LEARNING_RATE },
        name: "taught in a page",
        signal,
        onProgress,
      });
      await useHead(new Blob([result.head as Uint8Array<ArrayBuffer>]));
      return result;
    },
    close,
  };
}
