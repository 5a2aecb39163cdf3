import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { eighthsFor, sizeInEighths } from "../../src/image/eighths.ts";
import { resizeImage } from "../../src/image/resize.ts";
import { ImageError } from "../../src/image/types.ts";
import { difference, fixture } from "./fixtures.ts";

Deno.test("eighthsFor() takes the least size whose shorter side suffices", () => {
  const photo = { width: 4000, height: 3000 };
  assertEquals([375, 376, 750, 1500, 1501, 9999].map((least) => eighthsFor(photo, least)), [
    1,
    2,
    2,
    4,
    8,
    8,
  ]);
  assertEquals(eighthsFor(photo, undefined), 8);
  assertEquals(sizeInEighths({ width: 4001, height: 3000 }, 1), { width: 501, height: 375 });
});

Deno.test("decodeImage() decodes a JPEG small where less suffices, and everything else whole", async () => {
  for (const name of ["photo_0.jpg", "photo_1.jpg", "jpeg_progressive.jpg", "exif_6.jpg", "jpeg_cmyk.jpg"]) {
    const bytes = fixture(name);
    const whole = await decodeImage(bytes);
    const atLeast = Math.floor(Math.min(whole.width, whole.height) / 2);
    const half = await decodeImage(bytes, { atLeast });
    const [width, height] = [Math.ceil(whole.width / 2), Math.ceil(whole.height / 2)];
    assertEquals([half.width, half.height], [width, height], name);
    const { mean } = difference(half.data, resizeImage(whole, width, height).data);
    // The smallest files have a block's worth of detail in every pixel.
    assert(mean < (whole.width < 100 ? 8 : 3), `${name}: mean difference ${mean}`);
  }
  assertEquals((await decodeImage(fixture("png_rgb.png"), { atLeast: 4 })).width, 60);
});

Deno.test("decodeImage() counts the pixels that are decoded", async () => {
  const bytes = fixture("jpeg_444.jpg");
  await assertRejects(() => decodeImage(bytes, { maxPixels: 600 }), ImageError, "60 x 36 pixels exceeds");
  assertEquals((await decodeImage(bytes, { maxPixels: 600, atLeast: 18 })).width, 30);
});
