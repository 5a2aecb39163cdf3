/**
 * Chooses the device and its threads, and describes them.
 *
 * @module
 */
import { type AdapterInfo, knownAdapter } from "./adapter.ts";
import { DeviceError, runtimeMessage } from "./errors.ts";
import { NATIVE_PACKAGE, nativeAbsence } from "./native.ts";
import { type Device, loadBuild, VERSION } from "./ort.ts";
import { isSmallDevice } from "./small_device.ts";

/** An execution provider of the native runtime, where its binary has it. None but the CPU's was tried here. */
export type Provider = "cuda" | "tensorrt" | "coreml" | "directml" | "openvino" | "xnnpack";

/** All names that `Provider` knows. */
export const PROVIDERS: readonly Provider[] = [
  ...["cuda", "tensorrt", "coreml", "directml", "openvino", "xnnpack"] as const,
];

/** A requested device, an execution provider of the native one, or "auto" for the fastest available one. */
export type DeviceRequest = Device | Provider | "auto";

/** All names that `DeviceRequest` knows. */
export const DEVICE_REQUESTS: readonly DeviceRequest[] = ["auto", "webgpu", "wasm", "native", ...PROVIDERS];

/** A device that was not taken. */
export interface PassedOver {
  /** Its name. */
  readonly name: DeviceRequest;
  /** Why it was not taken. */
  readonly why: string;
  /** Whether it exists and failed: it did not start, or the comparison with wasm refused it. */
  readonly tried: boolean;
}

/** Where a session runs, and why. */
export interface DeviceChoice {
  /** The request. */
  readonly asked: DeviceRequest;
  /** The device. */
  readonly device: Device;
  /** The execution provider of the native device, if it is not the CPU's. */
  readonly provider?: Provider;
  /** What would have come before it, in order. */
  readonly passedOver: readonly PassedOver[];
}

/** A device to try. */
export type DeviceCandidate = Pick<DeviceChoice, "device" | "provider">;

/** The devices that serve a request, the best first, and those before them that are missing. */
export interface DeviceCandidates {
  /** The request. */
  readonly asked: DeviceRequest;
  /** At least one. */
  readonly candidates: readonly DeviceCandidate[];
  /** Those that are not tried. */
  readonly passedOver: readonly PassedOver[];
}

/** Why the native runtime cannot be used by itself; undefined where it loads. */
export async function nativeFailure(): Promise<
  { readonly why: string; readonly tried: boolean } | undefined
> {
  const absence = nativeAbsence(VERSION);
  if (absence !== undefined) return { why: absence, tried: false };
  try {
    await loadBuild("native", 1);
    return undefined;
  } catch (error) {
    const { cause } = error as DeviceError;
    return /not.found/i.test((cause as { code?: string }).code ?? "")
      ? { why: `${NATIVE_PACKAGE} is not installed`, tried: false }
      : { why: `${NATIVE_PACKAGE} does not load: ${runtimeMessage(cause)}`, tried: true };
  }
}

/** Why the WebGPU adapter is not taken by itself; undefined where it is. */
function adapterFailure(adapter: AdapterInfo | undefined): string | undefined {
  if (adapter === undefined) return "there is no adapter";
  return adapter.software ? `the adapter is software (${adapter.name})` : undefined;
}

/**
 * The devices that serve a request. `auto` takes WebGPU if there is a hardware adapter, else native if onnxruntime-node
 * loads, else wasm. A software adapter is used only if WebGPU is requested by name. An execution provider that does not
 * start gives way to the native CPU.
 *
 * @throws {DeviceError} When WebGPU is requested and there is no adapter.
 * @throws {TypeError} When the name is not in `DEVICE_REQUESTS`.
 */
export async function deviceCandidates(asked: DeviceRequest = "auto"): Promise<DeviceCandidates> {
  if (!DEVICE_REQUESTS.includes(asked)) {
    throw new TypeError(`Unknown device ${asked}: choose one of ${DEVICE_REQUESTS.join(", ")}`);
  }
  const only = (...candidates: DeviceCandidate[]) => ({ asked, candidates, passedOver: [] });
  if (asked === "webgpu") {
    if (await knownAdapter() !== undefined) return only({ device: asked });
    throw new DeviceError("Cannot use device webgpu: this machine or browser offers no WebGPU adapter");
  }
  if (asked === "wasm" || asked === "native") return only({ device: asked });
  if (asked !== "auto") return only({ device: "native", provider: asked }, { device: "native" });

  const candidates: DeviceCandidate[] = [];
  const passedOver: PassedOver[] = [];
  const noAdapter = adapterFailure(await knownAdapter());
  if (noAdapter === undefined) candidates.push({ device: "webgpu" });
  else passedOver.push({ name: "webgpu", why: noAdapter, tried: false });
  const noNative = await nativeFailure();
  if (noNative === undefined) candidates.push({ device: "native" });
  else passedOver.push({ name: "native", ...noNative });
  candidates.push({ device: "wasm" });
  return { asked, candidates, passedOver };
}

/**
 * The device that a request is for, before any session is opened: sessions of "auto" may turn out to run on the next one.
 *
 * @throws As `deviceCandidates`.
 */
export async function resolveDevice(request?: DeviceRequest): Promise<Device> {
  return (await chooseDevice(request)).device;
}

/**
 * The same with its reasons.
 *
 * @throws As `deviceCandidates`.
 */
export async function chooseDevice(request?: DeviceRequest): Promise<DeviceChoice> {
  const { asked, candidates, passedOver } = await deviceCandidates(request);
  return { asked, ...candidates[0]!, passedOver };
}

/** For the networks of this project, more threads than this wait longer than they save. */
const MOST_THREADS = 8;

/** Threads that the wasm runtime may use here: one on phones and tablets, and if memory cannot be shared. */
export function availableThreads(): number {
  const isolated = "Deno" in globalThis ||
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (!isolated || typeof SharedArrayBuffer === "undefined" || isSmallDevice()) return 1;
  return Math.max(1, Math.min(MOST_THREADS, globalThis.navigator?.hardwareConcurrency ?? 1));
}
