import { assert, assertEquals } from "@std/assert";
import { createBuilder } from "../../../src/graph/builder.ts";
import { splitLargeGemm } from "../../../src/graph/passes/split_large_gemm.ts";
import type { Graph } from "../../../src/graph/types.ts";
import { float32Tensor, openSession } from "../../../src/runtime/mod.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { openWithWeights, seededWeights } from "../../support/networks.ts";
import { seededTensor } from "../../support/seeded_weights.ts";

await warmUpWasm();

/** Two linear layers, one with a bias; 7 units of 5 weights, 3 of 7. */
function graph(inline: boolean): Graph {
  const b = createBuilder("linear");
  const weight = (name: string, ...shape: number[]) =>
    inline ? b.constant("float32", shape, seededTensor(name, shape, 1)) : b.weight(name, shape);
  const hidden = b.gemm(b.input("x", "float32", [2, 5]), weight("a.weight", 7, 5), weight("a.bias", 7), {
    transB: true,
  });
  b.output(b.gemm(b.relu(hidden), weight("b.weight", 3, 7), undefined, { transB: true }), "y");
  return b.build();
}

const feeds = { x: float32Tensor(seededTensor("x.weight", [2, 5], 2), [2, 5]) };

for (const inline of [true, false]) {
  Deno.test(`splitLargeGemm() changes no result (weights ${inline ? "inside" : "in a file"})`, async () => {
    const whole = await openWithWeights(graph(inline), seededWeights(1));
    const expected = (await whole.run(feeds))["y"]!.data;
    await whole.dispose();
    for (const mostBytes of [20, 47, 100]) {
      // What is unbound is left alone: the weights are bound first, as sessions have it.
      const session = inline
        ? await openSession(splitLargeGemm(graph(true), mostBytes), { device: "wasm" })
        : await openWithWeights(graph(false), seededWeights(1), { largestTensor: mostBytes });
      assertEquals((await session.run(feeds))["y"]!.data, expected);
      await session.dispose();
    }
  });
}

Deno.test("splitLargeGemm() makes parts of whole rows, and leaves what is small or unbound", () => {
  const split = splitLargeGemm(graph(true), 47);
  const gemms = split.nodes.filter((node) => node.op === "Gemm");
  assertEquals(gemms.map((node) => split.initializers.get(node.inputs[1]!)!.shape), [
    ...[[2, 5], [2, 5], [2, 5], [1, 5]],
    ...[[1, 7], [1, 7], [1, 7]],
  ]);
  assertEquals([...split.initializers.values()].every((each) => split.values.has(each.name)), true);
  const small = graph(true);
  assert(splitLargeGemm(small, 1000) === small);
  const unbound = graph(false);
  assert(splitLargeGemm(unbound, 1) === unbound);
});
