import { assertEquals, assertRejects } from "@std/assert";
import { DownloadError } from "../../src/weights/download/errors.ts";
import { obtainShipped } from "../../src/weights/obtain_shipped.ts";
import { hexDigest } from "../support/digest.ts";
import { good, sampleBytes, serveFile } from "../support/weight_server.ts";

const CONTENT = sampleBytes(10_000);
const SHIPPED = {
  file: "small.safetensors",
  bytes: CONTENT.length,
  sha256: await hexDigest(CONTENT),
  licence: "MIT",
};

/** A web page, as servers of single-page programs send it for every address. */
const page = () => ({
  status: 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  parts: [new TextEncoder().encode("<!DOCTYPE html>")],
});

Deno.test("obtainShipped() fetches from a server once, and not at all when offline", async () => {
  const cache = await Deno.makeTempDir();
  try {
    await using server = serveFile(CONTENT, [good()]);
    const url = new URL(`${server.url}/models/small.safetensors`);
    const obtain = (offline: boolean) => obtainShipped(SHIPPED, url, "weights of small", { cache, offline });
    await assertRejects(() => obtain(true), DownloadError, "offline forbids the network");
    assertEquals(server.asked.length, 0);
    for (const offline of [false, false, true]) {
      const content = await obtain(offline);
      const bytes = content.read(0, content.size) as Uint8Array<ArrayBuffer>;
      assertEquals(await hexDigest(bytes), SHIPPED.sha256);
    }
    assertEquals(server.asked.length, 1);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("obtainShipped() fetches at every start where nothing can be kept", async () => {
  await using server = serveFile(CONTENT, [good(), good()]);
  const url = new URL(`${server.url}/models/small.safetensors`);
  for (let start = 1; start <= 2; start++) {
    const content = await obtainShipped(SHIPPED, url, "weights of small", { cache: "/dev/null/cache" });
    assertEquals([content.size, server.asked.length], [CONTENT.length, start]);
  }
});

Deno.test("obtainShipped() names a web page in place of the file", async () => {
  const cache = await Deno.makeTempDir();
  try {
    await using server = serveFile(CONTENT, [page, page]);
    const url = new URL(`${server.url}/models/small.safetensors`);
    for (const place of [cache, "/dev/null/cache"]) {
      await assertRejects(
        () => obtainShipped(SHIPPED, url, "weights of small", { cache: place }),
        Error,
        "sends a web page, not the file",
      );
    }
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
