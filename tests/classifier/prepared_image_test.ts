import { assert, assertEquals, assertRejects } from "@std/assert";
import { changedImage, cropImage, distinctCrops, prepareImage } from "../../src/classifier/prepared_image.ts";
import { preprocess } from "../../src/image/preprocess.ts";

const image = {
  width: 60,
  height: 40,
  data: Uint8Array.from({ length: 7200 }, (_, i) => i * 31 % 256),
};
const [small, large] = [{ resize: 18, crop: 16 }, { resize: 36, crop: 32 }];

Deno.test("cropImage() gives both crops where they differ, and one where they do not", () => {
  const both = cropImage(image, small, large);
  assertEquals(both.pixels, preprocess(image, small).pixels);
  assertEquals(both.auxiliaryPixels, preprocess(image, large).pixels);
  assertEquals([both.window, both.auxiliaryWindow], [
    preprocess(image, small).window,
    preprocess(image, large).window,
  ]);
  assert(!("auxiliaryPixels" in cropImage(image, small, { ...small })));
  assertEquals([distinctCrops(small, { ...small }), distinctCrops(small, large)], [[small], [small, large]]);
});

Deno.test("changedImage() changes every crop", () => {
  const half = (pixels: Float32Array) => pixels.map((value) => value / 2);
  const both = cropImage(image, small, large);
  const changed = changedImage(both, half);
  assertEquals(changed, { pixels: half(both.pixels), auxiliaryPixels: half(both.auxiliaryPixels!) });
  assertEquals(Object.keys(changedImage({ pixels: both.pixels }, half)), ["pixels"]);
});

Deno.test("prepareImage() reads and crops, within the pixels that are allowed", async () => {
  assertEquals(await prepareImage(image, [small, large]), cropImage(image, small, large));
  const photo = new URL("../fixtures/image/photo_0.jpg", import.meta.url);
  await assertRejects(
    () => prepareImage(photo, [small], { decode: { maxPixels: 10 } }),
    Error,
    "exceeds maxPixels 10",
  );
});
