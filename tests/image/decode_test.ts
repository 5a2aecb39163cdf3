import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { crc32 } from "../../src/image/codecs/check_png.ts";
import { encodePng } from "../../src/image/png.ts";
import { ImageError } from "../../src/image/types.ts";
import { difference, type Entry, entryImage, fixture, fixtureJson, fixtureUrl } from "./fixtures.ts";

const ENTRIES = fixtureJson<Record<string, Entry>>("decoded.json");
const EXPECTED = fixture("decoded.bin");

for (const [name, entry] of Object.entries(ENTRIES)) {
  Deno.test(`decodeImage() reads ${name} to PIL's bytes`, async () => {
    const expected = entryImage(EXPECTED, entry);
    const image = await decodeImage(fixture(name));
    assertEquals([image.width, image.height], [expected.width, expected.height]);
    // Coefficients beyond every photograph's (these two files are of random numbers) overflow in PIL's build of
    // libjpeg-turbo, which uses SIMD, otherwise than in ours.
    const overflowing = /jpeg_(411|grey_2x2)/.test(name) ? 12 : 0;
    const different = image.data.filter((value, i) => value !== expected.data[i]).length;
    assertEquals(different <= overflowing, true, `${different} values differ`);
  });
}

Deno.test("decodeImage() takes bytes, buffer, Blob, URL, path, data URL and pixels alike", async () => {
  const name = "png_rgb.png";
  const bytes = fixture(name);
  const expected = entryImage(EXPECTED, ENTRIES[name]!);
  const base64 = btoa(String.fromCharCode(...bytes));
  const path = decodeURIComponent(fixtureUrl(name).pathname);
  const relative = path.startsWith(Deno.cwd() + "/") ? path.slice(Deno.cwd().length + 1) : path;
  const sources = [
    bytes,
    bytes.buffer,
    new Blob([bytes]),
    new File([bytes], name),
    fixtureUrl(name),
    fixtureUrl(name).href,
    path,
    relative,
    `data:image/png;base64,${base64}`,
    expected,
  ];
  for (const source of sources) {
    const image = await decodeImage(source);
    assertEquals(difference(image.data, expected.data).max, 0, String(source).slice(0, 60));
  }
});

Deno.test("decodeImage() reads a path with spaces, per cent and hash signs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/100 % #1 ?.png`;
    await Deno.writeFile(path, fixture("png_grey.png"));
    assertEquals((await decodeImage(path)).width, 60);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("decodeImage() reads http and stops with its signal", async () => {
  const server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    const name = new URL(request.url).pathname.slice(1);
    return name === "photo.png" ? new Response(fixture("png_rgb.png")) : new Response("no", { status: 404 });
  });
  try {
    const base = `http://localhost:${server.addr.port}`;
    assertEquals((await decodeImage(`${base}/photo.png`)).height, 36);
    await assertRejects(() => decodeImage(`${base}/none.png`), ImageError, "none.png: HTTP status 404");
    const signal = AbortSignal.abort();
    await assertRejects(() => decodeImage(`${base}/photo.png`, { signal }), DOMException);
  } finally {
    await server.shutdown();
  }
});

Deno.test("decodeImage() composites ImageData over white", async () => {
  const pixels = new ImageData(new Uint8ClampedArray([0, 0, 0, 0, 10, 20, 30, 255, 0, 0, 0, 128]), 3, 1);
  const image = await decodeImage(pixels);
  assertEquals([...image.data], [255, 255, 255, 10, 20, 30, 127, 127, 127]);
});

Deno.test("decodeImage() rejects pixels whose length does not fit", async () => {
  await assertRejects(
    () => decodeImage({ width: 2, height: 2, data: new Uint8Array(5) }),
    TypeError,
    "2 x 2 needs a Uint8Array of 12",
  );
  await assertRejects(
    () => decodeImage({ width: 0, height: 2, data: new Uint8Array(0) }),
    RangeError,
    "0 x 2",
  );
  await assertRejects(() => decodeImage(42 as unknown as string), TypeError, "is not an image source");
});

Deno.test("decodeImage() says in one line what a library says in several", async () => {
  const start = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a];
  const type = [0, 0, 0, 20, ...new TextEncoder().encode("ftypjp2 "), 0, 0, 0, 0, 0x6a, 0x70, 0x32, 0x20];
  const error = await assertRejects(
    () => decodeImage(Uint8Array.of(...start, ...type, 0, 0, 0, 9)),
    ImageError,
  );
  assertMatch(error.message, /^Cannot decode image: truncated or damaged JP2 \(.*\)$/);
});

