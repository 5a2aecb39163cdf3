import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { encodeImage, formatOfPath, type WrittenFormat } from "../../src/image/encode.ts";
import { readHeader } from "../../src/image/header.ts";
import { difference, fixture } from "./fixtures.ts";

const PHOTO = await decodeImage(fixture("photo_3.jpg"));
/** Largest mean difference of what is read back, of 255. */
const LOSSY: readonly (readonly [WrittenFormat, number])[] = [["png", 0], ["jpeg", 3], ["webp", 3], [
  "avif",
  4,
]];

for (const [format, most] of LOSSY) {
  Deno.test(`encodeImage() writes ${format} that reads back, smaller when asked for`, async () => {
    const bytes = await encodeImage(PHOTO, format);
    const small = await encodeImage(PHOTO, format, { small: true });
    assertEquals(readHeader(bytes).format, format);
    assert(small.length < bytes.length, `${small.length} is not below ${bytes.length}`);
    const back = await decodeImage(bytes);
    assertEquals([back.width, back.height], [PHOTO.width, PHOTO.height]);
    const { mean } = difference(back.data, PHOTO.data);
    assert(mean <= most, `mean difference ${mean}`);
    // Nothing but pixels.
    const text = new TextDecoder("latin1").decode(bytes);
    assert(!/Exif|ICC_PROFILE|iCCP|tEXt|eXIf|photoshop|http:/i.test(text));
  });
}

Deno.test("encodeImage() writes nothing of the image's own metadata", async () => {
  const secret = "SERIAL-4711 GPS 52.5 13.4";
  const text = new TextEncoder().encode(`Exif\0\0${secret}`);
  const segments = [0xe1, 0xed, 0xfe].map((marker) =>
    Uint8Array.of(0xff, marker, 0, text.length + 2, ...text)
  );
  const photo = fixture("color/p3.jpg");
  const bytes = new Uint8Array(
    await new Blob([photo.subarray(0, 2), ...segments, photo.subarray(2)]).arrayBuffer(),
  );
  const image = await decodeImage(bytes);
  for (const [format] of LOSSY) {
    for (const small of [false, true]) {
      const written = new TextDecoder("latin1").decode(await encodeImage(image, format, { small }));
      assert(!/SERIAL|Exif|ICC_PROFILE|iCCP/.test(written), format);
    }
  }
});

Deno.test("formatOfPath() knows the endings in any case", () => {
  const endings = ["a.png", "a.JPG", "b/c.jpeg", "d.webp", "e.AVIF", "f.gif", "png"];
  assertEquals(endings.map(formatOfPath), ["png", "jpeg", "jpeg", "webp", "avif", undefined, undefined]);
});
