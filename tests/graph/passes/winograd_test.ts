import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createBuilder } from "../../../src/graph/builder.ts";
import { encodeOnnx } from "../../../src/graph/onnx_file.ts";
import { winograd } from "../../../src/graph/passes/winograd/mod.ts";
import { bothSides, F2, F4, transformedFilters } from "../../../src/graph/passes/winograd/transforms.ts";
import type { Graph, Value } from "../../../src/graph/types.ts";
import { float32Tensor, ModelError, openSession } from "../../../src/runtime/mod.ts";
import { float32Data } from "../../../src/runtime/tensor.ts";
import { toByteSource } from "../../../src/bytes/byte_source.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { seededTensor } from "../../support/seeded_weights.ts";

await warmUpWasm();

interface Case {
  readonly what: string;
  readonly size?: readonly [number, number];
  readonly batch?: number;
  readonly channels?: readonly [number, number];
  readonly pads?: readonly number[];
  readonly bias?: boolean;
  readonly norm?: boolean;
  readonly relu?: boolean;
  /** Whether the convolution's own result is an output too. */
  readonly tapped?: boolean;
  /** Whether the weight is turned around in the graph, as a gradient has it. */
  readonly flipped?: boolean;
}

const CASES: readonly Case[] = [
  { what: "alone" },
  { what: "with a bias, on a picture that tiles do not divide", bias: true, size: [7, 9] },
  { what: "with normalisation and ReLU", norm: true, relu: true, bias: true },
  { what: "with ReLU alone", relu: true },
  { what: "in a batch, other channels out than in", batch: 3, channels: [5, 3], norm: true, size: [6, 5] },
  { what: "without padding", pads: [0, 0, 0, 0] },
  { what: "with other padding on each side", pads: [2, 0, 1, 3], bias: true },
  { what: "whose own result is read elsewhere", norm: true, relu: true, tapped: true },
  { what: "of one pixel", size: [1, 1] },
  { what: "with a weight that the graph turns around", flipped: true },
];

/** A 3×3 convolution, and what a case has around it. */
function graphOf({ size = [8, 8], batch = 1, channels = [4, 6], ...rest }: Case): Graph {
  const [inputs, outputs] = channels;
  const b = createBuilder("convolution");
  const numbers = (name: string, ...shape: number[]) =>
    b.constant("float32", shape, seededTensor(name, shape, 1));
  const x = b.input("x", "float32", [batch, inputs, ...size]);
  let weight: Value = numbers("conv.weight", outputs, inputs, 3, 3);
  if (rest.flipped) {
    const flat = b.reshape(numbers("conv.weight", inputs, outputs, 3, 3), [inputs, outputs, 9]);
    const turned = b.transpose(b.gather(flat, b.int64s([8, 7, 6, 5, 4, 3, 2, 1, 0]), 2), [1, 0, 2]);
    weight = b.reshape(turned, [outputs, inputs, 3, 3]);
  }
  const bias = rest.bias ? numbers("conv.bias", outputs) : undefined;
  let y = b.conv(x, weight, bias, { pads: rest.pads ?? [1, 1, 1, 1] });
  if (rest.tapped) b.output(y, "own");
  if (rest.norm) {
    const variance = Float32Array.from(
      seededTensor("bn.running_var", [outputs], 1),
      (v) => Math.abs(v) + 0.1,
    );
    y = b.batchNorm(y, {
      scale: numbers("bn.weight", outputs),
      bias: numbers("bn.bias", outputs),
      mean: numbers("bn.running_mean", outputs),
      variance: b.constant("float32", [outputs], variance),
    });
  }
  if (rest.relu) y = b.relu(y);
  b.output(y, "y");
  return b.build();
}

/** The runtime's results for a graph as it is. */
async function resultsOf(bound: { graph: Graph; files?: Parameters<typeof winograd>[0]["files"] }) {
  const { shape } = bound.graph.inputs[0]!;
  // Bytes are run as they are; a graph would go through the pass.
  const session = await openSession(encodeOnnx(bound.graph), {
    device: "wasm",
    files: bound.files ?? new Map(),
  });
  const results = await session.run({ x: float32Tensor(seededTensor("x", shape, 2), [...shape]) });
  await session.dispose();
  return results;
}

for (const each of CASES) {
  for (const transforms of [F2, F4]) {
    const { m } = transforms;
    Deno.test(`winograd() gives a convolution's numbers by tiles of ${m}×${m}: ${each.what}`, async () => {
      const graph = graphOf(each);
      const expected = await resultsOf({ graph });
      const changed = winograd({ graph, files: new Map() }, () => transforms);
      assert(!changed.graph.nodes.some((node) => node.op === "BatchNormalization" && !each.tapped));
      assert(changed.graph.nodes.some((node) => node.name.includes("/")));
      const actual = await resultsOf(changed);
      assertEquals(Object.keys(actual), Object.keys(expected));
      for (const [name, tensor] of Object.entries(expected)) {
        const [a, b] = [float32Data(actual[name]!), float32Data(tensor)];
        assertEquals(actual[name]!.shape, tensor.shape);
        const largest = Math.max(...b.map(Math.abs));
        const off = Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
        assert(largest > 0 && off <= (m === 2 ? 2e-6 : 2e-5) * largest, `${name}: ${off} of ${largest}`);
      }
    });
  }
}

