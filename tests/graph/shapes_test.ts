import { assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";

Deno.test("GridSample gives each channel the rows and columns of the grid", () => {
  const b = createBuilder("shapes");
  const x = b.input("x", "float32", [2, 3, 8, 9]);
  const [y] = b.node("GridSample", [x, b.input("grid", "float32", [2, 4, 5, 2])]);
  assertEquals([y!.type, y!.shape], ["float32", [2, 3, 4, 5]]);
});

Deno.test("GridSample refuses an image and a grid that do not fit", () => {
  const b = createBuilder("errors");
  const x = b.input("x", "float32", [2, 3, 8, 9]);
  const sampled = (shape: readonly number[]) => b.node("GridSample", [x, b.weight(`g${shape}`, shape)]);
  const refused = (shape: readonly number[], words: string) =>
    assertThrows(() => sampled(shape), TypeError, words);
  refused([2, 4, 5, 3], "(GridSample): it takes an input [N, C, H, W] and a grid [N, H', W', 2], not");
  refused([2, 4, 2], "not [2, 3, 8, 9] and [2, 4, 2]");
  refused([1, 4, 5, 2], "input [2, 3, 8, 9] and grid [1, 4, 5, 2] are not of one batch");
  assertThrows(() => b.node("GridSample", [x]), TypeError, "input 1 is missing");
  const volume = b.input("volume", "float32", [1, 3, 4, 8, 9]);
  const grid = b.input("grid", "float32", [1, 4, 5, 6, 3]);
  assertThrows(() => b.node("GridSample", [volume, grid]), TypeError, "not [1, 3, 4, 8, 9]");
});
