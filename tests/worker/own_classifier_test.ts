/** A person's own classifier in the worker: read from files, named, mapped by any method, given a head. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createBaseline } from "../../src/baselines.ts";
import { modelFromFiles } from "../../src/classifier/descriptions/model_files.ts";
import { connectWorker, type RemoteLibrary } from "../../src/worker/mod.ts";
import { serveWorker } from "../../src/worker/serve.ts";
import { colourClassifier, COLOURS } from "../support/colour_classifier.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { patchworkPhotos } from "../ptame/fit/patchwork.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const onnx = colourClassifier();
const bytes = (text: string) => new TextEncoder().encode(text);

await warmUpWasm();

async function withPort(act: (remote: RemoteLibrary) => Promise<void>): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  serveWorker(port1);
  const remote = connectWorker(port2);
  try {
    await act(remote);
  } finally {
    remote.close();
    for (const port of [port1, port2]) port.close();
  }
}

Deno.test("modelFromFiles() puts a classifier together from files of any order", async () => {
  const model = await modelFromFiles([
    { name: "labels.txt", content: bytes(COLOURS.join("\n")) },
    { name: "colours.json", content: bytes('{"range": [0, 1], "mean": 0, "std": 1}') },
    { name: "colours.onnx", content: new Blob([onnx]) },
    { name: "readme.md", content: bytes("hello") },
  ]);
  assertEquals([model.name, model.onnx.length], ["colours", onnx.length]);
  assertEquals(model.preprocessing, { range: [0, 1], mean: [0], std: [1] });
  assertEquals(model.description?.labels, COLOURS);
  assertEquals(model.description?.notes, ["readme.md is not used: it belongs to no classifier"]);
});

Deno.test("modelFromFiles() refuses in one line what is no classifier", async () => {
  const refused = async (...files: readonly [name: string, text: string][]) => {
    const given = files.map(([name, text]) => ({ name, content: bytes(text) }));
    const { message } = await assertRejects(() => modelFromFiles(given));
    assertEquals(message.split("\n").length, 1);
    return message;
  };
  assertEquals(
    await refused(["labels.txt", "a"]),
    "Cannot open a classifier: no .onnx file is among the files",
  );
  assertEquals(
    await refused(["a.onnx", "a"], ["b.onnx", "b"]),
    "Cannot open 2 classifiers at once (a.onnx, b.onnx): give one .onnx file",
  );
  assertEquals(
    await refused(["note.onnx", "This is a text.\n".repeat(20)]),
    "Cannot open note.onnx as an ONNX model: it is a text",
  );
  const binary = await refused(["noise.onnx", "\u0001\u0002\u0003"]);
  assert(binary.startsWith("Cannot open noise.onnx as an ONNX model: "), binary);
});

Deno.test("openModel() and openClassifier() name an image and map it by any method, as on one's own thread", async () => {
  await withPort(async (remote) => {
    const files = [
      { name: "colours.onnx", content: new Blob([onnx]) },
      { name: "labels.json", content: bytes(JSON.stringify(COLOURS)) },
    ];
    const model = await remote.openModel({ files });
    assertEquals([model.name, model.classes, model.labels], ["colours", 3, COLOURS]);
    const classifier = await remote.openClassifier({ model, device: "wasm" });
    const seen = await classifier.classify(SAMPLE);
    assertEquals(seen.prediction.map(({ label }) => label), ["reddish", "greenish", "bluish"]);
    assertEquals((await seen.input()).length, 3 * 64 * 64);

    const own = await modelFromFiles(files);
    for (const method of ["gradcam", "occlusion"]) {
      await using baseline = await createBaseline(method, { model: own, device: "wasm" });
      const { targets: [expected] } = await baseline.explain(SAMPLE, { target: "greenish" });
      const map = await seen.map(method, "greenish");
      assertEquals([map.method, map.index, map.label], [method, 1, "greenish"]);
      assertEquals(map.map.values.findIndex((value, i) => value !== expected!.map.values[i]), -1, method);
      const png = await seen.overlayPng(method, { target: 1 });
      assertEquals([...png.subarray(1, 4)], [...bytes("PNG")]);
    }
    await assertRejects(() => seen.overlayPng("rise", { target: 1 }), TypeError, "Cannot use a map");

    const done: number[] = [];
    const stopper = new AbortController();
    const stopped = seen.map("rise", 0, {
      masks: 4000,
      signal: stopper.signal,
      onProgress: (progress) => {
        done.push(progress.done);
        assertEquals(progress.total, 4000);
        stopper.abort(new Error("enough"));
      },
    });
    await assertRejects(() => stopped, Error, "enough");
    assert(done.length > 0 && done.length < 4000);
    await classifier.dispose();
    await model.dispose();
    await assertRejects(() => remote.openClassifier({ model }), TypeError, "Cannot use a model that");
  });
});

Deno.test({
  name: "createExplainer() of the worker makes a head for an own classifier from photographs",
  ignore: !heavyTests(),
  fn: async () => {
    await withPort(async (remote) => {
      const model = await remote.openModel({ files: [{ name: "colours.onnx", content: onnx.slice() }] });
      const missing = await assertRejects(() => remote.createExplainer({ model, device: "wasm" }));
      assertEquals((missing as Error).name, "NoHeadError");
      const photos = patchworkPhotos(24);
      const seen: number[] = [];
      const explainer = await remote.createExplainer({
        model,
        device: "wasm",
        photos,
        onFit: ({ done, total }) => seen.push(done / total),
      });
      assertEquals([seen.length, seen.at(-1)], [24, 1]);
      assertEquals(explainer.head.backbone, "colours");
      assert(explainer.head.fit !== undefined);
      const { targets } = await explainer.explain(SAMPLE);
      assertEquals(targets.length, 1);

      const { head, losses } = await remote.train({
        backbone: model,
        start: await explainer.headFile(),
        preset: "efficientnet_lite0",
        form: { edges: 0 },
        device: "wasm",
        images: photos.slice(0, 1),
        batch: 1,
        imageWorkers: 0,
        steps: 1,
      });
      assertEquals(losses.length, 1);
      const taught = await remote.createExplainer({
        model,
        device: "wasm",
        head: head as Uint8Array<ArrayBuffer>,
      });
      assertEquals([taught.head.trained, taught.head.fit], [true, explainer.head.fit]);
      assertEquals(taught.head.modelDigest, explainer.head.modelDigest);
      await taught.dispose();
      await explainer.dispose();
    });
  },
});
