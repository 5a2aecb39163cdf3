import { assert, assertEquals, assertMatch } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import {
  chooseDevice,
  float32Tensor,
  listDevices,
  openSession,
  resolveDevice,
  type Session,
} from "../../src/runtime/mod.ts";
import { judge, sampleFeeds, selfTest } from "../../src/runtime/self_test.ts";
import { softwareGpu, warmUpWasm } from "../support/devices.ts";

await warmUpWasm();
// The native runtime belongs to the process, too.
await chooseDevice("auto");

interface Gpu {
  requestAdapter(options?: object): Promise<object | null>;
}
const realGpu = (navigator as unknown as { gpu?: Gpu }).gpu;

/** Runs `act` where the platform's WebGPU is another one. */
async function withGpu<T>(gpu: Gpu | undefined, act: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(navigator, "gpu");
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  try {
    return await act();
  } finally {
    if (own === undefined) delete (navigator as unknown as { gpu?: Gpu }).gpu;
    else Object.defineProperty(navigator, "gpu", own);
  }
}

/** Runs `act` where Deno's folder of packages is not there. */
async function withoutPackages<T>(act: () => Promise<T>): Promise<T> {
  const before = Deno.env.get("DENO_DIR");
  Deno.env.set("DENO_DIR", "no such folder");
  try {
    return await act();
  } finally {
    if (before === undefined) Deno.env.delete("DENO_DIR");
    else Deno.env.set("DENO_DIR", before);
  }
}

/** y = relu(x) of an image. */
function reluGraph() {
  const b = createBuilder("relu");
  b.output(b.relu(b.input("x", "float32", [1, 3, 8, 8])), "y");
  return b.build();
}

Deno.test("auto takes the native runtime where onnxruntime-node is, and says why not WebGPU", async () => {
  await withGpu(undefined, async () => {
    assertEquals(await chooseDevice("auto"), {
      asked: "auto",
      device: "native",
      passedOver: [{ name: "webgpu", why: "there is no adapter", tried: false }],
    });
    const session = await openSession(reluGraph(), { device: "auto" });
    assertEquals([session.device, session.choice.device], ["native", "native"]);
    await session.dispose();
  });
});

Deno.test("auto takes wasm, without an error, where onnxruntime-node is not", async () => {
  const choice = await withGpu(undefined, () => withoutPackages(() => chooseDevice("auto")));
  assertEquals(choice.device, "wasm");
  assertMatch(choice.passedOver[1]!.why, /^onnxruntime-node [\d.]+ is not downloaded/);
});

Deno.test({
  name: "auto asks for no permission: without --allow-ffi it takes wasm",
  permissions: { ffi: false, read: true, env: true, write: false, net: false, sys: false, run: false },
  fn: async () => {
    const choice = await withGpu(undefined, () => chooseDevice("auto"));
    assertEquals(choice.device, "wasm");
    assertMatch(choice.passedOver[1]!.why, /--allow-ffi/);
  },
});

Deno.test("auto takes WebGPU on a hardware adapter, not on a software one, whose name it gives", async () => {
  const adapter = (info: object): Gpu => ({ requestAdapter: () => Promise.resolve({ info }) });
  await withGpu(adapter({ description: "Some GPU" }), async () => {
    assertEquals(await resolveDevice("auto"), "webgpu");
  });
  await withGpu(adapter({ description: "SwiftShader Device" }), async () => {
    const { device, passedOver } = await chooseDevice("auto");
    assertEquals(device, "native");
    assertEquals(passedOver[0]!.why, "the adapter is software (SwiftShader Device)");
  });
});

Deno.test("an execution provider that does not start is reported, and the native CPU takes its place", async () => {
  for (const device of ["xnnpack", "coreml", "openvino", "directml"] as const) {
    const session = await openSession(reluGraph(), { device });
    const { passedOver, ...rest } = session.choice;
    await session.dispose();
    assertEquals(session.device, "native");
    // One of them may be in the binary of another platform.
    if (passedOver.length === 0) continue;
    assertEquals(rest, { asked: device, device: "native" });
    assertEquals([passedOver[0]!.name, passedOver[0]!.tried], [device, true]);
    assertMatch(passedOver[0]!.why, new RegExp(`^Cannot use device ${device}: `));
  }
});

