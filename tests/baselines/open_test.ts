import { assertEquals, assertRejects } from "@std/assert";
import { createBaseline } from "../../src/baselines/explainer.ts";
import { fetchForMethod, openMethod } from "../../src/baselines/open.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const PHOTO = new URL("../fixtures/image/photo_0.jpg", import.meta.url);
const WASM = { device: "wasm" } as const;

Deno.test("openMethod() opens P-TAME as createExplainer() does, and passes one network once", async () => {
  await using opened = await openMethod("ptame", WASM);
  await using created = await createExplainer(WASM);
  const [found, expected] = [await opened.explain(PHOTO), await created.explain(PHOTO)];
  assertEquals([found.method, opened.passes], ["ptame", 1]);
  assertEquals(found.targets[0]!.map, expected.targets[0]!.map);
});

Deno.test("openMethod() opens a baseline as createBaseline() does, with its seed and masks", async () => {
  const options = { ...WASM, model: smallClassifier(), masks: 5, seed: 3 };
  await using opened = await openMethod("rise", options);
  await using created = await createBaseline("rise", options);
  const [found, expected] = [await opened.explain(PHOTO), await created.explain(PHOTO)];
  assertEquals([found.method, opened.passes], ["rise", 5]);
  assertEquals(found.targets[0]!.map, expected.targets[0]!.map);
});

Deno.test("openMethod() and fetchForMethod() refuse what is not there", async () => {
  await assertRejects(() => openMethod("gradcan", WASM), RangeError, "did you mean gradcam?");
  await assertRejects(() => fetchForMethod("gradcan"), RangeError, "did you mean gradcam?");
  for (const name of ["ptame", "gradcam"]) {
    await fetchForMethod(name, WASM);
    await assertRejects(
      () => fetchForMethod(name, { model: "resnet81" }),
      RangeError,
      "did you mean resnet18?",
    );
  }
});
