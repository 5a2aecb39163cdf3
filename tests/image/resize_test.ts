import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { resizeImage } from "../../src/image/resize.ts";
import type { RgbImage } from "../../src/image/types.ts";
import { difference, type Entry, entryImage, fixture, fixtureJson } from "./fixtures.ts";

const ENTRIES = fixtureJson<Record<string, Entry>>("resized.json");
const EXPECTED = fixture("resized.bin");

for (const [name, entry] of Object.entries(ENTRIES)) {
  Deno.test(`resizeImage() to ${name} gives PIL's bytes`, async () => {
    const source = await decodeImage(fixture("resize_source.png"));
    const result = resizeImage(source, entry.width, entry.height);
    assertEquals(difference(result.data, entryImage(EXPECTED, entry).data), { mean: 0, max: 0 });
  });
}

/** A picture in which every byte tells where it is. */
function gradient(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).map((_, i) => (i * 7 + (i >> 5)) & 255) };
}

Deno.test("resizeImage() computes a part as it is in the whole", () => {
  const source = gradient(130, 90);
  for (const [width, height] of [[61, 47], [260, 200], [130, 30]] as const) {
    const whole = resizeImage(source, width, height);
    const crop = { x: 11, y: 7, width: 40, height: 19 };
    const part = resizeImage(source, width, height, crop);
    for (let y = 0; y < crop.height; y++) {
      const from = ((crop.y + y) * width + crop.x) * 3;
      assertEquals(
        [...part.data.subarray(y * crop.width * 3, (y + 1) * crop.width * 3)],
        [...whole.data.subarray(from, from + crop.width * 3)],
      );
    }
  }
});

Deno.test("resizeImage() keeps a picture of one colour", () => {
  for (const value of [0, 1, 254, 255]) {
    const source = { width: 37, height: 53, data: new Uint8Array(37 * 53 * 3).fill(value) };
    for (const [width, height] of [[224, 224], [5, 7], [36, 52]] as const) {
      assert(resizeImage(source, width, height).data.every((byte) => byte === value));
    }
  }
});

Deno.test("resizeImage() rejects impossible sizes and parts", () => {
  const source = gradient(4, 4);
  assertThrows(() => resizeImage(source, 0, 4), RangeError, "0 x 4");
  assertThrows(() => resizeImage(source, 2.5, 4), RangeError, "2.5 x 4");
  assertThrows(
    () => resizeImage(source, 8, 8, { x: 4, y: 0, width: 5, height: 8 }),
    RangeError,
    "the part 5 x 8 at (4, 0) is not inside 8 x 8",
  );
});
