/**
 * What networks can run on here.
 *
 * @module
 */
import { createBuilder } from "../graph/builder.ts";
import { findAdapter } from "./adapter.ts";
import { availableThreads, deviceCandidates, nativeFailure, PROVIDERS } from "./device.ts";
import type { DeviceRequest, Provider } from "./device.ts";
import { loadBuild, type NativeBuild, VERSION } from "./ort.ts";
import { openSession, providerName } from "./session.ts";

/** A device, or an execution provider of the native one. */
export interface DeviceFacts {
  /** Its name as `device` takes it. */
  readonly name: Exclude<DeviceRequest, "auto">;
  /** Whether it can be used. */
  readonly here: boolean;
  /** Whether `auto` takes it; WebGPU must then pass the comparison with wasm, too. */
  readonly auto: boolean;
  /** What it is, or why it is missing. */
  readonly about: string;
}

/** Lists all devices, the fastest first; execution providers are started to see whether they do. */
export async function listDevices(): Promise<DeviceFacts[]> {
  const adapter = await findAdapter();
  const taken = (await deviceCandidates()).candidates[0]!.device;
  const failure = await nativeFailure();
  const threads = availableThreads();
  const devices = [
    {
      name: "webgpu",
      here: adapter !== undefined,
      about: adapter === undefined
        ? "there is no adapter"
        : `${adapter.name || "an adapter without a name"}${adapter.software ? ", software: slow" : ""}`,
    },
    {
      name: "native",
      here: failure === undefined,
      about: failure?.why ?? `onnxruntime-node ${VERSION}`,
    },
    {
      name: "wasm",
      here: true,
      about: `onnxruntime-web ${VERSION}, ${threads} thread${threads === 1 ? "" : "s"}`,
    },
  ] as const;
  return [
    ...devices.map((each) => ({ ...each, auto: each.name === taken })),
    ...await Promise.all(PROVIDERS.map((name) => providerFacts(name, failure === undefined))),
  ];
}

async function providerFacts(name: Provider, native: boolean): Promise<DeviceFacts> {
  const not = (about: string) => ({ name, here: false, auto: false, about });
  if (!native) return not("needs the native runtime");
  const build = await loadBuild("native", 1) as NativeBuild;
  const own = providerName({ device: "native", provider: name });
  if (!build.listSupportedBackends().some((each) => each.name === own)) {
    return not(`this binary of onnxruntime-node ${VERSION} does not have it`);
  }
  const b = createBuilder("start");
  b.output(b.relu(b.input("x", "float32", [1])), "y");
  const session = await openSession(b.build(), { device: name, threads: 1 });
  await session.dispose();
  const failed = session.choice.passedOver.find((each) => each.name === name);
  return failed === undefined
    ? { name, here: true, auto: false, about: "an execution provider of the native runtime" }
    : not(failed.why);
}
