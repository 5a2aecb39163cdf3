import { assert, assertEquals, assertRejects } from "@std/assert";
import { createBaseline } from "../../src/baselines/explainer.ts";
import { methodNamed } from "../../src/baselines/methods.ts";
import type { MapProgress } from "../../src/baselines/types.ts";
import type { MapExplainer } from "../../src/explanation/map_explanation.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const PHOTO = new URL("../fixtures/image/photo_0.jpg", import.meta.url);
const SMALL = { model: smallClassifier(), device: "wasm" } as const;

Deno.test("createBaseline() explains pictures behind the seam of P-TAME's explainer", async () => {
  for (const name of ["layercam", "rise", "edges"]) {
    const { tapped } = methodNamed(name);
    await using baseline = await createBaseline(name, {
      ...SMALL,
      masks: 5,
      steps: 5,
      samples: 5,
      camChannels: 5,
    });
    assertEquals(baseline.layer, tapped ? "relu_2_out" : undefined);
    const explainer: MapExplainer = baseline;
    const { targets, prediction, method, device, image: decoded } = await explainer.explain(PHOTO, {
      topK: 2,
    });
    assertEquals([method, device, prediction.length, targets.length], [name, "wasm", 5, 2]);
    assertEquals(targets[0]!.index, prediction[0]!.index);
    const { map, range, imageMap } = targets[0]!;
    assert(map.values.every((value) => value >= 0 && value <= 1) && range.high >= range.low, name);
    assertEquals(imageMap.values.length, decoded.width * decoded.height);
  }
});

Deno.test("BaselineExplainer.explain() tells how far it is, stops, and draws", async () => {
  await using baseline = await createBaseline("rise", { ...SMALL, masks: 30, seed: 2 });
  assertEquals(baseline.passes, 30);
  const seen: MapProgress[] = [];
  const explanation = await baseline.explain(PHOTO, {
    target: 3,
    onProgress: (progress) => seen.push(progress),
  });
  assertEquals([seen.length, seen.at(-1)], [30, { done: 30, total: 30 }]);
  const overlay = await decodeImage(await explanation.overlayPng());
  assert(overlay.width >= 320);
  await assertRejects(
    () => explanation.overlay({ target: 4 }),
    RangeError,
    "the explanation has maps of",
  );
  const stop = new AbortController();
  const stopped = baseline.explain(PHOTO, {
    signal: stop.signal,
    onProgress: () => stop.abort(new Error("enough")),
  });
  await assertRejects(() => stopped, Error, "enough");
  await assertRejects(() => baseline.explain(PHOTO, { target: "no such" }), RangeError, "Unknown class");
  await assertRejects(() => baseline.explain(PHOTO, { topK: 6 }), RangeError, "top 6 classes");
});

Deno.test("createBaseline() refuses what does not exist, and holds nothing then", async () => {
  await assertRejects(() => createBaseline("gradcan", SMALL), RangeError, "did you mean gradcam?");
  await assertRejects(
    () => createBaseline("gradcam", { ...SMALL, layer: "relo" }),
    RangeError,
    "did you mean relu?",
  );
  await assertRejects(
    () => createBaseline("rise", { ...SMALL, masks: 0 }),
    RangeError,
    "Cannot draw 0 masks",
  );
  await assertRejects(
    () => createBaseline("gradcam", { model: "resnet81" }),
    RangeError,
    "did you mean resnet18?",
  );
});
