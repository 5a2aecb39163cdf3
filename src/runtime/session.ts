/**
 * A graph ready to run on a device. Feeds and results are plain tensors. Errors of the runtime become typed errors of
 * one line.
 *
 * @module
 */
import { knownAdapter } from "./adapter.ts";
import { encodeOnnx } from "../graph/onnx_file.ts";
import { splitLargeGemm } from "../graph/passes/split_large_gemm.ts";
import { winograd } from "../graph/passes/winograd/mod.ts";
import type { DataType, Graph } from "../graph/types.ts";
import {
  availableThreads,
  type DeviceCandidate,
  deviceCandidates,
  type DeviceChoice,
  type DeviceRequest,
  type PassedOver,
  type Provider,
} from "./device.ts";
import { DeviceError, ModelError, RunError, runtimeMessage } from "./errors.ts";
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { externalBytes } from "./external_data.ts";
import {
  type Device,
  loadBuild,
  type Ort,
  type OrtBuild,
  threadsInUse,
  withOpeningLock,
  withWebGpuLock,
} from "./ort.ts";
import { threadsStart } from "./wasm_threads.ts";
import { type DeviceTensor, isDeviceTensor, type Tensor } from "./tensor.ts";

/** Options for opening a session. */
export interface SessionOptions {
  /** Device to run on; "auto" by default. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes; by default it depends on the number of cores. */
  readonly threads?: number;
  /** Contents of the external files of initializers, by their names in the model; read when needed. */
  readonly files?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** The outputs to fetch; all by default. */
  readonly fetch?: readonly string[];
  /** Outputs to leave on the device; except on WebGPU, they come as plain tensors. */
  readonly keepOnDevice?: readonly string[];
  /** Size in bytes from which weights of linear layers are read in parts; 64 MiB by default. See `splitLargeGemm`. */
  readonly largestTensor?: number;
  /** Saves the memory of a second, rearranged copy of the weights, at some loss of speed. */
  readonly lowMemory?: boolean;
}

