/** Files made for a fixed batch, rebuilt for another one; networks of PyTorch's are in networks_test.ts. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import type { Value } from "../../src/graph/types.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

/** A file that takes `own` pictures [3, 4, 4] at once. */
function file(own: number, build: (b: Builder, x: Value) => Value): Uint8Array {
  const b = createBuilder("fixed");
  b.output(build(b, b.input("x", "float32", [own, 3, 4, 4])), "y");
  return encodeOnnx(b.build());
}

async function rows(onnx: Uint8Array, batch: number, data: Float32Array): Promise<number[]> {
  const { graph, files } = loadOnnx(onnx, { shapes: { x: [batch, 3, 4, 4] } });
  const session = await openSession(graph, { device: "wasm", files });
  const { y } = await session.run({ x: float32Tensor(data, [batch, 3, 4, 4]) });
  await session.dispose();
  return Array.from(float32Data(y!));
}

const weight = (b: Builder, ...shape: number[]) =>
  b.constant("float32", shape, seededTensor(`w${shape.join("x")}`, shape));

const BUILDS: Readonly<Record<string, (own: number) => (b: Builder, x: Value) => Value>> = {
  "a reshape to [own, -1]": (own) => (b, x) => b.matmul(b.reshape(x, [own, -1]), weight(b, 48, 2)),
  "a reshape to [-1, n]": () => (b, x) => b.matmul(b.reshape(x, [-1, 48]), weight(b, 48, 2)),
  "a flatten": () => (b, x) => b.gemm(b.flatten(x), weight(b, 48, 2)),
  "pixels as rows of one matrix": (own) => (b, x) => {
    const pixels = b.reshape(b.transpose(x, [0, 2, 3, 1]), [own * 16, 3]);
    return b.reduceMean(b.reshape(b.gemm(pixels, weight(b, 3, 2)), [own, 16, 2]), [1], false);
  },
  "heads beside the batch, tokens first": (own) => (b, x) => {
    const tokens = b.transpose(b.reshape(x, [own, 12, 4]), [1, 0, 2]);
    const heads = b.transpose(b.reshape(tokens, [12, own * 2, 2]), [1, 0, 2]);
    const attention = b.softmax(b.matmul(heads, b.transpose(heads, [0, 2, 1])));
    const joined = b.reshape(b.transpose(b.matmul(attention, heads), [1, 0, 2]), [12 * own, 4]);
    const mixed = b.reshape(b.gemm(joined, weight(b, 4, 4)), [12, own, 4]);
    return b.reduceMean(b.transpose(mixed, [1, 0, 2]), [1], false);
  },
  "an expand and a token": (own) => (b, x) => {
    const token = b.expand(b.reduceMean(x, [2]), [own, 3, 2, 4]);
    return b.reshape(b.concat([x, token], 2), [own, 72]);
  },
};

for (const [name, build] of Object.entries(BUILDS)) {
  Deno.test(`loadOnnx() rebuilds ${name} for other batches`, async () => {
    const data = seededTensor("data", [4, 48]);
    const single = file(1, build(1));
    const expected: number[] = [];
    for (let i = 0; i < 4; i++) expected.push(...await rows(single, 1, data.subarray(48 * i, 48 * i + 48)));
    const found = [
      await rows(single, 4, data),
      await rows(file(2, build(2)), 4, data),
      [...await rows(file(2, build(2)), 1, data.subarray(0, 48)), ...expected.slice(expected.length / 4)],
    ];
    for (const each of found) {
      assertEquals(each.length, expected.length);
      each.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));
    }
  });
}

const MIXING: Readonly<Record<string, (b: Builder, x: Value) => Value>> = {
  "a softmax over the batch": (b, x) => b.softmax(x, 0),
  "a mean over the batch": (b, x) => b.sub(x, b.reduceMean(x, [0])),
  "a product of pictures": (b, x) => {
    const all = b.reshape(x, [1, 48]);
    return b.matmul(all, b.transpose(b.matmul(all, weight(b, 48, 48)), [1, 0]));
  },
  "a concatenation along the batch": (b, x) => b.concat([x, b.neg(x)], 0),
  "the batch as channels": (b, x) => b.globalAveragePool(b.transpose(x, [1, 0, 2, 3])),
  "the first picture": (b, x) => b.add(x, b.slice(x, 0, 0, 1)),
};

for (const [name, build] of Object.entries(MIXING)) {
  Deno.test(`loadOnnx() refuses to rebuild ${name}`, () => {
    const onnx = file(1, build);
    assertEquals(loadOnnx(onnx).graph.inputs[0]!.shape, [1, 3, 4, 4]);
    const error = assertThrows(() => loadOnnx(onnx, { shapes: { x: [2, 3, 4, 4] } }), TypeError);
    assertEquals(
      error.message.match(/^Cannot rebuild node \w+ \(\w+\) for a batch of 2: /)?.length,
      1,
      error.message,
    );
  });
}
