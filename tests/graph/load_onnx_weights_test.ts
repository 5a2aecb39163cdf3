/** Where the weights of a file are, and what they are in: halves, files beside it. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { decodeNumbers } from "../../src/graph/constants.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { elementCount, type Graph, type Initializer } from "../../src/graph/types.ts";
import { float32Data, float32Tensor, openSession, type Tensor } from "../../src/runtime/mod.ts";
import { type ByteSource, toByteSource } from "../../src/bytes/byte_source.ts";
import { float32ToFloat16 } from "../../src/bytes/half.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

const [INPUTS, UNITS] = [80, 90];
const WEIGHT = seededTensor("fc.weight", [INPUTS, UNITS], 1);
const HALVES = float32ToFloat16(WEIGHT);

/** x·W in float16 between casts, as converters write it; W is large, the factor small. */
function halfNetwork(weight: Initializer["data"]): Graph {
  const b = createBuilder("halves");
  const x = b.input("x", "float32", [1, INPUTS]);
  const w = b.weight("fc.weight", [INPUTS, UNITS], "float16");
  const factor = b.constant("float16", [], [0.3]);
  b.output(b.cast(b.mul(b.matmul(b.cast(x, "float16"), w), factor), "float32"), "y");
  const graph = b.build();
  const bound = new Map(graph.initializers).set(w.name, { ...w, data: weight });
  return { ...graph, initializers: bound };
}

const inside = { kind: "inline", bytes: new Uint8Array(HALVES.buffer) } as const;
const outside = { kind: "external", file: "w.bin", offset: 3, length: HALVES.byteLength } as const;
const beside = new Uint8Array([9, 9, 9, ...inside.bytes]);

async function product(onnx: Uint8Array, files?: ReadonlyMap<string, Uint8Array>) {
  const loaded = loadOnnx(onnx, { float32: true, ...(files ? { files } : {}) });
  const session = await openSession(loaded.graph, { device: "wasm", files: loaded.files });
  const x = Float32Array.from({ length: INPUTS }, (_, i) => Math.sin(i));
  const { y } = await session.run({ x: float32Tensor(x, [1, INPUTS]) });
  await session.dispose();
  return { ...loaded, x, y: float32Data(y!) };
}

Deno.test("loadOnnx() widens halves when they are read, in the file or beside it; casts are gone", async () => {
  const cases = [
    [encodeOnnx(halfNetwork(inside)), undefined],
    [encodeOnnx(halfNetwork(outside)), new Map([["w.bin", beside]])],
  ] as const;
  for (const [onnx, files] of cases) {
    const { graph, x, y, notes } = await product(onnx, files);
    assertEquals(graph.nodes.map(({ op }) => op), ["MatMul", "Mul", "Identity"]);
    assertEquals(notes.length, 1);
    const weight = graph.initializers.get("fc.weight")!;
    assertEquals([weight.type, weight.data.kind], ["float32", "external"]);
    const wide = decodeNumbers("float16", inside.bytes);
    const half = decodeNumbers("float16", new Uint8Array(float32ToFloat16(Float32Array.of(0.3)).buffer))[0]!;
    for (const unit of [0, 41, UNITS - 1]) {
      const sum = x.reduce((so, value, i) => so + value * wide[i * UNITS + unit]!, 0);
      assertAlmostEquals(y[unit]!, sum * half, 1e-5);
    }
  }
});

Deno.test("loadOnnx() leaves halves alone where they are not to be widened", () => {
  const { graph, files } = loadOnnx(encodeOnnx(halfNetwork(outside)), {
    files: new Map([["w.bin", beside]]),
  });
  assertEquals(graph.initializers.get("fc.weight")!.type, "float16");
  assertEquals(graph.nodes.filter(({ op }) => op === "Cast").length, 2);
  assertEquals([...files.keys()], ["w.bin"]);
});

Deno.test("loadOnnx() reads no weight before the runtime asks for it", () => {
  const read: number[] = [];
  const source = toByteSource(beside);
  const watched: ByteSource = {
    size: source.size,
    read: (offset, length) => {
      read.push(offset);
      return source.read(offset, length);
    },
  };
  const options = { files: new Map([["w.bin", watched]]), float32: true };
  const { graph, files } = loadOnnx(encodeOnnx(halfNetwork(outside)), options);
  assertEquals(read, []);
  const { data, shape } = graph.initializers.get("fc.weight")!;
  assert(data.kind === "external" && data.length === 4 * elementCount(shape));
  // Any part of it, too.
  const part = files.get(data.file)!.read(data.offset + 400, 40);
  assertEquals(read, [3]);
  assertEquals(decodeNumbers("float32", part), decodeNumbers("float16", inside.bytes).slice(100, 110));
});

