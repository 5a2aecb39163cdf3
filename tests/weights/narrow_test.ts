import { assert, assertEquals } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { narrowWeights } from "../../src/weights/narrow.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

Deno.test("narrowWeights() halves large weights where they lie, and leaves those that float16 cannot hold", async () => {
  const numbers = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i) * (i % 7 === 0 ? 1e-3 : 2));
  const b = createBuilder("narrow");
  const x = b.input("x", "float32", [1, 64]);
  const outside = b.weight("outside", [64, 64]);
  const inside = b.constant("float32", [64, 64], numbers.map((value) => value / 3));
  const huge = b.constant("float32", [64, 64], numbers.map((value) => value * 1e5));
  const long = b.constant("float32", [4096], numbers);
  const first = b.matmul(b.matmul(b.matmul(x, outside), inside), huge);
  b.output(b.add(first, b.reduceSum(long)), "y");
  const graph = b.build();
  const data = { kind: "external", file: "file", offset: 1, length: 4 * 4096 } as const;
  const file = new Uint8Array(1 + 4 * 4096);
  file.set(new Uint8Array(numbers.buffer), 1);
  const initializers = new Map(graph.initializers);
  initializers.set("outside", { ...graph.initializers.get("outside")!, data });
  const bound = { graph: { ...graph, initializers }, files: new Map([["file", toByteSource(file)]]) };

  const narrow = narrowWeights(bound);
  const types = new Map([...narrow.graph.initializers].map(([name, { type }]) => [name, type]));
  assertEquals(types.get("outside.float16"), "float16");
  assertEquals(types.get(`${inside.name}.float16`), "float16");
  assertEquals([types.get(huge.name), types.get(long.name), types.has("outside")], [
    "float32",
    "float32",
    false,
  ]);

  const results: Float32Array[] = [];
  const sizes: number[] = [];
  for (const each of [bound, narrow]) {
    const bytes = encodeOnnx(each.graph, { files: each.files });
    sizes.push(bytes.length);
    const session = await openSession(bytes, { device: "wasm" });
    const { y } = await session.run({ x: float32Tensor(numbers.slice(0, 64), [1, 64]) });
    await session.dispose();
    results.push(float32Data(y!));
  }
  assert(sizes[1]! < sizes[0]! - 2 * 2 * 4096 + 500);
  const [wide, half] = results as [Float32Array, Float32Array];
  const scale = wide.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const away = half.reduce((most, value, i) => Math.max(most, Math.abs(value - wide[i]!)), 0) / scale;
  assert(away > 0 && away < 1e-3, `it is away by ${away}`);
});
