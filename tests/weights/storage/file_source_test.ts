import { assertEquals, assertThrows } from "@std/assert";
import { digestOfFile, digestOfSource } from "../../../src/weights/storage/digest.ts";
import { fileSource } from "../../../src/weights/storage/file_source.ts";
import { hexDigest } from "../../support/digest.ts";
import { sampleBytes } from "../../support/weight_server.ts";

async function withFile(bytes: Uint8Array, act: (path: string) => void | Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    Deno.writeFileSync(path, bytes);
    await act(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("fileSource() reads parts where they lie and refuses what is not inside", async () => {
  const bytes = sampleBytes(100_000);
  await withFile(bytes, (path) => {
    const source = fileSource(path);
    assertEquals(source.size, bytes.length);
    assertEquals(source.read(0, bytes.length), bytes);
    assertEquals(source.read(99_990, 10), bytes.slice(99_990));
    assertEquals(source.read(5, 0), new Uint8Array());
    for (const [offset, length] of [[99_990, 11], [-1, 2], [0.5, 1], [0, NaN]] as const) {
      assertThrows(() => source.read(offset, length), RangeError, "of 100000");
    }
  });
});

Deno.test("fileSource() says when a file has become shorter, instead of giving zeros", async () => {
  await withFile(sampleBytes(1000), (path) => {
    const source = fileSource(path);
    Deno.truncateSync(path, 400);
    assertThrows(() => source.read(300, 200), RangeError, "it ends at byte 400");
  });
});

Deno.test("digestOfFile() and digestOfSource() are SHA-256, over several pieces too", async () => {
  for (const length of [0, 3, 2_500_000]) {
    const bytes = sampleBytes(length);
    await withFile(bytes, async (path) => {
      const expected = await hexDigest(bytes);
      assertEquals(await digestOfFile(path), expected);
      assertEquals(digestOfSource(fileSource(path)), expected);
    });
  }
});
