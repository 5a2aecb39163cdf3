import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodePng } from "../../../src/image/png.ts";
import { ImageError, type ImageSource } from "../../../src/image/types.ts";
import { createImageCropper } from "../../../src/ptame/training/image_cropper.ts";
import {
  type ImageCropsOptions,
  openImageCrops,
  usualWorkers,
} from "../../../src/ptame/training/image_crops.ts";
import { createBatchReader, type ReadBatch } from "../../../src/ptame/training/training_images.ts";
import { createGenerator } from "../../../src/random/generator.ts";

const FOLDER = new URL("../../fixtures/image/", import.meta.url);
const PATH = decodeURIComponent(FOLDER.pathname);
const INPUTS = [{ resize: 40, crop: 32 }, { resize: 64, crop: 56 }];
const NOISE = (() => {
  const { below } = createGenerator(1);
  return { width: 50, height: 70, data: Uint8Array.from({ length: 50 * 70 * 3 }, () => below(256)) };
})();
/** One of each kind of source, two that cannot be read, one too long to be kept. */
const IMAGES: readonly ImageSource[] = [
  new URL("photo_0.jpg", FOLDER),
  `${PATH}photo_5.png`,
  NOISE,
  new File(["no picture"], "text.jpg"),
  new File([await encodePng(NOISE)], "noise.png"),
  await encodePng({ width: 600, height: 50, data: new Uint8Array(600 * 50 * 3).map((_, i) => i % 251) }),
  new URL("none.jpg", FOLDER),
  new ImageData(new Uint8ClampedArray(60 * 45 * 4).map((_, i) => i % 4 === 3 ? 255 : i % 241), 60, 45),
  // Its own size already: what is kept must be a copy.
  { width: 40, height: 44, data: new Uint8Array(40 * 44 * 3).map((_, i) => i % 239) },
];

interface Read {
  readonly batches: ReadBatch[];
  readonly positions: number[];
  readonly skipped: unknown;
}

async function readAll(own: Partial<ImageCropsOptions>, position = 0, batches = 7): Promise<Read> {
  const crops = openImageCrops({ images: IMAGES, inputs: INPUTS, ...own });
  try {
    const options = { images: IMAGES, inputs: INPUTS, batch: 3, seed: 5, crops, position, batches };
    const reader = createBatchReader(options);
    const read: Read & { skipped: unknown } = { batches: [], positions: [], skipped: [] };
    for (let i = 0; i < batches; i++) {
      read.batches.push(await reader.next());
      read.positions.push(reader.position);
    }
    assertEquals(crops.workers, own.workers ?? 0);
    return { ...read, skipped: reader.skipped };
  } finally {
    crops.close();
  }
}

/** Counts what differs: the text that assertEquals() would write about two batches takes gigabytes. */
function assertSameBatches(actual: readonly ReadBatch[], expected: readonly ReadBatch[], what: string): void {
  assertEquals(actual.map(({ images }) => images), expected.map(({ images }) => images), what);
  const differing = actual.flatMap(({ pixels }, batch) =>
    pixels.flatMap((values, input) => {
      const other = expected[batch]!.pixels[input]!;
      const count = values.length === other.length
        ? values.filter((value, i) => value !== other[i]).length
        : NaN;
      return count === 0 ? [] : [`${count} values of batch ${batch}, input ${input}`];
    })
  );
  assertEquals(differing, [], what);
}

Deno.test("createBatchReader() over workers, with and without a cache, gives what one thread gives, bit for bit", async () => {
  const alone = await readAll({});
  assert(alone.positions.at(-1)! > 2 * IMAGES.length, "more than two epochs");
  assertEquals((alone.skipped as { image: string }[]).map(({ image }) => image).toSorted(), [
    new URL("none.jpg", FOLDER).href,
    "text.jpg",
  ]);
  const cases: Partial<ImageCropsOptions>[] = [
    { cacheBytes: 1e8 },
    // Room for some of them.
    { cacheBytes: 3e4 },
    { workers: 1 },
    { workers: 1, cacheBytes: 1e8 },
    { workers: 3, cacheBytes: 1e5 },
  ];
  for (const own of cases) {
    const { batches, ...others } = await readAll(own);
    assertSameBatches(batches, alone.batches, JSON.stringify(own));
    assertEquals(others, { positions: alone.positions, skipped: alone.skipped }, JSON.stringify(own));
  }

  // Resumed behind the second batch.
  const { batches, positions } = await readAll({ workers: 2, cacheBytes: 1e8 }, alone.positions[1], 5);
  assertSameBatches(batches, alone.batches.slice(2), "resumed");
  assertEquals(positions, alone.positions.slice(2));
});

