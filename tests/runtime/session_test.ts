import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx/write.ts";
import { type Graph, ints } from "../../src/graph/types.ts";
import {
  type Device,
  DeviceError,
  float32Tensor,
  ModelError,
  openSession,
  resolveDevice,
  RunError,
} from "../../src/runtime/mod.ts";
import { softwareGpu, warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

/** y = relu(conv(x, w)) with an external weight, and sign(y), for which WebGPU has no kernel. */
function smallGraph(withSign = false): Graph {
  const b = createBuilder("small");
  const x = b.input("x", "float32", [1, 2, 4, 4]);
  const y = b.relu(b.conv(x, b.weight("w", [3, 2, 1, 1])));
  b.output(withSign ? b.sign(y) : y, "y");
  const graph = b.build();
  const w = graph.initializers.get("w")!;
  const bound = { ...w, data: { kind: "external", file: "weights", offset: 4, length: 24 } } as const;
  return { ...graph, initializers: new Map([...graph.initializers, ["w", bound]]) };
}

/** The weights behind four bytes that do not belong to them. */
function weightFile(): ReadonlyMap<string, Uint8Array> {
  const numbers = Float32Array.from([9, 1, 2, -1, 0.5, 0, 3]);
  return new Map([["weights", new Uint8Array(numbers.buffer)]]);
}

const input = float32Tensor(Float32Array.from({ length: 32 }, (_, i) => i / 8 - 1), [1, 2, 4, 4]);

function expected(): number[] {
  const rows = [[1, 2], [-1, 0.5], [0, 3]];
  return rows.flatMap(([a, b]) =>
    Array.from(
      { length: 16 },
      (_, i) => Math.max(0, a! * Number(input.data[i]) + b! * Number(input.data[16 + i])),
    )
  );
}

for (const device of ["wasm", "native", "webgpu"] as Device[]) {
  const ignore = device === "webgpu" && !(await softwareGpu());
  Deno.test({
    name: `openSession() runs a graph with external weights on ${device}`,
    ignore,
    sanitizeResources: device !== "webgpu",
    sanitizeOps: device !== "webgpu",
    fn: async () => {
      const session = await openSession(smallGraph(), { device, files: weightFile() });
      assertEquals(session.device, device);
      assertEquals(session.partlyOnCpu, false);
      const { y } = await session.run({ x: input });
      expected().forEach((value, i) => assertAlmostEquals(Number(y!.data[i]), value, 1e-6));
      await session.dispose();
      await session.dispose();
      await assertRejects(() => session.run({ x: input }), RunError, "disposed");
    },
  });
}

for (const device of ["wasm", "native", "webgpu"] as Device[]) {
  Deno.test({
    name: `openSession() on ${device} reads of a file what its weights need, and no more`,
    ignore: device === "webgpu" && !(await softwareGpu()),
    sanitizeResources: device !== "webgpu",
    sanitizeOps: device !== "webgpu",
    fn: async () => {
      // Half a terabyte, of which only the weights' bytes exist.
      const content = weightFile().get("weights")!;
      const asked = new Set<string>();
      const source = {
        size: 2 ** 39,
        read: (offset: number, length: number) => {
          asked.add(`${offset} + ${length}`);
          return content.subarray(offset, offset + length);
        },
      };
      const session = await openSession(smallGraph(), { device, files: new Map([["weights", source]]) });
      assertEquals([...asked], ["4 + 24"]);
      const { y } = await session.run({ x: input });
      await session.dispose();
      expected().forEach((value, i) => assertAlmostEquals(Number(y!.data[i]), value, 1e-6));
    },
  });
}

Deno.test({
  name: "openSession() says so when WebGPU lacks an operator",
  ignore: !(await softwareGpu()),
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const session = await openSession(smallGraph(true), { device: "webgpu", files: weightFile() });
    assertEquals(session.partlyOnCpu, true);
    await session.dispose();
  },
});

Deno.test("openSession() gives one clear line when the model is refused", async () => {
  const error = await assertRejects(
    () => openSession(new TextEncoder().encode("not a model"), { device: "wasm" }),
    ModelError,
    "Cannot open the model on wasm",
  );
  assertEquals(error.message.includes("\n"), false);
  assert(error.cause instanceof Error);
});

