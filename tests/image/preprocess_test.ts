import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess, type PreprocessOptions } from "../../src/image/preprocess.ts";
import type { RgbImage } from "../../src/image/types.ts";
import { sha256 } from "../../src/weights/storage/digest.ts";
import { cropBytes, difference, type Entry, entryImage, fixture, fixtureJson } from "./fixtures.ts";

interface Case extends Entry {
  readonly file: string;
  readonly resize: number;
  readonly crop: number;
  /** Every how many-th row and column the fixture keeps. */
  readonly step: number;
}

/** Every `step`th row and column of planar pixels in [0, 1], as interleaved values of 0 to 255. */
function thin(pixels: Float32Array, crop: number, step: number): Float32Array {
  const values: number[] = [];
  for (let y = 0; y < crop; y += step) {
    for (let x = 0; x < crop; x += step) {
      for (let c = 0; c < 3; c++) values.push(255 * pixels[(c * crop + y) * crop + x]!);
    }
  }
  return Float32Array.from(values);
}

const EXPECTED = fixture("preprocessed.bin");

for (const entry of fixtureJson<Case[]>("preprocessed.json")) {
  const { file, resize, crop, step } = entry;
  Deno.test(`preprocess() of ${file} to ${resize} and ${crop} agrees with torchvision's PIL path`, async () => {
    const { pixels } = preprocess(await decodeImage(fixture(file)), { resize, crop });
    const { mean, max } = difference(thin(pixels, crop, step), entryImage(EXPECTED, entry).data);
    assert(mean <= 0.5 && max <= 2, `mean ${mean.toFixed(3)}, max ${max.toFixed(3)} of 255`);
    // That is the bound that was asked for; reader and filter being exact, there is nothing but float32's rounding.
    assert(max < 1e-3, `max ${max}`);
  });
}

Deno.test("preprocess() gives PIL's bytes with every fit and filter, square and not", async () => {
  const lines = new TextDecoder().decode(fixture("crops.jsonl")).trimEnd().split("\n");
  const entries = lines.map((line) =>
    JSON.parse(line) as { file: string; crop: PreprocessOptions; sha256: string }
  );
  const images = new Map<string, RgbImage>();
  const differing: string[] = [];
  for (const { file, crop, sha256: expected } of entries) {
    if (!images.has(file)) images.set(file, await decodeImage(fixture(file)));
    const digest = sha256();
    digest.update(cropBytes(images.get(file)!, crop));
    if (digest.value() !== expected) differing.push(`${file} ${JSON.stringify(crop)}`);
  }
  assertEquals(differing, []);
  assertEquals(entries.length, 180);
});

function flat(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(102) };
}

Deno.test("preprocess() of 1 x 1, 1 x 10000 and 10000 x 1 gives an input at once", () => {
  for (const [width, height] of [[1, 1], [1, 10000], [10000, 1]] as const) {
    const started = performance.now();
    const { pixels, window } = preprocess(flat(width, height));
    assertEquals(pixels.length, 3 * 224 * 224);
    assert(pixels.every((value) => Math.abs(value - 0.4) < 1e-6));
    assertAlmostEquals(window.x + window.width / 2, width / 2, 0.01);
    assertAlmostEquals(window.y + window.height / 2, height / 2, 0.01);
    assert(performance.now() - started < 500);
  }
});

Deno.test("preprocess() gives the window of the crop in pixels of the picture", () => {
  const { window } = preprocess(flat(512, 256));
  assertEquals(window, { x: 144, y: 16, width: 224, height: 224 });
  const scaled = preprocess(flat(300, 600), { resize: 150, crop: 150 }).window;
  assertEquals(scaled, { x: 0, y: 150, width: 300, height: 300 });
});

Deno.test("preprocess() gives the window of each fit", () => {
  const wide = flat(400, 200);
  const size = { resize: 100, crop: 100 };
  assertEquals(preprocess(wide, { ...size, fit: "squash" }).window, { x: 0, y: 0, width: 400, height: 200 });
  // The padding is above and below the image.
  const padded = preprocess(wide, { ...size, fit: "letterbox" });
  assertEquals(padded.window, { x: 0, y: -100, width: 400, height: 400 });
  assertEquals([padded.pixels[0], padded.pixels[99 * 100]], [0, 0]);
  assertAlmostEquals(padded.pixels[50 * 100]!, 0.4, 1e-6);
  const filled = preprocess(wide, { ...size, fit: "letterbox", fill: 255 });
  assertEquals([filled.pixels[0], filled.pixels[24 * 100], filled.pixels[75 * 100]], [1, 1, 1]);
  assertEquals(preprocess(wide, { ...size, width: 200 }).window, { x: 0, y: 0, width: 400, height: 200 });
  assertEquals(preprocess(wide, { resize: 120, crop: 100, width: 150 }).window.height, 200 / 120 * 100);
});

Deno.test("preprocess() pads nothing where a letterboxed image has the crop's proportions", () => {
  const { pixels, window } = preprocess(flat(200, 100), {
    resize: 50,
    crop: 50,
    width: 100,
    fit: "letterbox",
  });
  assertEquals(window, { x: 0, y: 0, width: 200, height: 100 });
  assertEquals(pixels.filter((value) => value === 0).length, 0);
});

Deno.test("preprocess() rounds crop offsets as Python does", () => {
  // (259 - 224) / 2 = 17.5 becomes 18, (261 - 224) / 2 = 18.5 becomes 18 too.
  assertEquals(preprocess(flat(259, 259), { resize: 259, crop: 224 }).window.x, 18);
  assertEquals(preprocess(flat(261, 261), { resize: 261, crop: 224 }).window.x, 18);
});

Deno.test("preprocess() puts channels apart", () => {
  const data = new Uint8Array(224 * 224 * 3);
  for (let i = 0; i < 224 * 224; i++) data.set([255, 51, 0], 3 * i);
  const { pixels } = preprocess({ width: 224, height: 224, data }, { resize: 224, crop: 224 });
  assertEquals([pixels[0], pixels[224 * 224], pixels[2 * 224 * 224]], [1, Math.fround(0.2), 0]);
});

Deno.test("preprocess() rejects a crop larger than the resized picture", () => {
  assertThrows(
    () => preprocess(flat(9, 9), { resize: 200, crop: 224 }),
    RangeError,
    "crop 224 and resize 200",
  );
});
