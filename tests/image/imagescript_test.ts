/**
 * Our readers and writer against imagescript's: an independent implementation for what PIL's fixtures cannot show,
 * that others read what we write.
 */
import { assert, assertEquals } from "@std/assert";
import { Image } from "imagescript";
import { decodeImage } from "../../src/image/decode.ts";
import { encodePng } from "../../src/image/png.ts";
import { fixture } from "./fixtures.ts";

/** Largest and mean difference of RGB from imagescript's RGBA. */
function differenceFrom(rgba: Uint8ClampedArray, rgb: Uint8Array): { max: number; mean: number } {
  let [max, sum] = [0, 0];
  for (let i = 0; i < rgb.length; i++) {
    const difference = Math.abs(rgb[i]! - rgba[Math.floor(i / 3) * 4 + i % 3]!);
    max = Math.max(max, difference);
    sum += difference;
  }
  return { max, mean: sum / rgb.length };
}

for (const file of ["photo_0.jpg", "jpeg_420.jpg", "jpeg_progressive.jpg", "jpeg_grey.jpg"]) {
  Deno.test(`decodeImage() of ${file} differs from imagescript by its rounding only`, async () => {
    const bytes = fixture(file);
    const ours = await decodeImage(bytes);
    const theirs = await Image.decode(bytes);
    assertEquals([ours.width, ours.height], [theirs.width, theirs.height]);
    const { max, mean } = differenceFrom(theirs.bitmap, ours.data);
    assert(max <= 4 && mean <= 0.2, `max ${max}, mean ${mean} of 255`);
  });
}

Deno.test("encodePng() writes what imagescript reads", async () => {
  const data = new Uint8Array(37 * 23 * 3).map((_, i) => (i * 7919) % 256);
  const theirs = await Image.decode(await encodePng({ width: 37, height: 23, data }));
  assertEquals([theirs.width, theirs.height], [37, 23]);
  assertEquals(differenceFrom(theirs.bitmap, data), { max: 0, mean: 0 });
});

Deno.test("encodePng() writes opacity that imagescript reads", async () => {
  const data = new Uint8Array(37 * 23 * 4).map((_, i) => (i * 7919) % 256);
  const theirs = await Image.decode(await encodePng({ width: 37, height: 23, data }));
  assertEquals(new Uint8Array(theirs.bitmap), data);
});
