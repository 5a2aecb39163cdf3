import { assertEquals } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { addLoop } from "../../src/graph/loop.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

Deno.test("addLoop() repeats nodes that read weights, earlier values and their own round", async () => {
  const b = createBuilder("sums");
  const x = b.input("x", "float32", [2]);
  const doubled = b.mul(x, 2);
  const steps = b.constant("float32", [4], [1, 10, 100, 1000]);
  const { ends, close } = addLoop(
    b,
    "loop",
    4,
    [b.constant("float32", [2], [0, 0]), x],
    (round, [sum, last]) => {
      // Not needed by any round: it must not be in the file.
      b.exp(last!);
      return [b.add(sum!, b.mul(doubled, b.gather(steps, round))), b.add(last!, 1)];
    },
  );
  b.output(b.neg(ends[0]!), "sum");
  b.output(ends[1]!, "last");
  const graph = close(b.build());
  assertEquals(graph.inputs.map(({ name }) => name), ["x"]);
  assertEquals(graph.nodes.map(({ op }) => op), ["Mul", "Loop", "Neg", "Identity", "Identity"]);
  const [, loop] = graph.nodes;
  const body = loop!.attributes["body"]!;
  assertEquals(
    body.type === "graph" && body.value.nodes.map(({ op }) => op),
    ["Identity", "Gather", "Mul", "Add", "Add", "Identity", "Identity"],
  );

  for (const device of ["wasm", "native"] as const) {
    const session = await openSession(encodeOnnx(graph), { device });
    const { sum, last } = await session.run({ x: float32Tensor(Float32Array.of(1, 0.5), [2]) });
    assertEquals(float32Data(sum!), Float32Array.of(-2222, -1111));
    assertEquals(float32Data(last!), Float32Array.of(5, 4.5));
    await session.dispose();
  }
});