Deno.test("decodeImage() says in one line why something is no picture", async () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^Cannot decode image: the file is empty \(0 bytes\)$/],
    [Uint8Array.of(1, 2), /not an image/],
    [text("hello, this is a text"), /not an image \(no JPEG, PNG/],
    [text("<!DOCTYPE html><html>"), /HTML page/],
    [text("%PDF-1.7"), /PDF is not supported/],
    [text("\0\0\0\x10ftypmp42...."), /a video/],
    [
      text('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /^Cannot decode image: SVG is not supported, because it can name/,
    ],
  ];
  for (const [bytes, expected] of cases) {
    const error = await assertRejects(() => decodeImage(bytes), ImageError);
    assertMatch(error.message, expected);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("decodeImage() names a file that cannot be read", async () => {
  await assertRejects(
    () => decodeImage("no/such.jpg"),
    ImageError,
    "Cannot read image no/such.jpg: no such file",
  );
  await assertRejects(() => decodeImage("."), ImageError, "Cannot read image .:");
  await assertRejects(() => decodeImage(""), ImageError, "the path is empty");
  const error = await assertRejects(
    () => decodeImage(new File([new Uint8Array(0)], "empty.jpg")),
    ImageError,
  );
  assertEquals(error.message, "Cannot decode image empty.jpg: the file is empty (0 bytes)");
});

for (
  const name of [
    "jpeg_420.jpg",
    "jpeg_progressive.jpg",
    "jpeg_cmyk.jpg",
    "png_rgb.png",
    "png_palette.png",
    "gif_animated.gif",
    "webp_lossy.webp",
    "tiff_lzw.tif",
    "tiff_raw.tif",
  ]
) {
  Deno.test(`decodeImage() refuses ${name} cut off anywhere`, async () => {
    const whole = fixture(name);
    // A GIF is whole for us when its first frame is; what follows is never read.
    const end = name.endsWith(".gif") ? whole.length / 3 : whole.length;
    for (const part of [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      // Only the chunk that ends a PNG is missing: it is read, as in PIL.
      if (name.endsWith(".png") && end - Math.floor(end * part) === 12) continue;
      const error = await assertRejects(
        () => decodeImage(whole.slice(0, Math.floor(end * part))),
        ImageError,
      );
      assertMatch(error.message, /truncated|damaged|not an image|without a frame/, `at ${part}`);
    }
  });
}

Deno.test("decodeImage() refuses a PNG whose pixels are damaged", async () => {
  const bytes = fixture("png_rgb.png");
  bytes[bytes.length >> 1]! ^= 0xff;
  await assertRejects(() => decodeImage(bytes), ImageError);
});

/** A PNG of `size` x `size` black pixels, a few hundred kilobytes for gigabytes of pixels. */
function headerOnlyPng(size: number): Uint8Array {
  const bytes = fixture("png_rgb.png");
  const view = new DataView(bytes.buffer);
  view.setUint32(16, size);
  view.setUint32(20, size);
  view.setUint32(29, crc32(bytes, 12, 29));
  return bytes;
}

Deno.test("decodeImage() refuses a decompression bomb by its header alone", async () => {
  const started = performance.now();
  const error = await assertRejects(() => decodeImage(headerOnlyPng(30000)), ImageError);
  assertEquals(error.message, "Cannot decode image: 30000 x 30000 pixels exceeds maxPixels 67108864");
  assert(performance.now() - started < 100, "refusing took too long to have been the header's doing");
  await assertRejects(
    () => decodeImage(fixture("jpeg_444.jpg"), { maxPixels: 2159 }),
    ImageError,
    "60 x 36 pixels exceeds maxPixels 2159",
  );
  assertEquals((await decodeImage(fixture("jpeg_444.jpg"), { maxPixels: 2160 })).width, 60);
});

Deno.test("decodeImage() refuses pixels that do not reach what the header says", async () => {
  await assertRejects(() => decodeImage(headerOnlyPng(500)), ImageError, "truncated or damaged PNG");
});

Deno.test("decodeImage() reads pictures of 1 x 1, 1 x 10000 and 10000 x 1", async () => {
  for (const [width, height] of [[1, 1], [1, 10000], [10000, 1]] as const) {
    const data = new Uint8Array(width * height * 3).map((_, i) => i % 251);
    const image = await decodeImage(await encodePng({ width, height, data }));
    assertEquals([image.width, image.height], [width, height]);
    assertEquals(difference(image.data, data).max, 0);
  }
});