Deno.test("winograd() reads filters from a file, transforms them on demand and lets the others go", () => {
  const whole = graphOf({ what: "", channels: [40, 40], norm: true });
  const weight = [...whole.initializers.values()].find(({ shape }) => shape.join() === "40,40,3,3")!;
  assert(weight.data.kind === "inline");
  const file = weight.data.bytes;
  const data = { kind: "external", file: "w", offset: 0, length: file.length } as const;
  const graph = { ...whole, initializers: new Map(whole.initializers).set(weight.name, { ...weight, data }) };
  let reads = 0;
  const source = {
    size: file.length,
    read: (offset: number, length: number) => {
      reads += length;
      return file.subarray(offset, offset + length);
    },
  };
  const changed = winograd({ graph, files: new Map([["w", source]]) });
  assertEquals(reads, 0);
  const [filters, ...others] = [...changed.graph.initializers.values()]
    .filter(({ data }) => data.kind === "external");
  assertEquals(others, []);
  assertEquals(filters!.shape, [36, 40, 40]);
  const place = filters!.data;
  assert(place.kind === "external");
  const made = changed.files.get(place.file)!.read(place.offset, place.length);
  assertEquals([made.length, reads], [4 * 36 * 40 * 40, file.length]);
});

Deno.test("winograd() leaves alone what it has no form for, what is not known, and what would not gain", () => {
  const b = createBuilder("others");
  const x = b.input("x", "float32", [1, 64, 8, 8]);
  const weight = (...shape: number[]) => b.constant("float32", shape, seededTensor("w", shape, 1));
  const three = weight(64, 64, 3, 3);
  for (
    const [index, y] of [
      b.conv(x, three, undefined, { strides: [2, 2] }),
      b.conv(x, three, undefined, { dilations: [2, 2] }),
      b.conv(x, weight(64, 1, 3, 3), undefined, { group: 64 }),
      b.conv(x, weight(64, 64, 1, 1)),
      b.conv(x, weight(64, 64, 5, 5)),
      b.conv(x, weight(8, 64, 3, 3)),
      b.conv(x, b.input("fed", "float32", [64, 64, 3, 3])),
      b.conv(x, b.weight("unbound", [64, 64, 3, 3])),
      // Worked out of a weight, not only laid out anew: the runtime's.
      b.conv(x, b.mul(three, 2)),
      // Its tiles would take 300 MB.
      b.conv(b.input("many", "float32", [16, 64, 224, 224]), three),
    ].entries()
  ) b.output(y, `y${index}`);
  const bound = { graph: b.build(), files: new Map() };
  assert(winograd(bound) === bound);
});

Deno.test("winograd() leaves a weight whose file is missing or too short to the runtime, whose error names it", async () => {
  const whole = graphOf({ what: "", channels: [32, 32], bias: true });
  const weight = [...whole.initializers.values()].find(({ shape }) => shape.join() === "32,32,3,3")!;
  const length = 4 * 32 * 32 * 9;
  const data = { kind: "external", file: "w", offset: 0, length } as const;
  const graph = { ...whole, initializers: new Map(whole.initializers).set(weight.name, { ...weight, data }) };
  for (const size of [undefined, length - 4]) {
    const files = size === undefined ? new Map() : new Map([["w", toByteSource(new Uint8Array(size))]]);
    const bound = { graph, files };
    assert(winograd(bound) === bound);
    const error = await assertRejects(() => openSession(graph, { device: "wasm", files }), ModelError);
    assertStringIncludes(error.message, weight.name);
  }
});

Deno.test("openSession() on wasm takes a graph through winograd(), whatever its values are called", async () => {
  const b = createBuilder("names");
  const numbers = (...shape: number[]) => seededTensor(`weight ${shape}`, shape, 1);
  // Names that the new values would have, given to others.
  const stems = ["conv/x", "conv/filters", "conv/bias", "conv/constant", "conv/conv_out", "conv/reshape_out"];
  let x = b.input("conv/gemm_out", "float32", [1, 32, 8, 8]);
  const bias = b.constant("float32", [32], numbers(32));
  for (const name of stems) {
    b.output(x = b.add(x, 1), name);
    x = b.existingValue(name);
  }
  const weight = b.constant("float32", [32, 32, 3, 3], numbers(32, 32, 3, 3));
  const y = b.relu(b.node("Conv", [x, weight, bias], {}, { name: "conv" })[0]!);
  b.output(b.conv(y, weight, bias, { strides: [2, 2] }), "y");
  const graph = b.build();
  assert(winograd({ graph, files: new Map() }).graph.nodes.length > graph.nodes.length);
  const feeds = { "conv/gemm_out": float32Tensor(seededTensor("x", [1, 32, 8, 8], 2), [1, 32, 8, 8]) };
  const [changed, plain] = await Promise.all([graph, encodeOnnx(graph)].map(async (model) => {
    const session = await openSession(model, { device: "wasm" });
    const results = await session.run(feeds);
    await session.dispose();
    return results;
  }));
  assertEquals(Object.keys(changed!), Object.keys(plain!));
  for (const [name, tensor] of Object.entries(plain!)) {
    const [a, c] = [float32Data(changed![name]!), float32Data(tensor)];
    const largest = Math.max(...c.map(Math.abs));
    assert(a.every((value, i) => Math.abs(value - c[i]!) <= 2e-5 * largest), name);
  }
});

Deno.test("transformedFilters() and bothSides() are the paper's products", () => {
  const random = seededTensor("w", [2, 3, 3, 3], 1);
  for (const transforms of [F2, F4]) {
    const t = transforms.m + 2;
    const made = transformedFilters(transforms, random, Float32Array.of(2, 3));
    const g = bothSides(transforms.filter);
    for (let element = 0; element < t * t; element++) {
      for (let filter = 0; filter < 6; filter++) {
        let expected = 0;
        for (let k = 0; k < 9; k++) expected += g[element * 9 + k]! * random[filter * 9 + k]!;
        expected *= filter < 3 ? 2 : 3;
        assert(Math.abs(made[element * 6 + filter]! - expected) <= 1e-6 * Math.max(1, Math.abs(expected)));
      }
    }
  }
});
