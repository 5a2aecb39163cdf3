/**
 * Chooses the device and its threads, and describes them.
 *
 * @module
 */
import { DeviceError } from "./errors.ts";
import type { Device } from "./ort.ts";

/** A requested device, or "auto" for the best available one. */
export type DeviceRequest = Device | "auto";

/** All names that `DeviceRequest` knows. */
export const DEVICE_REQUESTS: readonly DeviceRequest[] = ["auto", "webgpu", "wasm", "native"];

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

/** Looks for a WebGPU adapter; `undefined` if there is none. */
export async function findAdapter(): Promise<AdapterInfo | undefined> {
  const gpu = (globalThis.navigator as unknown as { gpu?: GpuLike } | undefined)?.gpu;
  if (gpu === undefined) return undefined;
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (adapter === null) return undefined;
  const { info } = adapter;
  const name = [info?.description, info?.device, info?.architecture, info?.vendor].find((text) => text) ?? "";
  const fallback = info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return { name, software: fallback || SOFTWARE_ADAPTERS.test(name) };
}

/**
 * Resolves a request. `auto` takes WebGPU if there is a hardware adapter, else wasm. A software adapter is used only if
 * WebGPU is requested by name.
 *
 * @throws {DeviceError} When WebGPU is requested and there is no adapter.
 * @throws {TypeError} When the name is not in `DEVICE_REQUESTS`.
 */
export async function resolveDevice(request: DeviceRequest = "auto"): Promise<Device> {
  if (!DEVICE_REQUESTS.includes(request)) {
    throw new TypeError(`Unknown device ${request}: choose one of ${DEVICE_REQUESTS.join(", ")}`);
  }
  if (request === "wasm" || request === "native") return request;
  const adapter = await findAdapter();
  if (request === "webgpu") {
    if (adapter === undefined) {
      throw new DeviceError("Cannot use device webgpu: this machine or browser offers no WebGPU adapter");
    }
    return "webgpu";
  }
  return adapter !== undefined && !adapter.software ? "webgpu" : "wasm";
}

/** For the networks of this project, more threads than this wait longer than they save. */
const MOST_THREADS = 8;

/** Threads that the wasm runtime may use here: one if memory cannot be shared. */
export function availableThreads(): number {
  const isolated = "Deno" in globalThis ||
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (!isolated || typeof SharedArrayBuffer === "undefined") return 1;
  return Math.max(1, Math.min(MOST_THREADS, globalThis.navigator?.hardwareConcurrency ?? 1));
}
