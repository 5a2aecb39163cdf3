/**
 * The one place that imports onnxruntime, and the only mutable state of this module: which builds are loaded,
 * how many threads they run, and the lock around WebGPU.
 *
 * Three builds, each loaded when first needed: wasm alone, wasm with WebGPU, and the native CPU provider of
 * onnxruntime-node. In Deno the root of onnxruntime-web is the wasm build whose threads work; browsers take
 * `/wasm`. See ARCHITECTURE.md, "Runtime".
 *
 * @module
 */
import type * as Ort from "onnxruntime-web";
import { createBuilder } from "../graph/builder.ts";
import { encodeOnnx } from "../graph/onnx_file.ts";
import { DeviceError } from "./errors.ts";
import { NATIVE_PACKAGE } from "./native.ts";
import { startThreaded, ThreadsError } from "./wasm_threads.ts";

/** The part of onnxruntime that sessions use; the same in the web and node builds. */
export type OrtBuild = Pick<typeof Ort, "InferenceSession" | "Tensor" | "env">;
export type { Ort };

/** The native build, which says what its binary contains. */
export interface NativeBuild extends OrtBuild {
  /** Names of execution providers; a part of them needs files that are not beside it. */
  listSupportedBackends(): readonly { readonly name: string }[];
}

/** Device of a session. */
export type Device = "webgpu" | "wasm" | "native";

/** Version of the builds that are loaded by a computed name: the same as deno.json's onnxruntime-web. */
export const VERSION = "1.30.0";

const builds = new Map<Device, Promise<OrtBuild>>();
let wasmThreads: number | undefined;
let wasmBinary: Uint8Array | undefined;
let wasmPaths: string | undefined;

/** Location of the runtime's own files; not needed in Deno. */
export interface RuntimeFiles {
  /** The content of the build's .wasm file, so that neither permission nor network is needed. */
  readonly wasmBinary?: Uint8Array;
  /** URL of the folder with onnxruntime-web's files, for bundled browser programs. */
  readonly wasmPaths?: string;
}

/** Sets the location of the runtime's own files. Call it before anything else runs. */
export function configureRuntime(files: RuntimeFiles): void {
  if (builds.size > 0) throw new DeviceError("Cannot configure the runtime: it has been loaded already");
  wasmBinary = files.wasmBinary;
  wasmPaths = files.wasmPaths;
}

/** Number of threads of this process's wasm runtime, once it is loaded. */
export function threadsInUse(): number | undefined {
  return wasmThreads;
}

/**
 * Loads the build of a device, once per process.
 *
 * @param threads For wasm: the number of threads, fixed by the first session of the process.
 */
export function loadBuild(device: Device, threads: number): Promise<OrtBuild> {
  let build = builds.get(device);
  if (build === undefined) {
    if (device === "wasm") wasmThreads = threads;
    build = importBuild(device, threads);
    builds.set(device, build);
    // A failed load may be repeated, for example after a file was unreachable.
    build.catch(() => {
      builds.delete(device);
      if (device === "wasm") wasmThreads = undefined;
    });
  }
  return build;
}

async function importBuild(device: Device, threads: number): Promise<OrtBuild> {
  if (device === "native") {
    // Not a literal, because Deno would download the native package for everybody.
    const specifier = "Deno" in globalThis ? `npm:${NATIVE_PACKAGE}@${VERSION}` : NATIVE_PACKAGE;
    try {
      const loaded = await import(specifier);
      const build = (loaded.default ?? loaded) as OrtBuild;
      // Errors are thrown; it would also write them, with colours, to stderr.
      build.env.logLevel = "fatal";
      return build;
    } catch (cause) {
      throw new DeviceError(`Cannot load the native runtime ${NATIVE_PACKAGE}@${VERSION}`, { cause });
    }
  }
  // The root is for Deno alone. As a literal, every bundle for a page would carry its 27 MB.
  const root = `npm:onnxruntime-web@${VERSION}`;
  const build: OrtBuild = device === "webgpu"
    ? await import("onnxruntime-web/webgpu")
    : "Deno" in globalThis
    ? await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ root)
    : await import("onnxruntime-web/wasm");
  build.env.logLevel = "error";
  // Two threads throw in the WebGPU build in Deno, and the failure persists in the process.
  build.env.wasm.numThreads = device === "webgpu" && "Deno" in globalThis ? 1 : threads;
  if (wasmBinary !== undefined) build.env.wasm.wasmBinary = wasmBinary.slice().buffer;
  if (wasmPaths !== undefined) build.env.wasm.wasmPaths = wasmPaths;
  const threaded = device === "wasm" && threads > 1;
  try {
    if ("Deno" in globalThis) await startInDeno(build, threaded);
    else if (threaded) await startThreaded(() => startSession(build));
  } catch (error) {
    if (!(error instanceof ThreadsError)) throw error;
    return await startWithoutThreads();
  }
  return build;
}

/**
 * A runtime on one thread, after threads did not start: that build cannot be started again, so another one takes its
 * place, whose provider for wasm is the same.
 */
async function startWithoutThreads(): Promise<OrtBuild> {
  const build: OrtBuild = await import("onnxruntime-web/webgpu");
  build.env.logLevel = "error";
  build.env.wasm.numThreads = 1;
  if (wasmPaths !== undefined) build.env.wasm.wasmPaths = wasmPaths;
  wasmThreads = 1;
  return build;
}

/**
 * Starts the runtime itself. In Deno this needs care (see `wasm_threads.ts`), and the runtime replaces the global
 * Worker by Node's.
 */
async function startInDeno(build: OrtBuild, threaded: boolean): Promise<void> {
  // It leaves Node's Worker in place of Deno's, so a later `new Worker(url)` would get the wrong one.
  const { Worker } = globalThis;
  try {
    await (threaded ? startThreaded(() => startSession(build)) : startSession(build));
  } finally {
    globalThis.Worker = Worker;
  }
}

/** The runtime creates its memory and threads with the first session; this one does nothing. */
async function startSession(build: OrtBuild): Promise<void> {
  const b = createBuilder("start");
  b.output(b.relu(b.input("x", "float32", [1])), "y");
  const session = await build.InferenceSession.create(encodeOnnx(b.build()), {
    executionProviders: ["wasm"],
  });
  await session.release();
}

/** Runs functions one after the other. */
function inTurn(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const result = last.then(act, act);
    last = result.catch(() => undefined);
    return result;
  };
}

/**
 * Runs `act` after all earlier WebGPU calls have ended. Two runs at once hang the event loop on one session and throw
 * on two, so there is one lock for the whole process.
 */
export const withWebGpuLock: <T>(act: () => Promise<T>) => Promise<T> = inTurn();

/**
 * Opens sessions one after the other: the web builds keep the external data of all sessions in one place and release
 * them when the first session is open.
 */
export const withOpeningLock: <T>(act: () => Promise<T>) => Promise<T> = inTurn();
