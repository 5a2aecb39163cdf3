/**
 * What the image code may do without being allowed to: everything that the small codecs do, given bytes; with read
 * permission, paths and the formats of ImageMagick too, whose file is read from its npm package.
 * FFI, environment and network stay closed.
 *
 * @module
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decodeImage, encodePng, ImageError, preprocess, renderOverlay } from "../../src/image/mod.ts";
import { fixture, fixtureUrl } from "./fixtures.ts";

const SMALL = ["jpeg_420.jpg", "png_rgb.png", "webp_lossy.webp"];
const FILES = [...SMALL, "gif_animated.gif", "tiff_lzw.tif"];
const BYTES = SMALL.map((name) => fixture(name));
const GIF = fixture("gif_animated.gif");

Deno.test({
  name: "decodeImage(), preprocess(), renderOverlay() and encodePng() need no permission",
  permissions: "none",
  fn: async () => {
    for (const bytes of BYTES) {
      const image = await decodeImage(bytes);
      const { pixels, window } = preprocess(image);
      const map = { width: 224, height: 224, values: pixels.subarray(0, 224 * 224) };
      const overlay = await renderOverlay(image, map, window, { caption: "cat 50.0 %" });
      assertEquals((await decodeImage(await encodePng(overlay))).width, overlay.width);
    }
  },
});

Deno.test({
  name: "decodeImage() of a format of ImageMagick says what it needs when it may not read",
  permissions: "none",
  fn: async () => {
    const error = await assertRejects(() => decodeImage(GIF), ImageError);
    assertMatch(
      error.message,
      /ImageMagick, whose magick.wasm cannot be loaded \(Requires read access.*; save it/,
    );
  },
});

Deno.test({
  name: "decodeImage() of a path needs read permission and nothing else",
  permissions: { read: true, env: false, ffi: false, net: false, run: false, sys: false, write: false },
  fn: async () => {
    for (const name of FILES) assertEquals((await decodeImage(fixtureUrl(name))).height, 36);
    const absolute = decodeURIComponent(fixtureUrl("png_rgb.png").pathname);
    assertEquals((await decodeImage(absolute)).width, 60);
    await assertRejects(() => decodeImage("no/such.png"), ImageError, "no such file");
  },
});

Deno.test({
  name: "decodeImage() of a path says so when it may not read",
  permissions: "none",
  fn: async () => {
    const path = fixtureUrl("png_rgb.png");
    for (const source of [path, "a/b.png"]) {
      const error = await assertRejects(() => decodeImage(source), ImageError);
      assertMatch(
        error.message,
        /^Cannot read image .*(rgb|b)\.png: Requires read access to .*--allow-read flag$/,
      );
    }
  },
});
