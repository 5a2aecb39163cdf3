/** One classifier quantised in the ways of ONNX Runtime's quantiser, read as a network on real numbers. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { gradients } from "../../src/gradient/backward.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage } from "../support/seeded_weights.ts";

await warmUpWasm();

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/onnx/quantised.json", import.meta.url)),
) as Record<string, { model: string; logits: number[] }>;

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

const SHAPE = [1, 3, 16, 16] as const;
const IMAGE = seededImage(3, SHAPE).map((value) => value * 2 - 1);

/** Logits and the gradient of the first one with respect to the picture. */
async function computed(bytes: Uint8Array) {
  const loaded = loadOnnx(bytes, { dequantize: true });
  const b = createBuilder("logit");
  const image = b.input("image", "float32", SHAPE);
  const logits = b.embed(loaded.graph, { image }).get("logits")!;
  b.output(logits, "logits");
  b.output(gradients(b, b.reduceSum(b.slice(logits, 1, 0, 1), undefined, false), [image])[0]!, "gradient");
  const session = await openSession(b.build(), { device: "wasm", files: loaded.files });
  const outputs = await session.run({ image: float32Tensor(IMAGE, SHAPE) });
  await session.dispose();
  const numbers = (name: string) => Array.from(float32Data(outputs[name]!));
  return { ...loaded, logits: numbers("logits"), gradient: numbers("gradient") };
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
}

Deno.test("loadOnnx() dequantises: what is computed differs by the rounding alone", async (t) => {
  const { model, logits } = FIXTURE["float32"]!;
  const plain = await computed(bytesOf(model));
  assert(distance(plain.logits, logits) < 1e-6);
  assertEquals(plain.notes, []);
  for (const [name, form] of Object.entries(FIXTURE)) {
    if (name === "float32") continue;
    await t.step(name, async () => {
      const found = await computed(bytesOf(form.model));
      const [rounding, error] = [distance(form.logits, logits), distance(found.logits, form.logits)];
      // Rounding moves the logits by 0.5 to 0.9 %.
      assert(error < Math.min(2 * rounding, 0.012), `${error}, rounding ${rounding}`);
      const slope = distance(found.gradient, plain.gradient);
      // One maximum of the pooling falls to another cell where weights are per channel.
      assert(slope < 0.1, `gradient ${slope}`);
      assertEquals(found.notes.length, 1);
      // What held the results in their ranges is the activation: the quantiser has left the Relu out.
      const operators = new Set(found.graph.nodes.map(({ op }) => op));
      assertEquals(
        [operators.has("Relu"), operators.has("Clip")],
        name === "dynamic" ? [true, false] : [false, true],
      );
    });
  }
});

Deno.test("loadOnnx() refuses a quantised network where it is to stay as it is", () => {
  for (const name of ["qdq, per channel", "operators, per channel", "dynamic"]) {
    const error = assertThrows(() => loadOnnx(bytesOf(FIXTURE[name]!.model)), TypeError);
    assert(
      error.message.endsWith(
        "the network is quantised; dequantise it first (--dequantize, in a program dequantize: true)",
      ),
      error.message,
    );
  }
});
