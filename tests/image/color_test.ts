import { assert, assertEquals } from "@std/assert";
import { convertToSrgb, openProfile } from "../../src/image/codecs/color.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { findProfile } from "../../src/image/profile.ts";
import { difference, type Entry, entryImage, fixture, fixtureJson } from "./fixtures.ts";

const ENTRIES = fixtureJson<Record<string, Entry>>("color/expected.json");
const EXPECTED = fixture("color/expected.bin");
/** Codecs that give other pixels than Pillow's before any conversion. */
const NEAR: Readonly<Record<string, number>> = { avif: 3, heic: 10 };

for (const [name, entry] of Object.entries(ENTRIES)) {
  Deno.test(`decodeImage() gives ${name} in sRGB as Pillow's ImageCms does`, async () => {
    const image = await decodeImage(fixture(`color/${name}`));
    const expected = entryImage(EXPECTED, entry);
    assertEquals([image.width, image.height], [expected.width, expected.height]);
    const { max } = difference(image.data, expected.data);
    assert(max <= (NEAR[name.split(".").pop()!] ?? 0), `differs by ${max}`);
  });
}

Deno.test("decodeImage() keeps the stored colours when it is told to", async () => {
  for (const name of ["p3.jpg", "p3.png", "p3.webp", "p3.tif", "cmyk.jpg", "grey.png"]) {
    const bytes = fixture(`color/${name}`);
    const [kept, converted] = [await decodeImage(bytes, { keepProfile: true }), await decodeImage(bytes)];
    assert(difference(kept.data, converted.data).max > 4, name);
  }
  // Red of the widest colours is stored as less than sRGB's: the profile's own numbers are those of the file.
  const { data } = await decodeImage(fixture("color/p3.png"), { keepProfile: true });
  const plain = await decodeImage(fixture("color/srgb.png"));
  assertEquals(difference(data, plain.data).max, 0);
});

Deno.test("openProfile() takes no profile that is cut off or lies, whatever its bytes say", async () => {
  const profile = (await findProfile(fixture("color/table.png"), "png"))!;
  assertEquals((await openProfile(profile))?.channels, 3);
  const pixels = () => ({ width: 2, height: 1, data: Uint8Array.of(200, 30, 20, 10, 250, 90) });
  let kept = 0;
  for (let i = 0; i < 30; i++) {
    const damaged = i % 2 === 0 ? profile.slice(0, 80 * i) : profile.slice();
    // Lengths and places of the head and the directory of tags, one after the other.
    if (i % 2 === 1) damaged.fill(255, 8 * i, 8 * i + 8);
    const { data } = await convertToSrgb(pixels(), damaged);
    assertEquals(data.length, 6);
    if (data.every((value, at) => value === pixels().data[at])) kept++;
  }
  assert(kept > 10, `${kept} of 30 were left out`);
});