Deno.test("listDevices() names every device once, and says why one is not here", async () => {
  const devices = await withGpu(undefined, listDevices);
  assertEquals(
    devices.map(({ name }) => name),
    ["webgpu", "native", "wasm", "cuda", "tensorrt", "coreml", "directml", "openvino", "xnnpack"],
  );
  assertEquals(devices.filter(({ auto }) => auto).map(({ name }) => name), ["native"]);
  assertEquals(devices.filter(({ about }) => about === "").length, 0);
  const without = await withGpu(undefined, () => withoutPackages(listDevices));
  assertEquals(without.filter(({ here }) => here).map(({ name }) => name), ["wasm"]);
});

const tensor = (...values: number[]) => float32Tensor(Float32Array.from(values), [values.length]);

Deno.test("judge() refuses wrong numbers, what is no number, and what is slower; not rounding", () => {
  const right = { outputs: { y: tensor(1, -4, 2) }, milliseconds: 10 };
  const trial = (milliseconds: number, ...values: number[]) =>
    judge({ outputs: { y: tensor(...values) }, milliseconds }, right);
  assertEquals(trial(5, 1.01, -4.02, 2), undefined);
  assertEquals(trial(5, 1, -4, 2.5), "its results differ from wasm's (y, by 12.5 %)");
  assertEquals(trial(5, 1, NaN, 2), "its results differ from wasm's (y, and are not numbers)");
  assertEquals(trial(12, 1, -4, 2), "it is slower than wasm (12 ms and 10 ms)");
});

Deno.test("sampleFeeds() makes up images and class numbers, and nothing for other types", () => {
  const feeds = sampleFeeds([
    { name: "x", type: "float32", shape: ["N", 3, 2, 2] },
    { name: "target", type: "int64", shape: [1] },
  ])!;
  assertEquals([feeds["x"]!.shape, feeds["x"]!.data.length], [[1, 3, 2, 2], 12]);
  assert((feeds["x"]!.data as Float32Array).every((value) => value >= 0 && value <= 1));
  assertEquals(feeds["target"]!.data, BigInt64Array.of(0n));
  assertEquals(sampleFeeds([{ name: "x", type: "string", shape: [1] }]), undefined);
});

/** A session that gives one number, and counts its runs. */
function fakeSession(value: number): { readonly session: Session; readonly runs: { count: number } } {
  const runs = { count: 0 };
  const run = () => {
    runs.count++;
    return Promise.resolve({ y: tensor(value) });
  };
  const inputs = [{ name: "x", type: "float32", shape: [1] }];
  return { session: { inputs, run, dispose: () => Promise.resolve() } as unknown as Session, runs };
}

Deno.test("selfTest() compares a graph and an adapter once, and remembers", async () => {
  const adapter = `Test GPU ${crypto.randomUUID()}`;
  const [gpu, wasm] = [fakeSession(2), fakeSession(1)];
  const subject = {
    adapter,
    bytes: Uint8Array.of(1, 2, 3),
    openReference: () => Promise.resolve(wasm.session),
  };
  const first = await selfTest(gpu.session, subject);
  assertEquals(first, "its results differ from wasm's (y, by 100.0 %)");
  const [ours, theirs] = [gpu.runs.count, wasm.runs.count];
  assert(ours > 0 && theirs > 0);
  assertEquals(await selfTest(gpu.session, subject), first);
  assertEquals([gpu.runs.count, wasm.runs.count], [ours, theirs]);
  // Another graph is another question.
  await selfTest(gpu.session, { ...subject, bytes: Uint8Array.of(1, 2, 4) });
  assert(gpu.runs.count > ours);
  await caches.delete("ptame-devices");
});

Deno.test({
  name: "auto does not use an adapter that is slower than wasm, and says so",
  ignore: !(await softwareGpu()),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    // Software that does not say so, and was never compared.
    const name = `Quick GPU ${crypto.randomUUID()}`;
    const disguised: Gpu = {
      requestAdapter: async (options) => {
        const adapter = await realGpu!.requestAdapter(options);
        return Object.defineProperty(adapter!, "info", { value: { description: name } });
      },
    };
    await withGpu(disguised, async () => {
      assertEquals(await resolveDevice("auto"), "webgpu");
      const session = await openSession(reluGraph(), { device: "auto" });
      const { device, passedOver } = session.choice;
      await session.dispose();
      assertEquals(device, "native");
      assertEquals([passedOver[0]!.name, passedOver[0]!.tried], ["webgpu", true]);
      assertMatch(passedOver[0]!.why, /^it is slower than wasm/);
      await caches.delete("ptame-devices");
    });
  },
});
