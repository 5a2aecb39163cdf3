import { assertEquals, assertRejects } from "@std/assert";
import { createFingerprints } from "../../../src/cli/folder/fingerprints.ts";
import { readAhead } from "../../../src/cli/sources/ahead.ts";
import { resultName } from "../../../src/cli/sources/result_name.ts";
import type { SourceImage } from "../../../src/cli/sources/types.ts";

Deno.test("resultName() is a safe file name that says shard and key", () => {
  assertEquals(resultName("a/b.jpg"), "a/b.jpg");
  assertEquals(resultName("in/shard-1.tar#train/0001"), "in/shard-1#train/0001");
  assertEquals(resultName("x.tar.gz#1"), "x#1");
  assertEquals(resultName("x.parquet#12"), "x#12");
  assertEquals(resultName("photo#1.jpg"), "photo#1.jpg");
  for (
    const name of [
      "../../etc/x.jpg",
      "a//b.jpg",
      "a:b?.jpg",
      "x.tar#../../y",
      "é".repeat(200) + ".jpg",
      "a\nb.jpg",
    ]
  ) {
    const safe = resultName(name);
    assertEquals(/(^|\/)\.{0,2}(\/|$)|[:?\n]/.test(safe), false, safe);
    assertEquals(/-[0-9a-f]{8}$/.test(safe), true, safe);
  }
  assertEquals(resultName("a:b.jpg") === resultName("a?b.jpg"), false);
});

Deno.test("createFingerprints() knows what was added, and nothing else", () => {
  const set = createFingerprints();
  for (let i = 0; i < 5000; i++) set.add(`image ${i}`);
  const found = Array.from({ length: 10_000 }, (_, i) => set.has(`image ${i}`));
  assertEquals([found.indexOf(false), found.lastIndexOf(true), set.size], [5000, 4999, 5000]);
  set.add("late");
  assertEquals(set.has("late"), true);
});

function source(sizes: readonly number[]) {
  const log = { asked: 0, reading: 0, most: 0, closed: false };
  const images = async function* (): AsyncGenerator<SourceImage> {
    try {
      for (const [i, size] of sizes.entries()) {
        log.asked++;
        yield await Promise.resolve({
          path: String(i),
          name: String(i),
          size,
          read: async () => {
            log.most = Math.max(log.most, ++log.reading);
            await new Promise((resolve) => setTimeout(resolve, 2));
            log.reading--;
            if (size === 13) throw new Error("unlucky");
            return new Uint8Array([i]);
          },
        });
      }
    } finally {
      log.closed = true;
    }
  };
  return { log, images };
}

Deno.test("readAhead() gives images in order, and reads as many ahead as it may", async () => {
  const signal = new AbortController().signal;
  const { log, images } = source([1, 2, 13, 4, 5, 6, 7]);
  const read = await Array.fromAsync(readAhead(images(), { images: 3, bytes: 100, signal }));
  assertEquals(read.map(({ bytes, failure }) => failure ?? bytes![0]), [0, 1, "unlucky", 3, 4, 5, 6]);
  assertEquals(log.most > 1 && log.most <= 3, true);
  const heavy = source([60, 60, 60, 60]);
  await Array.fromAsync(readAhead(heavy.images(), { images: 3, bytes: 100, signal }));
  assertEquals(heavy.log.most, 2, "a second begins while there is room for a byte");
});

Deno.test("readAhead() reads on while nobody asks, up to its bounds; closes its source when it is left or stopped", async () => {
  const stop = new AbortController();
  const { log, images } = source(Array(50).fill(1));
  const ahead = readAhead(images(), { images: 4, bytes: 100, signal: stop.signal });
  await ahead.next();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(log.asked <= 6 && log.asked >= 5, true, String(log.asked));
  stop.abort();
  assertEquals((await ahead.next()).done, true);
  assertEquals(log.closed, true);
});

Deno.test("readAhead() gives what was read before its source failed, then the failure", async () => {
  const failing = async function* (): AsyncGenerator<SourceImage> {
    yield await Promise.resolve({ path: "a", name: "a" });
    throw new Error("no listing");
  };
  const ahead = readAhead(failing(), { images: 4, bytes: 100, signal: new AbortController().signal });
  assertEquals((await ahead.next()).value!.image.path, "a");
  await assertRejects(() => ahead.next(), Error, "no listing");
});
