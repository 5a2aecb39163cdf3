import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { augment } from "../../../src/image/augment.ts";
import { encodePng } from "../../../src/image/png.ts";
import { ImageError, type ImageSource } from "../../../src/image/types.ts";
import { createBatchReader, readableImages } from "../../../src/ptame/training/training_images.ts";
import { createStream } from "../../../src/random/generator.ts";

const FOLDER = new URL("../../fixtures/image/", import.meta.url);
const PHOTOS = Array.from(
  { length: 10 },
  (_, i) => new URL(`photo_${i}.${i === 5 || i === 6 ? "png" : "jpg"}`, FOLDER),
);
const SIZES = [{ resize: 18, crop: 16 }];

/** Pictures of one grey each: what a batch holds can be told. */
function greys(count: number): ImageSource[] {
  return Array.from({ length: count }, (_, i) => ({
    width: 20,
    height: 18,
    data: new Uint8Array(20 * 18 * 3).fill(10 * (i + 1)),
  }));
}

/** Which of `greys` the pictures of a batch are. */
function whichOf(batch: Float32Array): number[] {
  const length = 3 * 16 * 16;
  return Array.from(
    { length: batch.length / length },
    (_, i) => Math.round(batch[i * length]! * 255) / 10 - 1,
  );
}

async function take(reader: ReturnType<typeof createBatchReader>, batches: number): Promise<Float32Array[]> {
  const taken: Float32Array[] = [];
  for (let i = 0; i < batches; i++) taken.push((await reader.next()).pixels[0]!);
  return taken;
}

Deno.test("createBatchReader() shows every image once per epoch, in an order of the seed and the epoch alone", async () => {
  const read = async (seed: number) => {
    const reader = createBatchReader({ images: greys(12), batch: 4, seed, inputs: SIZES });
    return (await take(reader, 9)).map(whichOf);
  };
  const orders = await read(3);
  const epochs = [0, 1, 2].map((epoch) => orders.slice(3 * epoch, 3 * epoch + 3).flat());
  for (const epoch of epochs) {
    assertEquals(epoch.toSorted((a, b) => a - b), Array.from({ length: 12 }, (_, i) => i));
  }
  assert(epochs[0]!.join() !== epochs[1]!.join() && epochs[1]!.join() !== epochs[2]!.join());
  assertEquals(await read(3), orders);
  assert((await read(4)).join() !== orders.join());
  // Another batch size cuts the same order elsewhere.
  const pairs = createBatchReader({ images: greys(12), batch: 2, seed: 3, inputs: SIZES });
  assertEquals((await take(pairs, 6)).flatMap(whichOf), epochs[0]!);
});

Deno.test("createBatchReader() goes on at a position with the same batches bit for bit, over epochs and bad images", async () => {
  const images: ImageSource[] = [...PHOTOS.slice(0, 5), new Uint8Array(3), new URL("none.jpg", FOLDER)];
  const options = { images, batch: 2, seed: 9, inputs: SIZES };
  const reader = createBatchReader(options);
  const positions: number[] = [];
  const batches: Float32Array[] = [];
  for (let i = 0; i < 7; i++) {
    positions.push(reader.position);
    batches.push(...await take(reader, 1));
  }
  assert(positions.at(-1)! > 2 * images.length, "more than two epochs, the unreadable ones counted");
  for (const start of [1, 2, 4, 6]) {
    const again = createBatchReader({ ...options, position: positions[start]! });
    assertEquals(await take(again, 7 - start), batches.slice(start));
  }
});

Deno.test("createBatchReader() skips unreadable images, each listed once with its reason", async () => {
  const images: ImageSource[] = [
    ...greys(2),
    new Uint8Array([1, 2, 3]),
    new File(["no picture"], "text.jpg"),
    new URL("none.jpg", FOLDER),
    "none.png",
  ];
  const reader = createBatchReader({ images, batch: 2, seed: 1, inputs: SIZES });
  const seen = (await take(reader, 6)).map(whichOf);
  for (const pair of seen) assertEquals(pair.toSorted(), [0, 1]);
  assertEquals(reader.skipped.map(({ image }) => image).toSorted(), [
    new URL("none.jpg", FOLDER).href,
    "image 2",
    "none.png",
    "text.jpg",
  ]);
  for (const { reason } of reader.skipped) assert(reason.startsWith("Cannot "), reason);
});

