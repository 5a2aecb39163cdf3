import { assert, assertEquals, assertThrows } from "@std/assert";
import { augment } from "../../src/image/augment.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { resizeImage } from "../../src/image/resize.ts";
import type { Generator } from "../../src/random/generator.ts";
import { createStream } from "../../src/random/generator.ts";
import { fixtureUrl } from "./fixtures.ts";

/** A generator that gives these numbers. */
function fixed(...numbers: number[]): Generator {
  return { ...createStream(0, 0), uniform: () => numbers.shift()! };
}

/** Just below 1, the largest number that a generator gives. */
const MOST = 1 - 2 ** -32;

Deno.test("augment() with a draw from the middle is preprocess(), and its mirror image with a low third draw", async () => {
  const sizes = { resize: 64, crop: 40 };
  for (const name of ["photo_0.jpg", "photo_5.png"]) {
    const image = await decodeImage(fixtureUrl(name));
    const { pixels } = preprocess(image, sizes);
    // preprocess() rounds the middle, augment() cuts off: half a step further is the same place.
    assertEquals(augment(image, sizes, fixed(0.5, 0.5, 0.9)), pixels);
    const mirrored = augment(image, sizes, fixed(0.5, 0.5, 0.1));
    for (let row = 0; row < 3 * 40; row++) {
      assertEquals(
        mirrored.subarray(row * 40, row * 40 + 40).toReversed(),
        pixels.subarray(row * 40, row * 40 + 40),
      );
    }
  }
});

Deno.test("augment() reaches all four corners of the resized picture and nothing beyond them", () => {
  // Each pixel says where it is.
  const [width, height] = [30, 20];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 0], 3 * i);
  const corner = (across: number, down: number) => {
    const pixels = augment({ width, height, data }, { resize: 20, crop: 12 }, fixed(across, down, 0.9));
    return [Math.round(pixels[0]! * 255), Math.round(pixels[144]! * 255)];
  };
  assertEquals(corner(0, 0), [0, 0]);
  assertEquals(corner(MOST, 0), [18, 0]);
  assertEquals(corner(0, MOST), [0, 8]);
  assertEquals(corner(MOST, MOST), [18, 8]);
});

Deno.test("augment() mirrors half of the time and spreads its crops evenly", () => {
  const data = new Uint8Array(16 * 16 * 3);
  for (let i = 0; i < 256; i++) data.set([i % 16, Math.floor(i / 16), 0], 3 * i);
  const places = new Map<number, number>();
  let mirrored = 0;
  for (let draw = 0; draw < 1000; draw++) {
    const pixels = augment({ width: 16, height: 16, data }, { resize: 16, crop: 13 }, createStream(5, draw));
    const [first, last] = [Math.round(pixels[0]! * 255), Math.round(pixels[12]! * 255)];
    if (first > last) mirrored++;
    const left = Math.min(first, last);
    places.set(left, (places.get(left) ?? 0) + 1);
  }
  // Four standard deviations of 1000 fair draws are 63; of a quarter each, 55.
  assert(Math.abs(mirrored - 500) < 63, `${mirrored} of 1000 are mirrored`);
  assertEquals([...places.keys()].sort(), [0, 1, 2, 3]);
  for (const [left, count] of places) assert(Math.abs(count - 250) < 55, `${count} of 1000 begin at ${left}`);
});

Deno.test("augment() gives numbers in [0, 1], as large as the resized picture's own", () => {
  const data = new Uint8Array(50 * 40 * 3).map((_, i) => (i * 97) % 256);
  const image = { width: 50, height: 40, data };
  const least = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => Math.min(a, b));
  const most = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => Math.max(a, b));
  const whole = resizeImage(image, 40, 32).data;
  const pixels = augment(image, { resize: 32, crop: 32 }, fixed(0, 0, 0.9));
  assert(least(pixels) >= 0 && most(pixels) <= 1);
  assert(most(pixels) > 0.5 && most(pixels) <= most(whole) / 255);
  assertThrows(
    () => augment(image, { resize: 32, crop: 40 }, fixed(0, 0, 0)),
    RangeError,
    "crop 40 and resize 32",
  );
});
