import { assert, assertEquals, assertRejects } from "@std/assert";
import { blurred, createErasure, erasedInput, GRID, MEAN_COLOUR } from "../../examples/browser/erasure.ts";
import { curveMean, measureCurves, orderMap, seeded } from "../../examples/browser/orders.ts";

const SIDE = 32;

Deno.test("createErasure() paints a round brush along a line, inside the picture", () => {
  const erasure = createErasure(SIDE);
  erasure.stroke({ x: 5, y: 16 }, { x: 20, y: 16 }, 3);
  const at = (x: number, y: number) => erasure.mask[y * SIDE + x];
  assertEquals([at(5, 16), at(12, 14), at(20, 18), at(23, 16)], [1, 1, 1, 1]);
  assertEquals([at(1, 16), at(12, 20), at(24, 16), at(23, 18)], [0, 0, 0, 0]);
  erasure.stroke({ x: -10, y: -10 }, { x: 50, y: -10 }, 4);
  assertEquals(erasure.mask.slice(0, SIDE).every((value) => value === 0), true);
});

Deno.test("createErasure() takes changes back one by one", () => {
  const erasure = createErasure(SIDE);
  erasure.begin();
  assertEquals(erasure.toggleCell(0, 0), true);
  erasure.begin();
  erasure.invert();
  assertEquals(erasure.share, 1 - 1 / GRID ** 2);
  assertEquals(erasure.undo(), true);
  assertEquals([erasure.share, erasure.isCellErased(0, 0)], [1 / GRID ** 2, true]);
  assertEquals(erasure.toggleCell(0, 0), false);
  assertEquals([erasure.undo(), erasure.share, erasure.undo()], [true, 0, false]);
});

Deno.test("createErasure() does again what was taken back, until something else is changed", () => {
  const erasure = createErasure(SIDE);
  erasure.begin();
  erasure.toggleCell(0, 0);
  erasure.begin();
  erasure.invert();
  erasure.undo();
  erasure.undo();
  assertEquals([erasure.share, erasure.redo(), erasure.share], [0, true, 1 / GRID ** 2]);
  assertEquals([erasure.redo(), erasure.share, erasure.redo()], [true, 1 - 1 / GRID ** 2, false]);
  erasure.undo();
  erasure.begin();
  erasure.toggleCell(1, 1);
  assertEquals([erasure.redo(), erasure.share], [false, 2 / GRID ** 2]);
});

Deno.test("measureCurves() erases the strongest first, the weakest first, and at random", async () => {
  // The class is seen in the left half alone: its probability is the share of that half that is left.
  const input = new Float32Array(3 * SIDE * SIDE).fill(1);
  const map = { width: 2, height: 1, values: Float32Array.of(1, 0) };
  const classify = (pixels: Float32Array) => {
    let left = 0;
    for (let i = 0; i < SIDE * SIDE; i++) if (i % SIDE < SIDE / 2 && pixels[i] === 1) left++;
    return Promise.resolve(Float32Array.of(0, left / (SIDE * SIDE / 2)));
  };
  const { signal } = new AbortController();
  const curves = await Array.fromAsync(
    measureCurves({ map, index: 1, input, filling: undefined, classify, signal }),
  );
  assertEquals(curves.map(({ order }) => order), ["strongest", "weakest", "random"]);
  const rounded = curves.map(({ probabilities }) =>
    probabilities.map((value) => Math.round(10 * value) / 10)
  );
  assertEquals(rounded[0], [1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0, 0, 0]);
  assertEquals(rounded[1], [1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0]);
  const [strongest, weakest, random] = curves.map(curveMean);
  assert(strongest! < random! && random! < weakest!, `${strongest} ${random} ${weakest}`);
  // Random orders are the same at every visit.
  const [a, b] = [orderMap("random", map, seeded(1)), orderMap("random", map, seeded(1))];
  assertEquals(a.values.findIndex((value, i) => value !== b.values[i]), -1);
});

Deno.test("measureCurves() stops between two passes", async () => {
  const stopper = new AbortController();
  let passes = 0;
  const classify = () => {
    if (++passes === 3) stopper.abort(new Error("enough"));
    return Promise.resolve(Float32Array.of(1));
  };
  const map = { width: 1, height: 1, values: Float32Array.of(1) };
  const input = new Float32Array(3 * SIDE * SIDE);
  const request = { map, index: 0, input, filling: undefined, classify, signal: stopper.signal };
  await assertRejects(() => Array.fromAsync(measureCurves(request)), Error, "enough");
  assertEquals(passes, 3);
});

Deno.test("createErasure() erases the strongest pixels of a map, and the next ones after them", () => {
  const erasure = createErasure(SIDE);
  // Half the size of the picture, rising to the right: each of its columns covers two.
  const map = { width: 16, height: 16, values: Float32Array.from({ length: 256 }, (_, i) => i % 16) };
  erasure.eraseStrongest(map, 0.25);
  const erasedColumns = () => Array.from({ length: SIDE }, (_, x) => erasure.mask[x]).join("");
  assertEquals(erasedColumns(), "0".repeat(24) + "1".repeat(8));
  erasure.eraseStrongest(map, 0.25);
  assertEquals([erasure.share, erasedColumns()], [0.5, "0".repeat(16) + "1".repeat(16)]);
  erasure.eraseStrongest(map, 0.9);
  assertEquals(erasure.share, 1);
  const flat = createErasure(SIDE);
  flat.eraseStrongest({ ...map, values: new Float32Array(256) }, 0.1);
  assertEquals(flat.mask.reduce((sum, value) => sum + value, 0), Math.round(0.1 * SIDE * SIDE));
});

Deno.test("erasedInput() fills what is erased and leaves the original alone", () => {
  const input = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => i / (3 * SIDE * SIDE));
  const erasure = createErasure(SIDE);
  erasure.toggleCell(0, 0);
  const grey = erasedInput(input, erasure, undefined);
  for (const [channel, mean] of MEAN_COLOUR.entries()) {
    assertEquals(grey[channel * SIDE * SIDE], Math.fround(mean));
    assertEquals(grey[channel * SIDE * SIDE + SIDE - 1], input[channel * SIDE * SIDE + SIDE - 1]);
  }
  assertEquals(input[0], 0);
  const blur = blurred(input, SIDE);
  assertEquals(erasedInput(input, erasure, blur)[0], blur[0]);
});

Deno.test("blurred() keeps a flat picture and spreads a point over its neighbours alone", () => {
  const flat = new Float32Array(3 * SIDE * SIDE).fill(0.25);
  assert(blurred(flat, SIDE).every((value) => Math.abs(value - 0.25) < 1e-5));
  const point = new Float32Array(3 * SIDE * SIDE);
  point[16 * SIDE + 16] = 1;
  const spread = blurred(point, SIDE);
  // Three boxes of 2 pixels each way reach 6 pixels.
  assert(spread[16 * SIDE + 22]! > 0 && Math.abs(spread[16 * SIDE + 23]!) < 1e-6);
  assert(Math.abs(spread.slice(0, SIDE * SIDE).reduce((sum, value) => sum + value, 0) - 1) < 1e-4);
  assert(spread.slice(SIDE * SIDE).every((value) => value === 0), "a channel ran into the next");
});