/** A graph ready to run. Dispose of it when it is no longer needed: wasm memory never shrinks, but it is reused. */
export interface Session {
  /** Device on which it runs. */
  readonly device: Device;
  /** Why it runs there. */
  readonly choice: DeviceChoice;
  /** Number of threads; 1 on WebGPU. */
  readonly threads: number;
  /** WebGPU only: whether some nodes run on the CPU because WebGPU lacks their operator. */
  readonly partlyOnCpu: boolean;
  /** The inputs; type and shape of tensors as the model declares them, with names for sizes that it leaves open. */
  readonly inputs: readonly {
    readonly name: string;
    readonly type?: string;
    readonly shape?: readonly (number | string)[];
  }[];
  /** Names of the inputs to feed. */
  readonly inputNames: readonly string[];
  /** Names of the outputs. */
  readonly outputNames: readonly string[];
  /**
   * Runs the graph once.
   *
   * @throws {RunError} When the runtime fails.
   */
  run(
    feeds: Readonly<Record<string, Tensor | DeviceTensor>>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Record<string, Tensor>>;
  /** Runs the graph and leaves the outputs named in `keepOnDevice` on the device. */
  runOnDevice(
    feeds: Readonly<Record<string, Tensor | DeviceTensor>>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Record<string, Tensor | DeviceTensor>>;
  /** Releases the session, which cannot run afterwards. Disposing twice has no effect. */
  dispose(): Promise<void>;
}

/** Names of execution providers in the runtime, where they are others. */
const PROVIDER_NAMES: Partial<Readonly<Record<Provider, string>>> = { directml: "dml" };

/**
 * Opens a session for a graph, or for the bytes of an .onnx file. With "auto", WebGPU is compared with wasm the first time
 * that it gets a graph, and is not taken if it is slower or its results are others; sessions that keep outputs on the device
 * are not compared.
 *
 * @throws {DeviceError} When the device is not available.
 * @throws {ModelError} When the runtime refuses the model.
 */
export async function openSession(
  model: Graph | Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const { asked, candidates, passedOver: before } = await deviceCandidates(options.device);
  const passedOver: PassedOver[] = [...before];
  for (const [index, candidate] of candidates.entries()) {
    const last = index === candidates.length - 1;
    const choice = { asked, ...candidate, passedOver };
    const pass = (why: string) => {
      passedOver.push({ name: candidate.provider ?? candidate.device, why, tried: true });
    };
    try {
      const session = await openOn(choice, model, options);
      if (last || candidate.device !== "webgpu" || options.keepOnDevice !== undefined) return session;
      const wrong = await comparedWithWasm(session, model, options);
      if (wrong === undefined) return session;
      await session.dispose();
      pass(wrong);
    } catch (error) {
      if (last || !(error instanceof DeviceError || error instanceof ModelError)) throw error;
      pass(error.message);
    }
  }
  throw new DeviceError(`Cannot find a device for ${asked}`);
}

/** Compares a session with one on wasm, once for each graph and adapter; why it is refused, undefined if it is not. */
async function comparedWithWasm(
  session: Session,
  model: Graph | Uint8Array,
  options: SessionOptions,
): Promise<string | undefined> {
  // Loaded only where there is a graphics adapter.
  const { selfTest } = await import("./self_test.ts");
  const adapter = (await knownAdapter())?.name ?? "";
  const bytes = model instanceof Uint8Array ? model : encodeOnnx(model);
  const wasm = { asked: "wasm", device: "wasm", passedOver: [] } as const;
  return await selfTest(session, { adapter, bytes, openReference: () => openOn(wasm, model, options) });
}

/** Opens a session on one device. */
async function openOn(
  choice: DeviceChoice,
  model: Graph | Uint8Array,
  options: SessionOptions,
): Promise<Session> {
  const { device, provider } = choice;
  const threads = threadsFor(device, options.threads);
  const build = await loadBuild(device, threads).catch((cause) => {
    if (cause instanceof DeviceError) throw cause;
    throw new DeviceError(`Cannot load the runtime for ${device}: ${runtimeMessage(cause)}`, { cause });
  });
  const { bytes, files } = prepared(model, device, options);
  const base: Ort.InferenceSession.SessionOptions = {
    executionProviders: [providerName(choice)],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(device === "native"
      ? { intraOpNumThreads: threads }
      : { externalData: [...files].map(([path, content]) => ({ path, data: externalBytes(content) })) }),
    ...(device === "webgpu" && options.keepOnDevice !== undefined
      ? {
        preferredOutputLocation: Object.fromEntries(options.keepOnDevice.map((name) => [name, "gpu-buffer"])),
      }
      : {}),
  };
  const memory = options.lowMemory ? { disable_prepacking: "1" } : {};
  // Every native session has its own threads, which busily wait for the next run. Other sessions of an explainer, and
  // JavaScript, would have to wait for them (2.4 times the time on two cores).
  const quiet = device === "native" ? { force_spinning_stop: "1" } : {};
  // The runtime (1.30) moves a Pad into the node after it. A maximum pool then pads with −∞ in place of zeros: wrong
  // numbers without an error. And where two outputs are values that padded convolutions read, the graph becomes invalid:
  // "Node input … is not a graph input".
  const optimization = { disable_specified_optimizers: "Pad_Fusion" };
  const create = (extra: Record<string, string>) =>
    build.InferenceSession.create(bytes, {
      ...base,
      extra: { session: { ...memory, ...quiet, ...extra }, optimization },
    });

  let inner: Ort.InferenceSession;
  let partlyOnCpu = false;
  try {
    if (device === "webgpu") {
      [inner, partlyOnCpu] = await withWebGpuLock(async () => {
        try {
          return [
            await create({ disable_cpu_ep_fallback: "1" }),
            false,
          ];
        } catch (error) {
          if (!runtimeMessage(error).includes("fallback to CPU EP has been explicitly disabled")) throw error;
          return [await create({}), true];
        }
      });
    } else if (device === "wasm") inner = await withOpeningLock(() => create({}));
    else inner = await create({});
  } catch (cause) {
    const said = runtimeMessage(cause);
    const name = provider ?? device;
    if (/no available backend|AppendExecutionProvider/i.test(said)) {
      const missing = said.replace(/^OrtSessionOptionsAppendExecutionProvider_\w+: /, "");
      throw new DeviceError(`Cannot use device ${name}: ${missing}`, { cause });
    }
    throw new ModelError(`Cannot open the model on ${name}: ${said}`, { cause });
  }
  const used = device === "wasm" ? threadsInUse() ?? threads : threads;
  const { keepOnDevice = [], fetch = inner.outputNames } = options;
  return sessionOver(inner, build, {
    choice,
    threads: used,
    partlyOnCpu,
    kept: new Set(keepOnDevice),
    fetch,
  });
}

/** The runtime's name of what computes. */
export function providerName({ device, provider }: DeviceCandidate): string {
  if (device !== "native") return device;
  return provider === undefined ? "cpu" : PROVIDER_NAMES[provider] ?? provider;
}

/** A model in the form for a device's runtime: its bytes, and its external files. */
function prepared(
  model: Graph | Uint8Array,
  device: Device,
  { files: given = new Map(), largestTensor }: SessionOptions,
): { readonly bytes: Uint8Array; readonly files: ReadonlyMap<string, ByteSource | Uint8Array> } {
  if (model instanceof Uint8Array) return { bytes: model, files: given };
  if (device !== "wasm") {
    // onnxruntime-node takes no external data from memory, so the weights are put into the model.
    const inside = device === "native" && given.size > 0 ? { files: given } : {};
    return { bytes: encodeOnnx(splitLargeGemm(model, largestTensor), inside), files: given };
  }
  const sources = new Map([...given].map(([name, content]) => [name, toByteSource(content)]));
  const { graph, files } = winograd({ graph: model, files: sources });
  return { bytes: encodeOnnx(splitLargeGemm(graph, largestTensor)), files };
}

/** Resolves the number of threads, and refuses a number that the process can no longer provide. */
function threadsFor(device: Device, asked: number | undefined): number {
  if (device === "webgpu") return 1;
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 1)) {
    throw new RangeError(`Cannot run on ${asked} threads: it must be a whole number of at least 1`);
  }
  const present = device === "wasm" ? threadsInUse() : undefined;
  if (present !== undefined) {
    if (asked !== undefined && asked !== present) {
      throw new DeviceError(
        `Cannot run on ${asked} thread(s): the wasm runtime of this process already runs on ${present}`,
      );
    }
    return present;
  }
  if (device === "wasm" && !threadsStart()) {
    if (asked === undefined || asked === 1) return 1;
    throw new DeviceError(
      `Cannot run on ${asked} threads: ${navigator.userAgent} runs wasm on one, Deno 2.8 on more`,
    );
  }
  return asked ?? availableThreads();
}

