/** What central differences do not see of GridSample's rule: ties, what it leaves out, what it refuses. */
import { assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { type Attributes, text } from "../../src/graph/types.ts";
import { gradients } from "../../src/gradient/backward.ts";
import { float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { testOn, warmUpWasm } from "../support/devices.ts";
import { evaluate } from "../support/reference/mod.ts";

await warmUpWasm();

for (const device of ["wasm", "native", "webgpu"] as const) {
  await testOn(
    device,
    `gradients() gives ties of a nearest GridSample to the cell that ${device} reads`,
    async () => {
      // Four cells in a row, not aligned: number g is at 2g + 1.5, so these are at -0.5, 0.5, 1.5, 2.5 and 3.5. Of two
      // cells the even one is read: 0, 0, 2, 2 and 4, which is not there. The row -0.5 + 0.5 is the first.
      const b = createBuilder("ties");
      const x = b.input("x", "float32", [1, 1, 2, 4]);
      const numbers = [-1, -0.5, 0, 0.5, 1].flatMap((g) => [g, -0.5]);
      const grid = b.constant("float32", [1, 1, 5, 2], numbers);
      const y = b.node("GridSample", [x, grid], { mode: text("nearest") })[0]!;
      const seed = b.constant("float32", y.shape, [1, 2, 4, 8, 16]);
      b.output(y, "y");
      b.output(gradients(b, [{ value: y, seed }], [x], { device })[0]!, "dx");
      const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
      const session = await openSession(b.build(), { device });
      const outputs = await session.run({ x: float32Tensor(image, x.shape) });
      await session.dispose();
      assertEquals(Array.from(outputs["y"]!.data, Number), [1, 1, 3, 3, 0]);
      assertEquals(Array.from(outputs["dx"]!.data, Number), [1 + 2, 0, 4 + 8, 0, 0, 0, 0, 0]);
    },
  );
}

Deno.test("gradients() of a bilinear GridSample are those worked out by hand", () => {
  // Aligned, 2x2 cells [1 2; 5 9]: (-0.5, 0) is column 0.25, row 0.5. The weights are 0.75 and 0.25, 0.5 and 0.5.
  const b = createBuilder("by_hand");
  const [x, grid] = [b.input("x", "float32", [1, 1, 2, 2]), b.input("grid", "float32", [1, 1, 1, 2])];
  const y = b.node("GridSample", [x, grid], { align_corners: { type: "int", value: 1 } })[0]!;
  const [dx, dGrid] = gradients(b, b.reduceSum(b.mul(y, 10)), [x, grid]);
  const values = evaluate(b.build(), { x: [1, 2, 5, 9], grid: [-0.5, 0] });
  assertEquals([...values.get(y.name)!.data], [0.375 * 1 + 0.125 * 2 + 0.375 * 5 + 0.125 * 9]);
  assertEquals([...values.get(dx!.name)!.data], [3.75, 1.25, 3.75, 1.25]);
  // Across: half of (2 - 1) and half of (9 - 5); down: 0.75 of (5 - 1) and 0.25 of (9 - 2). A number is half a cell.
  assertEquals([...values.get(dGrid!.name)!.data], [10 * 2.5 / 2, 10 * 4.75 / 2]);
});

/** Operators of the gradient towards the image, the grid, or both. */
function added(attributes: Attributes, ...towards: readonly ("x" | "grid")[]): Set<string> {
  const b = createBuilder("g");
  const values = { x: b.input("x", "float32", [1, 2, 3, 4]), grid: b.input("grid", "float32", [1, 5, 6, 2]) };
  const y = b.node("GridSample", [values.x, values.grid], attributes)[0]!;
  const objective = b.reduceSum(y);
  const before = b.nodes().length;
  gradients(b, objective, towards.map((name) => values[name]));
  return new Set(b.nodes().slice(before).map(({ op }) => op));
}

Deno.test("gradients() of GridSample compute nothing towards what is frozen", () => {
  const has = (...all: Parameters<typeof added>) => {
    const ops = added(...all);
    return [ops.has("ScatterElements"), ops.has("GatherElements")];
  };
  assertEquals(has({}, "x"), [true, false]);
  assertEquals(has({}, "grid"), [false, true]);
  assertEquals(has({}, "x", "grid"), [true, true]);
  assertEquals(has({ mode: text("nearest") }, "x", "grid"), [true, false]);
  // Towards the grid alone there is nothing but zeros.
  assertEquals([...added({ mode: text("nearest") }, "grid")], ["Expand"]);
});

Deno.test("gradients() names what it does not know of GridSample", () => {
  const refused = (attributes: Attributes, words: string) =>
    assertThrows(
      () => added(attributes, "x"),
      TypeError,
      `Cannot differentiate node gridsample (GridSample): ${words}`,
    );
  refused({ mode: text("bicubic") }, "its mode bicubic is not supported");
  refused({ padding_mode: text("wrap") }, "its padding_mode wrap is not supported");
});