Deno.test("createImageCropper() keeps no more than it may, and reads what it keeps only once", async () => {
  const file = await Deno.makeTempFile({ suffix: ".png" });
  await Deno.writeFile(file, await encodePng(NOISE));
  const bytes = 3 * (40 * 56 + 64 * 89);
  const cropper = createImageCropper(INPUTS, 2 * bytes - 1);
  const crop = { kind: "augmented", seed: 1, stream: 2 } as const;
  const first = await cropper.crop(0, file, crop);
  const centre = await cropper.crop(0, file, { kind: "centre" });
  assertEquals(centre.map(({ length }) => length), [3 * 32 * 32]);
  assertEquals(cropper.cachedBytes, bytes);
  assertEquals(await cropper.crop(1, file, crop), first);
  assertEquals(cropper.cachedBytes, bytes, "a second one has no room");
  await Deno.remove(file);
  assertEquals(await cropper.crop(0, file, crop), first);
  await assertRejects(() => cropper.crop(1, file, crop), ImageError, "Cannot read image");
});

Deno.test("createImageCropper() keeps copies: pixels that change later change nothing", async () => {
  const image = { width: 40, height: 44, data: new Uint8Array(40 * 44 * 3).fill(7) };
  const cropper = createImageCropper([INPUTS[0]!], 1e6);
  const before = await cropper.crop(0, image, { kind: "centre" });
  image.data.fill(9);
  assertEquals(await cropper.crop(0, image, { kind: "centre" }), before);
});

Deno.test("openImageCrops() ends its workers when it is told to stop, and rejects what was asked for", async () => {
  const controller = new AbortController();
  const crops = openImageCrops({ images: IMAGES, inputs: INPUTS, workers: 2, signal: controller.signal });
  const waiting = [0, 1, 2].map((index) => crops.crop(index, { kind: "centre" }));
  const rejected = Promise.all(waiting.map((each) => assertRejects(() => each, DOMException, "Stopped")));
  controller.abort(new DOMException("Stopped", "AbortError"));
  await rejected;
  assertEquals(crops.workers, 0);
  await assertRejects(() => crops.crop(0, { kind: "centre" }), DOMException, "Stopped");
  const late = openImageCrops({ images: IMAGES, inputs: INPUTS, workers: 2, signal: controller.signal });
  assertEquals(late.workers, 0);
  await assertRejects(() => late.crop(0, { kind: "centre" }), DOMException, "Stopped");
});

Deno.test("openImageCrops() reads in the thread itself where workers cannot start, or end", async () => {
  const alone = await readAll({}, 0, 2);
  const { Worker } = globalThis;
  const replaced: unknown[] = [
    undefined,
    class {
      constructor() {
        throw new DOMException("Workers are forbidden here", "SecurityError");
      }
    },
    class {
      // As a bundle without the worker's file: it is asked, and then there is an error.
      onerror: ((event: Event) => void) | null = null;
      constructor() {
        setTimeout(() => this.onerror?.(new Event("error")), 20);
      }
      postMessage() {}
      terminate() {}
    },
  ];
  for (const value of replaced) {
    (globalThis as { Worker: unknown }).Worker = value;
    try {
      const crops = openImageCrops({ images: IMAGES, inputs: INPUTS, workers: 2 });
      const options = { images: IMAGES, inputs: INPUTS, batch: 3, seed: 5, crops, batches: 2 };
      const reader = createBatchReader(options);
      assertSameBatches([await reader.next(), await reader.next()], alone.batches, String(value));
      assertEquals(crops.workers, 0);
    } finally {
      globalThis.Worker = Worker;
    }
  }
});

Deno.test("openImageCrops() passes on what is a mistake of the program as that, from a worker too", async () => {
  const images = [{} as ImageSource, { width: 2, height: 2, data: new Uint8Array(3) }];
  for (const workers of [0, 1]) {
    const crops = openImageCrops({ images, inputs: INPUTS, workers });
    try {
      await assertRejects(() => crops.crop(0, { kind: "centre" }), TypeError, "is not an image source");
      await assertRejects(() => crops.crop(1, { kind: "centre" }), TypeError, "Cannot take pixels");
    } finally {
      crops.close();
    }
  }
});

Deno.test("usualWorkers() is one of two cores, and four at most", () => {
  assertEquals([1, 2, 4, 8, 64].map((cores) => usualWorkers(cores)), [1, 1, 2, 4, 4]);
});
