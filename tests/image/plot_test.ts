import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { niceTicks, renderPlot } from "../../src/image/plot.ts";
import type { RgbImage } from "../../src/image/types.ts";

const [BLUE, RED, GREEN] = [[0, 114, 178], [213, 94, 0], [0, 158, 115]] as const;
const OPTIONS = { title: "A title", xLabel: "step" };

/** Where pixels of about this colour are, the legend (above row 60) left out. */
function placesOf({ width, data }: RgbImage, colour: readonly number[]): { x: number; y: number }[] {
  const found: { x: number; y: number }[] = [];
  for (let i = 60 * width; i < data.length / 3; i++) {
    if (colour.every((value, c) => Math.abs(data[3 * i + c]! - value) < 12)) {
      found.push({ x: i % width, y: Math.floor(i / width) });
    }
  }
  return found;
}

Deno.test("niceTicks() divides ranges by 1, 2 or 5 times a power of ten", () => {
  const shown = (low: number, high: number, count: number) =>
    niceTicks(low, high, count).map((tick) => Number(tick.toPrecision(6)));
  assertEquals(shown(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assertEquals(shown(0, 7.3, 6), [0, 2, 4, 6]);
  assertEquals(shown(1, 1000, 8), [200, 400, 600, 800, 1000]);
  assertEquals(shown(-0.3, 0.3, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  assertEquals(shown(0, 4e-7, 4), [0, 1e-7, 2e-7, 3e-7, 4e-7]);
  assertEquals(shown(3, 3, 4), [3]);
  for (const tick of niceTicks(-1, 1, 4)) assert(!Object.is(tick, -0), "minus zero would be another number");
});

Deno.test("renderPlot() draws each series in its colour, where its points are", async () => {
  const points = (value: (x: number) => number) =>
    Array.from({ length: 11 }, (_, x) => ({ x: x * 10, y: value(x) }));
  const image = await renderPlot([
    { name: "falling", points: points((x) => 2 - x / 5) },
    { name: "rising", points: points((x) => x / 10) },
    { name: "flat", points: points(() => 1.5) },
  ], OPTIONS);
  assertEquals([image.width, image.height, image.data.length], [960, 540, 960 * 540 * 3]);
  const [falling, rising, flat] = [BLUE, RED, GREEN].map((colour) => placesOf(image, colour));
  for (const places of [falling!, rising!, flat!]) {
    const across = places.map(({ x }) => x);
    // The whole width of the frame, from the axis on.
    assert(Math.min(...across) <= 82 && Math.max(...across) >= 927, "from edge to edge");
  }
  const heightAt = (places: { x: number; y: number }[], x: number) => {
    const rows = places.filter((place) => Math.abs(place.x - x) <= 1).map(({ y }) => y);
    assert(rows.length > 0, `nothing is drawn at ${x}`);
    return rows.reduce((a, b) => a + b, 0) / rows.length;
  };
  // The frame: rows 64 to 476 are 2 * 1.05 to 0.
  const rowOf = (y: number) => 64 + 412 * (1 - y / 2.1);
  for (const [x, part] of [[165, 0.1], [420, 0.4], [800, 0.847]] as const) {
    assertAlmostEquals(heightAt(falling!, x), rowOf(2 - 2 * part), 2);
    assertAlmostEquals(heightAt(rising!, x), rowOf(part), 2);
    assertAlmostEquals(heightAt(flat!, x), rowOf(1.5), 2);
  }
});

Deno.test("renderPlot() shows a single point and refuses none", async () => {
  const image = await renderPlot([{ name: "one", points: [{ x: 1, y: 0.5 }] }], OPTIONS);
  const places = placesOf(image, BLUE);
  assert(places.length > 0, "a run of one step has a dot");
  assert(places.every(({ x }) => x >= 78 && x <= 82));
  await assertRejects(() => renderPlot([{ name: "none", points: [] }], OPTIONS), RangeError, "Cannot plot");
});

Deno.test("renderPlot() writes no fractions on an axis that counts, and takes very many points", async () => {
  /** Columns under the axis with ink in them. */
  const labels = async (xs: number[]) => {
    const image = await renderPlot([{ name: "a", points: xs.map((x) => ({ x, y: 1 })) }], OPTIONS);
    let words = 0;
    let gap = 99;
    for (let x = 40; x < 960; x++) {
      let ink = false;
      for (let y = 484; y < 504; y++) if (image.data[3 * (y * 960 + x)]! < 128) ink = true;
      if (ink && gap > 12) words++;
      gap = ink ? 0 : gap + 1;
    }
    return words;
  };
  assertEquals(await labels([1, 2, 3]), 3);
  assertEquals(await labels([1, 1.5, 3]), 5);
  const many = Array.from({ length: 200_000 }, (_, x) => ({ x, y: 1 }));
  assert(placesOf(await renderPlot([{ name: "many", points: many }], OPTIONS), BLUE).length > 800);
});
