/** Published weights by every kind of cache, from a server on this machine. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { findNetwork, type NetworkDefinition } from "../../models/registry.ts";
import { DownloadError } from "../../src/weights/download/errors.ts";
import type { DownloadProgress } from "../../src/weights/download/progress.ts";
import { loadWeights } from "../../src/weights/load_network.ts";
import { obtainWeights } from "../../src/weights/obtain.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import type { WeightCache } from "../../src/weights/storage/types.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { hexDigest } from "../support/digest.ts";
import { type Answer, corrupted, good, serveFile, status } from "../support/weight_server.ts";

const VALUES = Float32Array.from({ length: 5000 }, (_, i) => i / 7);
const FILE = encodeSafetensors([
  { name: "fc.weight", type: "float32", shape: [50, 100], data: new Uint8Array(VALUES.buffer) },
]);
const SHA256 = await hexDigest(FILE);

/** ResNet-18 by its definition, with a small file in place of its weights. */
function network(...urls: string[]): NetworkDefinition {
  const files = urls.map((url, i) => ({
    file: `small-${i}.safetensors`,
    bytes: FILE.length,
    sha256: SHA256,
    licence: "MIT",
    urls: [url],
  }));
  return { ...findNetwork("resnet18")!, weights: { published: files } };
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(`${folder}/ptame`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A cache as a program may have its own. */
function mapCache(): WeightCache & { readonly kept: Map<string, Uint8Array<ArrayBuffer>> } {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kept,
    match: (address) => {
      const bytes = kept.get(address);
      return Promise.resolve(bytes === undefined ? undefined : new Response(bytes));
    },
    put: async (address, response) => void kept.set(address, new Uint8Array(await response.arrayBuffer())),
  };
}

Deno.test("loadWeights() downloads once and reads the tensors from disk, without the network from then on", async () => {
  await inFolder(async (cache) => {
    await using server = serveFile(FILE, [good()]);
    const own = network(`${server.url}/w`);
    const kinds: string[] = [];
    const onProgress = ({ kind }: DownloadProgress) => void kinds.push(kind);
    for (const offline of [false, true, false]) {
      const { name, content, table } = await loadWeights(own, undefined, { cache, offline, onProgress });
      assertEquals(name, "small-0.safetensors");
      assertEquals(readFloat32(content, table.tensors.get("fc.weight")!), VALUES);
    }
    assertEquals(server.asked.length, 1);
    assertEquals([kinds[0], kinds.at(-1)], ["download-start", "download-end"]);
    assertEquals(kinds.filter((kind) => kind === "download-start").length, 1);
  });
});

Deno.test("obtainWeights() never asks the network when it is offline, and names the command", async () => {
  await inFolder(async (cache) => {
    await using server = serveFile(FILE, [good()]);
    const error = await assertRejects(
      () => obtainWeights(network(server.url), { cache, offline: true }),
      DownloadError,
    );
    assertEquals(
      (error as Error).message,
      `Cannot load resnet18: its weights are not in ${cache}, or damaged there, and offline forbids the network; ` +
        "get them with: deno task models pull resnet18",
    );
    assertEquals(server.asked, []);
    await assertRejects(() => Deno.stat(cache), Deno.errors.NotFound);
  });
});

Deno.test("obtainWeights() takes another file with the same numbers where the first cannot be had", async () => {
  await inFolder(async (cache) => {
    await using gone = serveFile(FILE, [status(410)]);
    await using server = serveFile(FILE, [good()]);
    const own = network(gone.url, server.url);
    assertEquals((await obtainWeights(own, { cache })).file.file, "small-1.safetensors");
    // It is here now, so the first is not asked again.
    assertEquals((await obtainWeights(own, { cache })).file.file, "small-1.safetensors");
    assertEquals([gone.asked.length, server.asked.length], [1, 1]);
    const nowhere = network(gone.url, `${gone.url}/other`);
    const error = await assertRejects(() => obtainWeights(nowhere, { cache: `${cache}2` }), DownloadError);
    assert((error as Error).message.includes("small-0.safetensors from"), (error as Error).message);
    assert((error as Error).message.includes("small-1.safetensors from"), (error as Error).message);
  });
});

Deno.test("obtainWeights() keeps files in a given cache under their published address, mirror or not", async () => {
  await using server = serveFile(FILE, [good({ cut: 9000 }), good()]);
  const cache = mapCache();
  const own = network("https://published.example/small.safetensors");
  const { content } = await obtainWeights(own, { cache, mirrors: [server.url] });
  assertEquals(content.read(0, content.size), FILE);
  assertEquals([...cache.kept.keys()], ["https://published.example/small.safetensors"]);
  // A cut within one download is gone on with here too.
  assertEquals(server.asked.map(({ path, from }) => [path, from]), [
    ["/files/small-0.safetensors", undefined],
    ["/files/small-0.safetensors", 9000],
  ]);
  const again = await obtainWeights(own, { cache, offline: true });
  assertEquals(again.content.read(0, FILE.length), FILE);
});

Deno.test("obtainWeights() keeps nothing in a given cache that is not what was published", async () => {
  const cases: [Answer, string][] = [[corrupted, "the content differs from the published file"], [
    status(404),
    "answered 404",
  ]];
  for (const [answer, message] of cases) {
    await using server = serveFile(FILE, [answer]);
    const cache = mapCache();
    await assertRejects(() => obtainWeights(network(server.url), { cache }), DownloadError, message);
    assertEquals(cache.kept.size, 0);
  }
});

Deno.test("obtainWeights() goes on without a cache that has no room, and says so", async () => {
  await using server = serveFile(FILE, [good()]);
  const cache = {
    ...mapCache(),
    put: () => Promise.reject(new DOMException("No room", "QuotaExceededError")),
  };
  const reported: DownloadProgress[] = [];
  const onProgress = (progress: DownloadProgress) => void reported.push(progress);
  const { content } = await obtainWeights(network(server.url), { cache, onProgress });
  assertEquals(content.read(0, FILE.length), FILE);
  assertEquals(reported.at(-1), { kind: "download-unkept", file: "small-0.safetensors", reason: "No room" });
});

Deno.test("obtainWeights() keeps files in a real Cache of the platform", async () => {
  const name = `ptame-test-${crypto.randomUUID()}`;
  const cache = await caches.open(name);
  try {
    await using server = serveFile(FILE, [good()]);
    const own = network("https://published.example/small.safetensors");
    await obtainWeights(own, { cache, mirrors: [server.url] });
    const { content } = await obtainWeights(own, { cache, offline: true });
    assertEquals(content.read(0, FILE.length), FILE);
  } finally {
    await caches.delete(name);
  }
});

Deno.test("obtainWeights() says what to do where no published file is known", async () => {
  const { published: _, ...weights } = network("x").weights;
  const url = "https://published.example/w.pth";
  const own = {
    ...network("x"),
    weights: { ...weights, named: { url, sha256Start: "0", licence: "MIT" } },
  };
  await assertRejects(() => obtainWeights(own), Error, `name a file with them, safetensors or PyTorch's`);
});
