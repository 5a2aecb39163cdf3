/**
 * Chooses the device and its threads, and says what it found.
 *
 * @module
 */
import { DeviceError } from "./errors.ts";
import type { Device } from "./ort.ts";

/** What a caller asks for: a device by name, or the best one here. */
export type DeviceRequest = Device | "auto";

/** All names that `DeviceRequest` knows. */
export const DEVICE_REQUESTS: readonly DeviceRequest[] = ["auto", "webgpu", "wasm", "native"];

/** A WebGPU adapter in words. */
export interface AdapterInfo {
  /** Name as the platform gives it, "" where it gives none. */
  readonly name: string;
  /** Whether it computes on the CPU: right, but slow. */
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

/** Looks for a WebGPU adapter; `undefined` where there is none. */
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
 * Resolves a request. `auto` takes WebGPU when a real adapter is there, else wasm; a software adapter is used
 * only when WebGPU is asked for by name.
 *
 * @throws {DeviceError} When WebGPU is asked for and no adapter is there.
 * @throws {TypeError} When the name is none of `DEVICE_REQUESTS`.
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

/** More threads than this cost more in waiting than they bring, for the networks of this project. */
const MOST_THREADS = 8;

/** Threads that the wasm runtime may use here: one where memory cannot be shared. */
export function availableThreads(): number {
  const isolated = "Deno" in globalThis ||
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (!isolated || typeof SharedArrayBuffer === "undefined") return 1;
  return Math.max(1, Math.min(MOST_THREADS, globalThis.navigator?.hardwareConcurrency ?? 1));
}
