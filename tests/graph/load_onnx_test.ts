/** Files of other exporters, opset by opset, as they are and as this project reads them. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createBuilder, OPSET } from "../../src/graph/builder.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { elementCount } from "../../src/graph/types.ts";
import { openSession, type Tensor } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { uniforms } from "../support/seeded_weights.ts";

await warmUpWasm();

interface Refused {
  readonly words: string;
  readonly model: string;
  readonly shapes?: Record<string, number[]>;
}

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/onnx/operators.json", import.meta.url)),
) as { cases: Record<string, string>; errors: Record<string, Refused> };

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** Numbers in [−1, 1) for every input of a file. */
function feedsOf(bytes: Uint8Array): Record<string, Tensor> {
  return Object.fromEntries(
    inspectOnnx(bytes).inputs.map(({ name, shape }) => {
      const sizes = shape as number[];
      const data = Float32Array.from(uniforms(name, elementCount(sizes), 5), (u) => 2 * u - 1);
      return [name, { type: "float32", shape: sizes, data }];
    }),
  );
}

/** Largest difference over the largest magnitude. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, scale] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    const delta = Math.abs(found[i]! - expected[i]!);
    if (!(delta <= difference)) difference = Number.isNaN(delta) ? Infinity : delta;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return found.length === expected.length ? difference / scale : Infinity;
}

Deno.test("loadOnnx() gives a graph that computes what the file computes, opset by opset", async () => {
  // All graphs in one session; the files as they are run natively, where a session opens in no time.
  const b = createBuilder("all");
  const feeds: Record<string, Tensor> = {};
  const expected = new Map<string, Tensor>();
  for (const [name, base64] of Object.entries(FIXTURE.cases)) {
    const bytes = bytesOf(base64);
    const own = feedsOf(bytes);
    const file = await openSession(bytes, { device: "native", threads: 1 });
    expected.set(name, (await file.run(own))["y"]!);
    await file.dispose();
    const { graph, notes } = loadOnnx(bytes);
    assertEquals([graph.opset, notes], [OPSET, []], name);
    assertEquals(graph.nodes.filter(({ op }) => ["If", "Shape", "Dropout"].includes(op)), [], name);
    const inputs = graph.inputs.map(({ name: input, shape }) => {
      feeds[`${name}/${input}`] = own[input]!;
      return [input, b.input(`${name}/${input}`, "float32", shape)] as const;
    });
    b.output(b.scope(`${name}/`).embed(graph, Object.fromEntries(inputs)).get("y")!, name);
  }
  const session = await openSession(b.build(), { device: "wasm" });
  const outputs = await session.run(feeds);
  await session.dispose();
  const wrong = [...expected].flatMap(([name, y]) => {
    const found = outputs[name]!;
    assertEquals(found.shape, y.shape, name);
    const error = relativeError(found.data as Float32Array, y.data as Float32Array);
    return error < 1e-6 ? [] : [`${name}: ${error}`];
  });
  assert(wrong.length === 0, wrong.join("\n"));
});

for (const [name, { words, model, shapes = {} }] of Object.entries(FIXTURE.errors)) {
  Deno.test(`loadOnnx() refuses ${name}`, () => {
    const error = assertThrows(() => loadOnnx(bytesOf(model), { shapes }), Error);
    assert(error instanceof TypeError || error instanceof SyntaxError, String(error));
    assertStringIncludes(error.message, words);
    assert(error.message.startsWith("Cannot ") && !error.message.includes("\n"), error.message);
  });
}

Deno.test("loadOnnx() refuses graphs nested hundreds deep in one line", () => {
  // graph (7) { node (1) { attribute (5) { g (6) { … } } } }, from the inside out.
  const within = (field: number, inner: number[]) => {
    const length: number[] = [];
    for (let rest = inner.length; rest > 0; rest >>= 7) length.push(rest & 127 | (rest > 127 ? 128 : 0));
    return [field << 3 | 2, ...length, ...inner];
  };
  let graph = within(2, [120]);
  for (let i = 0; i < 300; i++) graph = within(1, within(5, within(6, graph)));
  const error = assertThrows(() => loadOnnx(Uint8Array.from(within(7, graph))), SyntaxError);
  assert(error.message.startsWith("Cannot read ONNX model"), error.message);
});
