/**
 * The worker behind the elements of a page: one for all of them, and one classifier for each model and head that they
 * name, opened when the first element needs it.
 *
 * @module
 */
import {
  connectWorker,
  type RemoteClassifier,
  type RemoteExplainer,
  type RemoteLibrary,
} from "../worker/connect.ts";
import type { OpenedModel, RemoteRuntimeFiles } from "../worker/methods.ts";
import type { DownloadProgress } from "../weights/download/progress.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** How the elements get their worker. */
export interface ElementOptions {
  /** Creates the worker, whose module calls `serveWorker(self)`. */
  readonly worker: () => Worker;
  /** Location of its runtime files, if a bundler does not arrange it. */
  readonly runtime?: RemoteRuntimeFiles;
  /** Device; "auto" without it: WebGPU if there is a hardware adapter, else wasm. */
  readonly device?: "auto" | "webgpu" | "wasm";
  /** Threads of wasm; by default it depends on the machine. */
  readonly threads?: number;
}

/** A classifier as an element uses it: with a head, or for the methods that need none. */
export type Source =
  | { readonly explainer: RemoteExplainer; readonly classifier?: undefined }
  | { readonly classifier: RemoteClassifier; readonly explainer?: undefined };

/** What elements share. */
export interface Shared {
  /**
   * The classifier of a model and a head; "" stands for the default.
   *
   * @param onProgress Told of downloads, also by later callers while they last.
   */
  open(model: string, head: string, onProgress: (progress: DownloadProgress) => void): Promise<Source>;
}

/** Whether a model is named by an address: of the Hub, or of an .onnx file, which may be relative to the page. */
function isAddress(model: string): boolean {
  return /^hf:|^https?:|\.onnx(\?|$)/i.test(model);
}

/** Creates what the elements of a page share. */
export function createShared({ worker, runtime, device, threads }: ElementOptions): Shared {
  let connected: Promise<RemoteLibrary> | undefined;
  const sources = new Map<string, Promise<Source>>();
  const listeners = new Map<string, Set<(progress: DownloadProgress) => void>>();
  const running = {
    ...withoutUndefined({ device, threads }),
  };

  const start = async () => {
    const remote = connectWorker(worker());
    if (runtime !== undefined) await remote.configureRuntime(runtime);
    return remote;
  };
  const connect = () =>
    connected ??= start().catch((error) => {
      // A failed attempt may be repeated.
      connected = undefined;
      throw error;
    });

  async function openSource(
    name: string,
    headAddress: string,
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<Source> {
    const remote = await connect();
    const model: string | OpenedModel | undefined = name === ""
      ? undefined
      : isAddress(name)
      ? await remote.openModel({ address: absolute(name), onProgress })
      : name;
    const options = { ...running, onProgress, ...withoutUndefined({ model }) };
    const head = headAddress === "" ? {} : { head: await fetchHead(headAddress) };
    try {
      return { explainer: await remote.createExplainer({ ...options, ...head }) };
    } catch (error) {
      if (headAddress !== "" || (error as Error).name !== "NoHeadError") throw error;
      return { classifier: await remote.openClassifier(options) };
    }
  }

  return {
    open: (model, head, onProgress) => {
      const key = JSON.stringify([model, head]);
      const told = listeners.get(key) ?? new Set();
      listeners.set(key, told.add(onProgress));
      const source = sources.get(key) ?? openSource(model, head, (progress) => {
        for (const tell of told) tell(progress);
      }).catch((error) => {
        // A failed attempt may be repeated.
        sources.delete(key);
        throw error;
      });
      sources.set(key, source);
      const done = () => void told.delete(onProgress);
      source.then(done, done);
      return source;
    },
  };
}

/** An address of a page; one of the Hub has its own form. */
function absolute(address: string): string {
  return /^hf:/i.test(address) ? address : new URL(address, document.baseURI).href;
}

async function fetchHead(address: string): Promise<Blob> {
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) {
    throw new Error(`Cannot load the head ${address}: the server answered ${response.status}`);
  }
  return await response.blob();
}
