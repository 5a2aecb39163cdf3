/** What steps with budgeted masks show, what it counts, and what stands where a picture is masked. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createFill } from "../../../src/ptame/masks/fill.ts";
import { checkViews, type View, viewLoss, viewsOfStep } from "../../../src/ptame/masks/views.ts";
import { createGenerator } from "../../../src/random/generator.ts";

const view = (rest: Partial<View>): View => ({
  share: 0.5,
  side: "keep",
  mask: "soft",
  fill: "black",
  loss: "cross-entropy",
  ...rest,
});

Deno.test("viewsOfStep() has every view at every place in turn", () => {
  for (const count of [1, 3, 5, 7, 10, 14, 35]) {
    const views = Array.from({ length: count }, (_, i) => view({ share: (i + 1) / count }));
    for (const place of [0, 3]) {
      const met = new Set(
        Array.from({ length: count }, (_, step) => viewsOfStep(views, step, 4, 1)[place]!.share),
      );
      assertEquals(met.size, count, `${count} views, place ${place}`);
    }
    assertEquals(viewsOfStep(views, 2, 4, 3).length, 12);
  }
});

Deno.test("viewLoss() has the slope of its loss along the cross-entropy", () => {
  for (const loss of ["cross-entropy", "drop", "removal"] as const) {
    for (const crossEntropy of [0.2, 0.9, 3]) {
      const at = (ce: number) => viewLoss(view({ loss, weight: 1.5 }), ce, 0.6);
      const slope = (at(crossEntropy + 1e-6).loss - at(crossEntropy - 1e-6).loss) / 2e-6;
      assertAlmostEquals(at(crossEntropy).factor, slope, 1e-6 * Math.max(1, Math.abs(slope)) + 1e-7);
    }
  }
});

Deno.test("viewLoss() grows no steeper where nothing is removed", () => {
  assertAlmostEquals(viewLoss(view({ loss: "removal" }), 0, 1).factor, -19, 1e-9);
});

Deno.test("checkViews() refuses what is no share, and a gate without width", () => {
  for (const share of [0, -0.1, 1.01, NaN]) {
    assertThrows(() => checkViews([view({ share })]), RangeError, `a share of ${share}`);
  }
  for (const width of [0, -1, NaN, Infinity]) {
    assertThrows(() => checkViews([view({ width })]), RangeError, `a gate of width ${width}`);
  }
  assertThrows(() => checkViews([]), RangeError, "there are no views");
});

const SIDE = 16;
const AREA = SIDE * SIDE;
const generator = createGenerator(1);
const PIXELS = Float32Array.from({ length: 3 * AREA }, () => generator.uniform());

function filled(fill: View["fill"], pixels: Float32Array, mask: Float32Array): Float32Array {
  const into = new Float32Array(pixels.length).fill(NaN);
  createFill(fill, pixels, mask, Math.sqrt(mask.length), into);
  return into;
}

Deno.test("createFill() is black, or each colour's mean", () => {
  const mask = new Float32Array(AREA).fill(0.5);
  assert(filled("black", PIXELS, mask).every((value) => value === 0));
  const mean = filled("mean", PIXELS, mask);
  for (let colour = 0; colour < 3; colour++) {
    const plane = PIXELS.subarray(colour * AREA, (colour + 1) * AREA);
    const expected = plane.reduce((sum, value) => sum + value, 0) / AREA;
    assert(mean.subarray(colour * AREA, (colour + 1) * AREA).every((v) => Math.abs(v - expected) < 1e-5));
  }
});

Deno.test("createFill() with neighbours continues a flat colour into a hole, and knows nothing of what was there", () => {
  const hole = (x: number, y: number) => x >= 4 && x < 11 && y >= 3 && y < 12;
  const mask = Float32Array.from({ length: AREA }, (_, i) => hole(i % SIDE, Math.floor(i / SIDE)) ? 0 : 1);
  const flat = new Float32Array(3 * AREA).map((_, i) => mask[i % AREA] === 1 ? 0.25 : 0.9);
  filled("neighbours", flat, mask).forEach((value) => assertAlmostEquals(value, 0.25, 1e-5));

  const other = PIXELS.map((value, i) => mask[i % AREA] === 1 ? value : 1 - value);
  assertEquals(filled("neighbours", PIXELS, mask), filled("neighbours", other, mask));
});

Deno.test("createFill() with neighbours follows a slope and stays within the picture's range", () => {
  const slope = Float32Array.from({ length: 3 * AREA }, (_, i) => (i % SIDE) / SIDE);
  const mask = Float32Array.from({ length: AREA }, (_, i) => i % SIDE === 7 || i % SIDE === 8 ? 0 : 1);
  const found = filled("neighbours", slope, mask);
  for (let y = 0; y < SIDE; y++) assertAlmostEquals(found[y * SIDE + 7]!, 7 / SIDE, 0.1);
  for (const value of filled("neighbours", PIXELS, mask)) assert(value >= -1e-6 && value <= 1 + 1e-6);
});

Deno.test("createFill() is grey where nothing is known, and finite under soft masks", () => {
  const nothing = filled("neighbours", PIXELS, new Float32Array(AREA));
  assert(nothing.every((value) => value === 0.5));
  const soft = Float32Array.from({ length: AREA }, () => generator.uniform());
  for (const fill of ["neighbours", "blur"] as const) {
    assert(filled(fill, PIXELS, soft).every((value) => Number.isFinite(value)));
  }
});
