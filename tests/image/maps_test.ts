import { assert, assertEquals, assertThrows } from "@std/assert";
import { colorize, type ColormapName, COLORMAPS, RISING_COLORMAPS } from "../../src/image/colormap.ts";
import { placeMap, upsampleMap } from "../../src/image/upsample.ts";
import { difference, fixtureJson } from "./fixtures.ts";

interface Case {
  readonly width: number;
  readonly height: number;
  readonly toWidth: number;
  readonly toHeight: number;
  readonly values: number[];
  readonly expected: number[];
}

for (const { width, height, toWidth, toHeight, values, expected } of fixtureJson<Case[]>("upsampled.json")) {
  Deno.test(`upsampleMap() from ${width} x ${height} to ${toWidth} x ${toHeight} agrees with torch`, () => {
    const result = upsampleMap(Float32Array.from(values), width, height, toWidth, toHeight);
    assert(difference(result, expected).max < 1e-6);
  });
}

Deno.test("upsampleMap() rejects values that do not fill the map", () => {
  assertThrows(() => upsampleMap(new Float32Array(5), 2, 3, 4, 4), TypeError, "2 x 3 does not hold 5 values");
});

Deno.test("placeMap() is upsampleMap() where the window is the whole picture", () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => (i * 5) % 7 / 7);
  const placed = placeMap(values, 4, 3, { x: 0, y: 0, width: 17, height: 11 }, 17, 11);
  assert(difference(placed, upsampleMap(values, 4, 3, 17, 11)).max < 1e-6);
});

Deno.test("placeMap() leaves zeros outside the window, fractions by pixel centres", () => {
  const placed = placeMap(Float32Array.of(1), 1, 1, { x: 1.4, y: 0.6, width: 2, height: 1 }, 5, 3);
  // Columns 1.4 to 3.4 hold the centres 1.5 and 2.5; rows 0.6 to 1.6 hold the centre 1.5.
  assertEquals([...placed], [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals([...placeMap(Float32Array.of(1), 1, 1, { x: 9, y: 0, width: 2, height: 2 }, 2, 2)], [
    0,
    0,
    0,
    0,
  ]);
});

Deno.test("colorize() gives every colour map", () => {
  // The ends and the middle, as matplotlib 3.6 gives them in 8 bits.
  const ends = Float32Array.of(0, 128 / 255, 1);
  const expected: Record<ColormapName, number[]> = {
    inferno: [0, 0, 4, 188, 55, 84, 252, 255, 164],
    viridis: [68, 1, 84, 33, 145, 140, 253, 231, 37],
    magma: [0, 0, 4, 183, 55, 121, 252, 253, 191],
    cividis: [0, 34, 78, 125, 124, 120, 254, 232, 56],
    turbo: [48, 18, 59, 164, 252, 60, 122, 4, 3],
    grey: [0, 0, 0, 128, 128, 128, 255, 255, 255],
  };
  assertEquals(COLORMAPS, Object.keys(expected) as ColormapName[]);
  for (const map of COLORMAPS) assertEquals([...colorize(ends, map)], expected[map], map);
});

Deno.test("colorize() clamps, and takes what is not a number for 0", () => {
  const [below, above, nan] = [
    colorize(Float32Array.of(-3)),
    colorize(Float32Array.of(7)),
    colorize(Float32Array.of(NaN)),
  ];
  assertEquals(below, colorize(Float32Array.of(0)));
  assertEquals(above, colorize(Float32Array.of(1)));
  assertEquals(nan, colorize(Float32Array.of(0)));
});

Deno.test("colorize() gets brighter with every step of the maps that claim it, and of no other", () => {
  const ramp = Float32Array.from({ length: 64 }, (_, i) => i / 63);
  for (const map of COLORMAPS) {
    const colours = colorize(ramp, map);
    let falls = 0;
    let last = -1;
    for (let i = 0; i < 64; i++) {
      const [red, green, blue] = [colours[3 * i]!, colours[3 * i + 1]!, colours[3 * i + 2]!];
      const brightness = 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 +
        0.0722 * (blue / 255) ** 2.2;
      if (brightness <= last) falls++;
      last = brightness;
    }
    assertEquals(falls === 0, RISING_COLORMAPS.includes(map), `${map} falls ${falls} times`);
  }
});

Deno.test("colorize() names the maps there are", () => {
  assertThrows(
    () => colorize(Float32Array.of(0), "jet" as ColormapName),
    RangeError,
    'no colour map "jet"; there are inferno, viridis',
  );
});
