import { assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { ImageError } from "../../src/image/types.ts";
import { difference, type Entry, entryImage, fixture, fixtureJson } from "./fixtures.ts";

const ENTRIES = fixtureJson<(Entry & { readonly file: string; readonly frame: number })[]>(
  "frames/expected.json",
);
const EXPECTED = fixture("frames/expected.bin");

for (const { file, frame, ...entry } of ENTRIES) {
  Deno.test(`decodeImage() reads frame ${frame} of ${file} as Pillow does`, async () => {
    const image = await decodeImage(fixture(`frames/${file}`), frame === 0 ? {} : { frame });
    const expected = entryImage(EXPECTED, entry);
    assertEquals([image.width, image.height], [expected.width, expected.height]);
    assertEquals(difference(image.data, expected.data).max, 0);
  });
}

Deno.test("decodeImage() says which frame a file lacks", async () => {
  for (const file of ["moving.gif", "moving.webp", "pages.tif"]) {
    await assertRejects(
      () => decodeImage(fixture(`frames/${file}`), { frame: 4 }),
      ImageError,
      "it has no frame 4 (they count from 0)",
    );
  }
  await assertRejects(
    () => decodeImage(fixture("jpeg_420.jpg"), { frame: 1 }),
    ImageError,
    "it has no frame 1 (they count from 0; JPEG is read as one image)",
  );
  for (const frame of [-1, 0.5]) {
    await assertRejects(() => decodeImage(fixture("jpeg_420.jpg"), { frame }), RangeError, "whole numbers");
  }
});

Deno.test("decodeImage() says that it lacks a kind of DICOM", async () => {
  await assertRejects(
    () => decodeImage(fixture("frames/monochrome2_12.dcm")),
    ImageError,
    "DICOM, or of a kind that is not supported",
  );
});