Deno.test("loadOnnx() leaves large weights where they are in the .onnx file", () => {
  const b = createBuilder("large");
  const x = b.input("x", "float32", [1, INPUTS]);
  const reshaped = b.reshape(b.constant("float32", [UNITS, INPUTS], WEIGHT), [INPUTS, UNITS]);
  b.output(b.matmul(x, reshaped), "y");
  const onnx = encodeOnnx(b.build());
  const { graph, files } = loadOnnx(onnx);
  // A weight in another shape is the same bytes.
  assertEquals(graph.nodes.map(({ op }) => op).filter((op) => op !== "Identity"), ["MatMul"]);
  const weight = graph.initializers.get(graph.nodes[0]!.inputs[1]!)!;
  assert(weight.data.kind === "external");
  assertEquals(weight.shape, [INPUTS, UNITS]);
  const { file, offset, length } = weight.data;
  const bytes = files.get(file)!.read(offset, length);
  assertEquals(bytes.buffer, onnx.buffer);
  assertEquals(decodeNumbers("float32", bytes), Array.from(WEIGHT));
});

Deno.test("loadOnnx() refuses external data that are missing, too short or somewhere else", () => {
  const onnx = encodeOnnx(halfNetwork(outside));
  assertThrows(() => loadOnnx(onnx), TypeError, "its external data w.bin are not given");
  const short = new Map([["w.bin", beside.subarray(0, 100)]]);
  assertThrows(
    () => loadOnnx(onnx, { files: short }),
    RangeError,
    "is at bytes 3 to 14403 of w.bin, which has 100",
  );
  for (const file of ["../w.bin", "/w.bin", "C:/w.bin", "a\\w.bin"]) {
    const elsewhere = encodeOnnx(halfNetwork({ ...outside, file }));
    assertThrows(() => loadOnnx(elsewhere), SyntaxError, "outside the model's folder");
  }
  const wrong = encodeOnnx(halfNetwork({ ...outside, length: 10 }));
  assertThrows(() => loadOnnx(wrong), SyntaxError, "holds 10 bytes, not 14400");
});

Deno.test("loadOnnx() feeds a picture in bytes as float32 where it is cast first, and only there", () => {
  const b = createBuilder("bytes");
  const picture = b.input("picture", "uint8", [1, 4, 4, 3]);
  b.output(b.mul(b.cast(b.transpose(picture, [0, 3, 1, 2]), "float32"), 1 / 255), "y");
  const { graph } = loadOnnx(encodeOnnx(b.build()), { float32: true });
  assertEquals(graph.inputs[0]!.type, "float32");
  assertEquals(graph.nodes.map(({ op }) => op), ["Transpose", "Mul", "Identity"]);

  const whole = createBuilder("whole");
  const x = whole.input("x", "uint8", [4]);
  whole.output(whole.cast(whole.div(x, 2), "float32"), "y");
  const kept = loadOnnx(encodeOnnx(whole.build()), { float32: true });
  assertEquals(kept.graph.inputs[0]!.type, "uint8");
});

Deno.test("loadOnnx() scales bytes that are fed to a quantised network, fed as they are or as float32", async () => {
  const b = createBuilder("bytes");
  b.input("x", "uint8", [3]);
  const [scale, zero] = [b.constant("float32", [], [0.5]), b.constant("uint8", [], [10])];
  const y = { name: "y", type: "float32", shape: [3] } as const;
  const dequantize = {
    name: "first",
    op: "DequantizeLinear",
    domain: "",
    inputs: ["x", scale.name, zero.name],
    outputs: ["y"],
    attributes: {},
  };
  const onnx = encodeOnnx({ ...b.build(), nodes: [dequantize], outputs: [y] });
  for (const float32 of [true, false]) {
    const { graph } = loadOnnx(onnx, { dequantize: true, float32 });
    const data = float32 ? Float32Array.of(0, 10, 255) : Uint8Array.of(0, 10, 255);
    const session = await openSession(graph, { device: "wasm" });
    const type = float32 ? "float32" : "uint8";
    assertEquals(graph.inputs[0]!.type, type);
    const outputs = await session.run({ x: { type, shape: [3], data } as Tensor });
    await session.dispose();
    assertEquals(Array.from(float32Data(outputs["y"]!)), [-5, 0, 122.5]);
  }
});
