/**
 * The WebGPU adapter of the platform. It imports nothing: a page asks for it on its own thread, without the runtime.
 *
 * @module
 */

/** Description of a WebGPU adapter. */
export interface AdapterInfo {
  /** Name from the platform, "" if there is none. */
  readonly name: string;
  /** Whether it computes on the CPU, which is correct but slow. */
  readonly software: boolean;
}

interface GpuLike {
  requestAdapter(options?: { powerPreference?: string }): Promise<
    {
      readonly isFallbackAdapter?: boolean;
      readonly info?: {
        readonly isFallbackAdapter?: boolean;
        readonly description?: string;
        readonly device?: string;
        readonly vendor?: string;
        readonly architecture?: string;
      };
    } | null
  >;
}

/** Names under which CPU implementations of WebGPU report themselves. */
const SOFTWARE_ADAPTERS = /llvmpipe|lavapipe|swiftshader|software|basic render/i;

function platformGpu(): GpuLike | undefined {
  return (globalThis.navigator as unknown as { gpu?: GpuLike } | undefined)?.gpu;
}

/** Looks for a WebGPU adapter; `undefined` if there is none. */
export async function findAdapter(): Promise<AdapterInfo | undefined> {
  const adapter = await platformGpu()?.requestAdapter({ powerPreference: "high-performance" })
    .catch(() => null);
  if (adapter === undefined || adapter === null) return undefined;
  const { info } = adapter;
  const name = [info?.description, info?.device, info?.architecture, info?.vendor].find((text) => text) ?? "";
  const fallback = info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return { name, software: fallback || SOFTWARE_ADAPTERS.test(name) };
}

// Asked once for all sessions: in Deno the first request takes 70 ms.
const adapters = new WeakMap<GpuLike, Promise<AdapterInfo | undefined>>();

/** The adapter of this process, asked for once. */
export function knownAdapter(): Promise<AdapterInfo | undefined> {
  const gpu = platformGpu();
  if (gpu === undefined) return Promise.resolve(undefined);
  const known = adapters.get(gpu) ?? findAdapter();
  adapters.set(gpu, known);
  return known;
}
