import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { mapRegions, regionsGeoJson, regionsSvg, thresholdMask } from "../../src/explanation/regions.ts";
import type { ValueMap } from "../../src/image/types.ts";

/** A map in rows of digits, in tenths. */
function tenths(...rows: string[]): ValueMap {
  const values = Float32Array.from(rows.join(""), (digit) => Number(digit) / 10);
  return { width: rows[0]!.length, height: rows.length, values };
}

const TWO = tenths("000000", "099000", "099000", "000000", "000090", "000000");
/** An image region of another scale in each direction, away from the corner. */
const WINDOW = { x: 10, y: 20, width: 60, height: 120 };

Deno.test("thresholdMask() marks what is at least as strong", () => {
  assertEquals(thresholdMask(tenths("459", "501"), 0.5), Uint8Array.of(0, 1, 1, 1, 0, 0));
  for (const threshold of [0, -1, 1.01, NaN]) {
    assertThrows(() => thresholdMask(TWO, threshold), RangeError, "not above 0 and at most 1");
  }
});

Deno.test("mapRegions() places boxes and outlines in the image, the heaviest first", () => {
  const [large, small, ...more] = mapRegions({ map: TWO, window: WINDOW }, { threshold: 0.45, leastArea: 0 });
  assertEquals(more, []);
  // Half way between a centre at 0.9 and one at 0: half a cell of 10 x 20 pixels beyond the outer centres.
  for (
    const [found, expected] of [[large!.box, [20, 40, 20, 40]], [small!.box, [50, 100, 10, 20]]] as const
  ) {
    const { x, y, width, height } = found;
    [x, y, width, height].forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-4));
  }
  // A square of 2 x 2 cells whose corners are cut by triangles of half a cell; a diamond of half a cell.
  assertAlmostEquals(large!.area, (4 - 4 * 0.125) / 36, 1e-6);
  assertAlmostEquals(small!.area, 0.5 / 36, 1e-6);
  assertAlmostEquals(large!.weight, 0.8, 1e-6);
  assertAlmostEquals(small!.weight, 0.2, 1e-6);
});

Deno.test("mapRegions() keeps holes, joins nothing else, and reaches the border", () => {
  const ring = tenths("9999", "9009", "9009", "9999");
  const [region, ...more] = mapRegions({ map: ring, window: { x: 0, y: 0, width: 4, height: 4 } });
  assertEquals([more.length, region!.rings.length], [0, 2]);
  assertAlmostEquals(region!.weight, 1, 1e-6);
  const { x, y, width, height } = region!.box;
  assertEquals([x, y, width, height], [0, 0, 4, 4]);
  // The hole is the 2 x 2 cells and more, up to where the map falls to 0.5.
  assert(region!.area > 0.6 && region!.area < 0.8, `${region!.area}`);
  for (const line of region!.rings) assertEquals(line[0], line.at(-1));
});

Deno.test("mapRegions() leaves out what is small, and finds nothing in a flat map", () => {
  const place = { map: TWO, window: WINDOW };
  assertEquals(mapRegions(place, { threshold: 0.45, leastArea: 0.05 }).length, 1);
  assertEquals(mapRegions({ map: tenths("00", "00"), window: WINDOW }), []);
  assertEquals(mapRegions(place, { threshold: 0.95 }), []);
  assertThrows(() => mapRegions(place, { leastArea: 2 }), RangeError, "leastArea is 2");
});

Deno.test("regions as GeoJSON and as SVG", () => {
  const regions = mapRegions({ map: TWO, window: WINDOW }, { threshold: 0.45, leastArea: 0 });
  const { type, features } = regionsGeoJson(regions, { label: "cat" });
  assertEquals([type, features.length], ["FeatureCollection", 2]);
  assertEquals(features[0]!.geometry.coordinates, regions[0]!.rings);
  assertEquals(features[0]!.properties["label"], "cat");
  assertEquals(features[0]!.bbox.map(Math.round), [20, 40, 40, 80]);
  const svg = regionsSvg(regions, { width: 100, height: 200 });
  assertEquals(svg.match(/<path /g)!.length, 2);
  assertEquals(svg.match(/viewBox="([^"]*)"/)![1], "0 0 100 200");
});