Deno.test("openSession() opens a graph with outputs before padded convolutions", async () => {
  const b = createBuilder("padded");
  let x = b.input("x", "float32", [1, 1, 3, 3]);
  const pads = b.constant("int64", [8], [0, 0, 1, 1, 0, 0, 1, 1]);
  const filter = b.constant("float32", [1, 1, 3, 3], new Array(9).fill(1));
  for (const name of ["y", "z"]) {
    const [padded] = b.node("Pad", [x, pads]);
    x = b.relu(b.conv(padded!, filter));
    b.output(b.identity(x), name);
  }
  const graph = b.build();
  for (const device of ["native", "wasm"] as const) {
    const session = await openSession(graph, { device });
    const outputs = await session.run({ x: float32Tensor(new Float32Array(9).fill(1), [1, 1, 3, 3]) });
    await session.dispose();
    assertEquals([...outputs["y"]!.data as Float32Array], [4, 6, 4, 6, 9, 6, 4, 6, 4], device);
    assertEquals([...outputs["z"]!.data as Float32Array], [25, 35, 25, 35, 49, 35, 25, 35, 25], device);
  }
});

Deno.test("openSession() pads a maximum pool with the value that the file says", async () => {
  const image = float32Tensor(Float32Array.from({ length: 9 }, (_, i) => -i - 1), [1, 1, 3, 3]);
  for (const value of [0, 2, -3]) {
    const b = createBuilder("padded");
    const x = b.input("x", "float32", [1, 1, 3, 3]);
    const [padded] = b.node("Pad", [
      x,
      b.constant("int64", [8], [0, 0, 1, 1, 0, 0, 1, 1]),
      b.constant("float32", [], [value]),
    ]);
    const [pooled] = b.node("MaxPool", [padded!], { kernel_shape: ints([3, 3]) });
    b.output(pooled!, "y");
    const graph = b.build();
    // Of the padded windows each has a border; only the middle one has none.
    const expected = [-1, -1, -2, -1, -1, -2, -4, -4, -5].map((most, at) =>
      at === 4 ? most : Math.max(most, value)
    );
    for (const device of ["native", "wasm"] as const) {
      for (const model of [graph, encodeOnnx(graph)]) {
        const session = await openSession(model, { device });
        const { y } = await session.run({ x: image });
        await session.dispose();
        assertEquals([...y!.data as Float32Array], expected, `${device}, ${value}`);
      }
    }
  }
});

Deno.test("openSession() leaves Deno's own Worker in its place", () => {
  // The runtime has been loaded above and brings Node's, which has no addEventListener.
  assertEquals(typeof Worker.prototype.addEventListener, "function");
});

Deno.test("openSession() refuses another thread count than the process runs on", async () => {
  const first = await openSession(smallGraph(), { device: "wasm", files: weightFile() });
  await assertRejects(
    () => openSession(smallGraph(), { device: "wasm", files: weightFile(), threads: first.threads + 1 }),
    DeviceError,
    "already runs on",
  );
  await assertRejects(
    () => openSession(smallGraph(), { device: "wasm", threads: 0 }),
    RangeError,
    "0 threads",
  );
  await first.dispose();
});

Deno.test("Session.run() names the input that is missing and refuses a wrong shape", async () => {
  const session = await openSession(smallGraph(), { device: "wasm", files: weightFile() });
  await assertRejects(() => session.run({}), TypeError, "input x");
  const wrong = await assertRejects(
    () => session.run({ x: float32Tensor(new Float32Array(2), [1, 2, 1, 1]) }),
    RunError,
  );
  assertStringIncludes(wrong.message, "Cannot run the model on wasm");
  await assertRejects(() => session.run({ x: input }, { signal: AbortSignal.abort() }), DOMException);
  await session.dispose();
});

Deno.test("resolveDevice() refuses an unknown name", async () => {
  await assertRejects(() => resolveDevice("gpu" as "auto"), TypeError, "auto, webgpu, wasm, native");
});
