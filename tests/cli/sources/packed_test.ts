import { assertEquals, assertRejects } from "@std/assert";
import { packedImages } from "../../../src/cli/sources/packed.ts";
import { imagesInStream } from "../../../src/cli/sources/tar.ts";
import { createGenerator } from "../../../src/random/generator.ts";
import type { SourceImage } from "../../../src/cli/sources/types.ts";
import { decodeImage } from "../../../src/image/decode.ts";

const FIXTURES = new URL("../../fixtures/sources/", import.meta.url).pathname;

async function read(name: string, column?: string): Promise<SourceImage[]> {
  const file = { path: FIXTURES + name, name, identity: "1" };
  return await Array.fromAsync(packedImages(file, { column, signal: new AbortController().signal }));
}

/** The red of an image's first pixel, by which the fixtures are told apart. */
async function shade({ read }: SourceImage): Promise<number | undefined> {
  if (read === undefined) return undefined;
  return (await decodeImage(await read(new AbortController().signal))).data[0];
}

const LONG = "a-folder-with-a-name-that-no-header-has-room-for/".repeat(3);

for (const name of ["gnu.tar", "pax.tar"]) {
  Deno.test(`packedImages() reads ${name}: samples by their keys, with class and texts`, async () => {
    const images = await read(name);
    assertEquals(images.map((image) => image.name), [
      `${name}#train/0001`,
      `${name}#train/0002`,
      `${name}#train/0003.left.png`,
      `${name}#train/0003.right.png`,
      `${name}#${LONG}0006`,
    ]);
    assertEquals(images.map(({ path }) => path.slice(FIXTURES.length)).slice(0, 2), [
      `${name}#train/0001.jpg`,
      `${name}#train/0002.png`,
    ]);
    assertEquals(images.map(({ sample }) => sample), [
      { cls: 281, json: { caption: "a cat" } },
      { cls: 7, txt: "ein Wört" },
      undefined,
      undefined,
      undefined,
    ]);
    assertEquals(await Promise.all(images.map(shade)), [1, 2, 3, 4, 5]);
    assertEquals(images.every(({ identity }) => identity === "1"), true);
  });
}

Deno.test("imagesInStream() reads a shard whatever chunks its bytes come in", async () => {
  const whole = Deno.readFileSync(FIXTURES + "gnu.tar");
  const random = createGenerator(3);
  const chunks = async function* () {
    for (let at = 0; at < whole.length;) {
      const length = 1 + random.below(3000);
      yield await Promise.resolve(whole.slice(at, at + length));
      at += length;
    }
  };
  const file = { path: "gnu.tar", name: "gnu.tar" };
  const counts: number[] = [];
  for (let i = 0; i < 60; i++) {
    const found = imagesInStream(file, ReadableStream.from(chunks()), new AbortController().signal);
    const late = Promise.withResolvers<SourceImage[]>();
    const timer = setTimeout(() => late.reject(new Error("it waits forever")), 5000);
    counts.push((await Promise.race([Array.fromAsync(found), late.promise])).length);
    clearTimeout(timer);
  }
  assertEquals(counts, Array(60).fill(5));
});

Deno.test("packedImages() reads a zipped shard", async () => {
  assertEquals(await Promise.all((await read("zipped.tar.gz")).map(shade)), [1, 2]);
});

Deno.test("packedImages() says what is wrong with a shard after the images before it", () => {
  const whole = Deno.readFileSync(FIXTURES + "gnu.tar");
  const folder = Deno.makeTempDirSync();
  const damaged = async (bytes: Uint8Array) => {
    const path = `${folder}/damaged.tar`;
    Deno.writeFileSync(path, bytes);
    const signal = new AbortController().signal;
    return await Array.fromAsync(packedImages({ path, name: "damaged.tar" }, { signal }));
  };
  return (async () => {
    // In the header of the second sample.
    const broken = whole.slice();
    broken.fill(255, 512 * 6, 512 * 7);
    const images = await damaged(broken);
    assertEquals(images.at(-1)!.failure?.startsWith(`Cannot read ${folder}/damaged.tar: `), true);
    assertEquals(images.length >= 1, true);
    const cut = await damaged(whole.subarray(0, 700));
    assertEquals(cut.length, 1);
    assertEquals(typeof cut[0]!.failure, "string");
    Deno.removeSync(folder, { recursive: true });
  })();
});

Deno.test("packedImages() reads Parquet as data sets have it: a structure of bytes and path, groups of rows", async () => {
  const images = await read("structure.parquet");
  assertEquals(images.map((image) => image.name), [0, 1, 2, 3, 4].map((i) => `structure.parquet#${i}`));
  assertEquals(await Promise.all(images.map(shade)), [0, 1, 2, 3, 4]);
  assertEquals(images[3]!.sample, { label: 3, caption: "number 3", path: "3.png" });
});

Deno.test("packedImages() reads a plain column, compressed by zstd; a row without an image is a failure", async () => {
  const images = await read("plain.parquet");
  assertEquals(await Promise.all(images.map(shade)), [0, undefined, 2]);
  assertEquals(images[1]!.failure, `Cannot read ${FIXTURES}plain.parquet#1: the row has no image`);
  assertEquals(images[2]!.sample, { label: 3.5 });
});

Deno.test("packedImages() asks for the column where several have bytes", async () => {
  const failure = async (column?: string) =>
    (await read("unclear.parquet", column))[0]!.failure?.split(": ")[1];
  assertEquals(await failure(), "several columns have bytes; name one by --image-column a|b");
  assertEquals(await failure("c"), "it has no column c; it has a, b, label");
  assertEquals(await failure("label"), "its column label has no bytes; it has a, b, label");
  assertEquals(await failure("a"), undefined);
});

Deno.test("packedImages() stops", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const file = { path: FIXTURES + "gnu.tar", name: "gnu.tar" };
  await assertRejects(() => Array.fromAsync(packedImages(file, { signal })), Error, "stopped");
});
