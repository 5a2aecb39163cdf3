import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import type { Value } from "../../src/graph/types.ts";
import { gradients } from "../../src/gradient/backward.ts";
import { float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { evaluate } from "../support/reference/mod.ts";

await warmUpWasm();

/** Evaluates the values in float64. */
function numbers(b: Builder, values: readonly Value[], feeds: Record<string, ArrayLike<number>>): number[][] {
  const all = evaluate(b.build(), feeds);
  return values.map(({ name }) => Array.from(all.get(name)!.data));
}

Deno.test("gradients() names node and operator when there is no rule", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [1, 4, 4, 4]);
  const y = b.node("Trilu", [x], {}, { name: "upper1" })[0]!;
  const error = assertThrows(() => gradients(b, b.reduceSum(y, undefined, false), [x]), TypeError);
  assertEquals(
    error.message,
    "Cannot differentiate node upper1 (Trilu): no rule for this operator; explain it with --method occlusion, " +
      "which needs scores alone, or export the model without it",
  );
});

Deno.test("gradients() names node and operator when a rule refuses", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [3]);
  const low = b.input("low", "float32", []);
  const y = b.node("Clip", [x, low], {}, { name: "clamp" })[0]!;
  const error = assertThrows(() => gradients(b, b.reduceSum(y), [low]), TypeError);
  assertEquals(error.message, "Cannot differentiate node clamp (Clip): no gradient towards its bounds");
});

Deno.test("gradients() passes an operator without a rule that is not on the path", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [1, 4, 2, 2]);
  b.node("Trilu", [x]);
  const fixed = b.node("Trilu", [b.input("z", "float32", [1, 4, 2, 2])])[0]!;
  const [dx] = gradients(b, b.reduceSum(b.mul(x, fixed)), [x]);
  assertEquals(dx!.shape, x.shape);
});

Deno.test("gradients() adds what several paths contribute", () => {
  // y = x·x + exp(x) + x: dy/dx = 2x + exp(x) + 1.
  const b = createBuilder("g");
  const x = b.input("x", "float32", [3]);
  const y = b.add(b.add(b.mul(x, x), b.exp(x)), x);
  const found = numbers(b, gradients(b, b.reduceSum(y, undefined, false), [x]), { x: [-1, 0.5, 2] })[0]!;
  [-1, 0.5, 2].forEach((at, i) => assertAlmostEquals(found[i]!, 2 * at + Math.exp(at) + 1, 1e-12));
});

Deno.test("gradients() gives intermediate values their gradient and goes on below them", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [2]);
  const middle = b.mul(x, 3);
  const objective = b.reduceSum(b.mul(middle, middle), undefined, false);
  const [dMiddle, dx] = numbers(b, gradients(b, objective, [middle, x]), { x: [1, -2] });
  assertEquals(dMiddle, [6, -12]);
  assertEquals(dx, [18, -36]);
});

Deno.test("gradients() gives zeros for a value that the objective does not depend on", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [2]);
  const other = b.input("other", "float32", [2, 3]);
  b.exp(other);
  const [dx, dOther] = gradients(b, b.reduceSum(x), [x, other]);
  const found = numbers(b, [dx!, dOther!], { x: [1, 2], other: [0, 0, 0, 0, 0, 0] });
  assertEquals(found, [[1, 1], [0, 0, 0, 0, 0, 0]]);
});

Deno.test("gradients() goes through a node's second output", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [5]);
  const [, second] = b.split(x, 0, [2, 3]);
  const found = numbers(b, gradients(b, b.reduceSum(b.mul(second!, second!)), [x]), {
    x: [1, 2, 3, 4, 5],
  })[0]!;
  assertEquals(found, [0, 0, 6, 8, 10]);
});

Deno.test("gradients() takes several seeds", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [2]);
  const [square, double] = [b.mul(x, x), b.mul(x, 2)];
  const seeds = [
    { value: square, seed: b.constant("float32", [2], [1, 10]) },
    { value: double, seed: b.constant("float32", [2], [100, 1000]) },
  ];
  const found = numbers(b, gradients(b, seeds, [x]), { x: [3, 4] })[0]!;
  assertEquals(found, [6 + 200, 80 + 2000]);
});

Deno.test("gradients() refuses objectives and variables that cannot be differentiated", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [2]);
  const whole = b.input("whole", "int64", [1]);
  assertThrows(() => gradients(b, x, [x]), TypeError, "not one floating-point number");
  assertThrows(() => gradients(b, whole, [x]), TypeError, "not one floating-point number");
  assertThrows(() => gradients(b, b.reduceSum(x), [whole]), TypeError, "with respect to whole: it is int64");
  const seed = b.constant("float32", [3], [1, 1, 1]);
  assertThrows(() => gradients(b, [{ value: x, seed }], [x]), TypeError, "its seed is float32 [3]");
});

Deno.test("gradients() adds no node for frozen weights and for what lies below the variable", () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [1, 3, 8, 8]);
  const below = b.relu(b.conv(x, b.weight("w1", [4, 3, 3, 3]), b.weight("b1", [4])));
  const mask = b.input("mask", "float32", [1, 1, 6, 6]);
  const masked = b.mul(below, mask);
  const above = b.conv(masked, b.weight("w2", [2, 4, 3, 3]), b.weight("b2", [2]), { strides: [2, 2] });
  const objective = b.reduceSum(b.mul(above, above));
  const before = b.nodes().length;
  gradients(b, objective, [mask]);
  const added = b.nodes().slice(before);
  assertEquals(added.filter(({ op }) => op === "ConvTranspose").length, 1);
  assertEquals(added.filter(({ op }) => op === "Conv" || op === "Sign" || op === "MatMul").length, 0);
  assert(added.every(({ name }) => name.startsWith("grad/")), "a node stands outside grad/");
  // The sum, the square (two products and their sum), the convolution, and the mask's product and sum.
  assertEquals(added.map(({ op }) => op), [
    "Expand",
    "Mul",
    "Mul",
    "Add",
    "ConvTranspose",
    "Mul",
    "ReduceSum",
  ]);
});

Deno.test("gradients() depends on the input after the runtime has optimised the graph", async () => {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [1, 2, 5, 5]);
  const w = b.constant("float32", [3, 2, 3, 3], Float32Array.from({ length: 54 }, (_, i) => Math.sin(i)));
  const y = b.sigmoid(b.maxPool(b.relu(b.conv(x, w, undefined, { pads: [1, 1, 1, 1] })), [2, 2]));
  gradients(b, b.reduceSum(b.mul(y, y)), [x]).forEach((value) => b.output(value, "dx"));
  const session = await openSession(b.build(), { device: "wasm" });
  const run = async (shift: number) => {
    const image = Float32Array.from({ length: 50 }, (_, i) => Math.cos(i * 1.7 + shift));
    return Array.from((await session.run({ x: float32Tensor(image, x.shape) }))["dx"]!.data, Number);
  };
  const [first, again, second] = [await run(0), await run(0), await run(1)];
  await session.dispose();
  assertEquals(first, again);
  assert(first.some((value) => Math.abs(value) > 1e-3), "the gradient is zero");
  assert(first.some((value, i) => Math.abs(value - second[i]!) > 1e-3), "both inputs have the same gradient");
});