function sessionOver(
  inner: Ort.InferenceSession,
  build: OrtBuild,
  { choice, threads, partlyOnCpu, kept, fetch }:
    & Pick<Session, "choice" | "threads" | "partlyOnCpu">
    & { readonly kept: ReadonlySet<string>; readonly fetch: readonly string[] },
): Session {
  const { device } = choice;
  let disposed = false;
  const running = new Set<Promise<unknown>>();

  async function runOnDevice(
    feeds: Readonly<Record<string, Tensor | DeviceTensor>>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, Tensor | DeviceTensor>> {
    if (disposed) throw new RunError("Cannot run the session: it has been disposed of");
    options.signal?.throwIfAborted();
    const inputs: Record<string, Ort.Tensor> = {};
    for (const name of inner.inputNames) {
      const tensor = feeds[name];
      if (tensor === undefined) throw new TypeError(`Cannot run the session: input ${name} is not given`);
      inputs[name] = isDeviceTensor(tensor)
        ? tensor.onDevice as Ort.Tensor
        // The runtime's own type separates typed arrays by element type; Tensor does not.
        : new build.Tensor(tensor.type as "float32", tensor.data as Float32Array, [...tensor.shape]);
    }
    const act = () => {
      options.signal?.throwIfAborted();
      return inner.run(inputs, fetch);
    };
    const run = device === "webgpu" ? withWebGpuLock(act) : act();
    running.add(run);
    let outputs: Ort.InferenceSession.OnnxValueMapType;
    try {
      outputs = await run;
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw new RunError(`Cannot run the model on ${device}: ${runtimeMessage(cause)}`, { cause });
    } finally {
      running.delete(run);
    }
    if (options.signal?.aborted) {
      for (const value of Object.values(outputs)) (value as Ort.Tensor).dispose();
      throw options.signal.reason;
    }
    return Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, received(value as Ort.Tensor, kept.has(name))]),
    );
  }

  return {
    device,
    choice,
    threads,
    partlyOnCpu,
    inputs: inner.inputMetadata.map((each) => each.isTensor ? each : { name: each.name }),
    inputNames: inner.inputNames,
    outputNames: fetch,
    runOnDevice,
    run: async (feeds, options) => {
      const outputs = await runOnDevice(feeds, options);
      const here: Record<string, Tensor> = {};
      for (const [name, tensor] of Object.entries(outputs)) {
        here[name] = isDeviceTensor(tensor) ? await tensor.read() : tensor;
        if (isDeviceTensor(tensor)) tensor.dispose();
      }
      return here;
    },
    dispose: async () => {
      if (disposed) return;
      disposed = true;
      await Promise.allSettled(running);
      await (device === "webgpu" ? withWebGpuLock(() => inner.release()) : inner.release());
    },
  };
}

function received(tensor: Ort.Tensor, keep: boolean): Tensor | DeviceTensor {
  const type = tensor.type as DataType;
  const shape = [...tensor.dims];
  if (keep && tensor.location === "gpu-buffer") {
    return {
      type,
      shape,
      onDevice: tensor,
      read: async () => ({ type, shape, data: await withWebGpuLock(() => tensor.getData()) as Float32Array }),
      dispose: () => tensor.dispose(),
    };
  }
  return { type, shape, data: tensor.data as Float32Array };
}
