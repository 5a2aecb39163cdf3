/** The function that a classifier ends in: what is reported of a file, and what is taken away from its graph. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import { type OutputActivation, withoutFinalActivation } from "../../src/graph/final_activation.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { encodeOnnx, inspectOnnx } from "../../src/graph/onnx_file.ts";
import { type Graph, int, type Value } from "../../src/graph/types.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const SCORES = Float32Array.of(-1, 4, 0.5, 2);

/** What may stand behind an activation without changing what the numbers mean. */
const BEHIND: Readonly<Record<string, (b: Builder, x: Value) => Value>> = {
  "nothing": (_, x) => x,
  "Identity": (b, x) => b.node("Identity", [x])[0]!,
  "Reshape": (b, x) => b.reshape(x, [1, 4, 1, 1]),
  "Flatten": (b, x) => b.flatten(b.reshape(x, [1, 4, 1, 1])),
  "Squeeze": (b, x) => b.node("Squeeze", [b.reshape(x, [1, 4, 1]), b.constant("int64", [1], [2])])[0]!,
  "Unsqueeze": (b, x) => b.node("Unsqueeze", [x, b.constant("int64", [1], [2])])[0]!,
  "Cast": (b, x) => b.cast(b.cast(x, "float16"), "float32"),
  "Transpose": (b, x) => b.transpose(x, [1, 0]),
  "Clip": (b, x) => b.clip(x, 1e-7, 1),
  "Flatten behind Clip": (b, x) => b.flatten(b.reshape(b.clip(x, 0, 1), [1, 4, 1, 1])),
};

const NAMES: readonly [string, OutputActivation][] = [
  ["Softmax", "softmax"],
  ["LogSoftmax", "log-softmax"],
  ["Sigmoid", "sigmoid"],
];

function graphOf(op: string, behind: (b: Builder, x: Value) => Value): Graph {
  const b = createBuilder("ends");
  const x = b.input("x", "float32", [1, 4]);
  b.output(behind(b, b.node(op, [x], op === "Sigmoid" ? {} : { axis: int(1) })[0]!), "y");
  return b.build();
}

async function outputOf(graph: Graph): Promise<Float32Array> {
  const session = await openSession(graph, { device: "wasm" });
  try {
    const outputs = await session.run({ x: float32Tensor(SCORES, [1, 4]) });
    return float32Data(Object.values(outputs)[0]!);
  } finally {
    await session.dispose();
  }
}

for (const [op, activation] of NAMES) {
  Deno.test(`${op} is reported and taken away behind whatever lays its numbers out anew`, async (t) => {
    for (const [name, behind] of Object.entries(BEHIND)) {
      await t.step(name, async () => {
        const graph = graphOf(op, behind);
        assertEquals(inspectOnnx(encodeOnnx(graph)).outputs.map((each) => each.activation), [activation]);
        const plain = withoutFinalActivation(graph, graph.outputs[0]!.name);
        assert(!plain.nodes.some((node) => node.op === op));
        (await outputOf(plain)).forEach((value, i) => assertAlmostEquals(value, SCORES[i]!, 1e-6));
      });
    }
  });
}

Deno.test("an activation that something else follows is none at the end, and stays", async () => {
  const graph = graphOf("Softmax", (b, x) => b.mul(x, 2));
  assertEquals(inspectOnnx(encodeOnnx(graph)).outputs.map((each) => each.activation), ["none"]);
  const kept = withoutFinalActivation(graph, graph.outputs[0]!.name);
  assertEquals(kept.nodes.map((node) => node.op), ["Softmax", "Mul", "Identity"]);
  assertAlmostEquals((await outputOf(kept)).reduce((sum, value) => sum + value, 0), 2, 1e-6);
});

Deno.test("another output that reads the activation keeps it", () => {
  const b = createBuilder("two outputs");
  const x = b.input("x", "float32", [1, 4]);
  const probabilities = b.node("Softmax", [x], { axis: int(1) })[0]!;
  b.output(b.mul(probabilities, 2), "twice");
  b.output(b.reshape(probabilities, [4]), "y");
  const graph = b.build();
  assertEquals(inspectOnnx(encodeOnnx(graph)).outputs.map((each) => each.activation), ["none", "softmax"]);
  const [twice, once] = graph.outputs.map(({ name }) => withoutFinalActivation(graph, name));
  assert(twice!.nodes.some((node) => node.op === "Softmax"));
  assert(!once!.nodes.some((node) => node.op === "Softmax"));
});

Deno.test("the quantised forms are found in files, and taken away with the grid behind them when dequantised", async () => {
  for (
    const [name, activation] of [["quantised_softmax", "softmax"], ["quantised_sigmoid", "sigmoid"]] as const
  ) {
    const bytes = await Deno.readFile(new URL(`../fixtures/onnx/${name}.onnx`, import.meta.url));
    assertEquals(inspectOnnx(bytes).outputs.map((each) => each.activation), [activation]);
    const { graph } = loadOnnx(bytes, { shapes: { x: [1, 4] }, float32: true, dequantize: true });
    const plain = withoutFinalActivation(graph, graph.outputs[0]!.name);
    assert(!plain.nodes.some((node) => ["Softmax", "Sigmoid"].includes(node.op)));
    // The scores of the file go from -1 to 4: within the grid in front of the activation, far out of that behind it.
    (await outputOf(plain)).forEach((value, i) => assertAlmostEquals(value, SCORES[i]!, 0.03));
  }
});