Deno.test("createBatchReader() finds the one readable image wherever it begins, across the border of epochs", async () => {
  const images: ImageSource[] = [new Uint8Array(1), new Uint8Array(1), ...greys(1), new Uint8Array(1)];
  for (let seed = 0; seed < 8; seed++) {
    for (let position = 0; position < 8; position++) {
      const reader = createBatchReader({ images, batch: 1, seed, inputs: SIZES, position });
      assertEquals((await take(reader, 3)).flatMap(whichOf), [0, 0, 0]);
    }
  }
});

Deno.test("createBatchReader() fails when no image can be read, and stops when told to", async () => {
  const images = [new Uint8Array(1), new Uint8Array(2)];
  const reader = createBatchReader({ images, batch: 1, seed: 0, inputs: SIZES });
  await assertRejects(() => reader.next(), ImageError, "none of the 2 images can be read");
  assertEquals(reader.skipped.length, 2);
  const stopped = createBatchReader({ images: greys(2), batch: 1, seed: 0, inputs: SIZES });
  await assertRejects(
    () => stopped.next(AbortSignal.abort(new DOMException("Stopped", "AbortError"))),
    DOMException,
  );
  assertEquals(stopped.position, 0);
  // What is no picture at all is a mistake of the program, not a damaged file.
  const wrong = createBatchReader({ images: [{} as ImageSource], batch: 1, seed: 0, inputs: SIZES });
  await assertRejects(() => wrong.next(), TypeError);
});

Deno.test("createBatchreader() crops the same part for both inputs, each as augment() does", async () => {
  // Red and green say where a pixel is.
  const data = new Uint8Array(256 * 192 * 3);
  for (let i = 0; i < 256 * 192; i++) data.set([i % 256, Math.floor(i / 256), 0], 3 * i);
  const image = { width: 256, height: 192, data };
  const inputs = [{ resize: 48, crop: 42 }, { resize: 96, crop: 84 }];
  const reader = createBatchReader({ images: [image], batch: 12, seed: 7, inputs });
  const [small, large] = (await reader.next()).pixels as [Float32Array, Float32Array];
  assertEquals(small.subarray(0, 3 * 42 * 42), augment(image, inputs[0]!, createStream(7, 0)));
  const lefts = new Set<number>();
  for (let i = 0; i < 12; i++) {
    /** The pixel in the middle of the crop, in pixels of the picture. */
    const middle = (pixels: Float32Array, crop: number, channel: number) =>
      255 * pixels[(3 * i + channel) * crop * crop + crop / 2 * crop + crop / 2]!;
    // A pixel of the small input is four of the picture: the crops lie that close, mirrored alike.
    for (const channel of [0, 1]) {
      assertAlmostEquals(middle(small, 42, channel), middle(large, 84, channel), 4);
    }
    lefts.add(Math.round(middle(small, 42, 0)));
  }
  assert(lefts.size >= 6, "the crops are not all the same");
});

Deno.test("createBatchReader() augments differently in each epoch, and under each seed", async () => {
  const crops = async (seed: number) => {
    const reader = createBatchReader({ images: [PHOTOS[0]!], batch: 1, seed, inputs: SIZES });
    return (await take(reader, 2)).map((pixels) => pixels.join());
  };
  const all = new Set<string>();
  // 2^20 and 2^32 apart: no bits of a seed are lost.
  for (const seed of [0, 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40]) {
    for (const crop of await crops(seed)) all.add(crop);
  }
  // Nine crops and their mirror images: some of twelve may be equal.
  assert(all.size >= 7, `${all.size} of 12 crops differ`);
  const draws = [0, 1, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40].map((seed) => createStream(seed, 17).uniform());
  assertEquals(new Set(draws).size, 6);
  const streams = Array.from({ length: 100 }, (_, stream) => createStream(1, stream).uniform());
  assertEquals(new Set(streams).size, 100);
});

Deno.test("readableImages() leaves out held-out images that cannot be read", async () => {
  const good = await encodePng({ width: 2, height: 2, data: new Uint8Array(12) });
  const { readable, skipped } = await readableImages([good, new Uint8Array(4), PHOTOS[0]!]);
  assertEquals(readable, [good, PHOTOS[0]!]);
  assertEquals(skipped.map(({ image }) => image), ["held-out image 1"]);
  assertEquals(await readableImages([]), { readable: [], skipped: [] });
  await assertRejects(() => readableImages([new Uint8Array(4)]), ImageError, "none of the 1 held-out images");
});
