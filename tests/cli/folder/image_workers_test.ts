import { assertEquals } from "@std/assert";
import { openImageWorker } from "../../../src/cli/folder/image_workers.ts";
import { inFolder } from "../../support/folders.ts";

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);

Deno.test("openImageWorker() computes where the command decided, whatever the options ask for", () =>
  inFolder(async (folder) => {
    // A worker that looked for itself would take WebGPU, or fail without an adapter.
    const args = ["explain", folder, "--device", "webgpu", "--threads", "2"];
    const worker = openImageWorker(
      args,
      { device: "wasm", threads: 1 },
      new AbortController().signal,
      () => {},
    );
    try {
      await worker.ready;
      const { device, threads, out } = await worker.run({ image: PHOTO, stem: `${folder}/inner/a` });
      assertEquals([device, threads, out], ["wasm", 1, `${folder}/inner/a.explained.png`]);
    } finally {
      worker.close();
    }
  }));
