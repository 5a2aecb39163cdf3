import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openClassifier } from "../../src/classifier/open.ts";
import { baselineNamed, methodNamed, METHODS } from "../../src/baselines/methods.ts";
import { createMapMethod, type MapProgress, scaleToMask } from "../../src/baselines/types.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { tinyBackbone } from "../ptame/tiny_networks.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage } from "../support/seeded_weights.ts";
import { seededClassifier } from "./support.ts";

await warmUpWasm();

const picture = seededImage(1, [1, 3, 64, 64]);
/** Without those that only explain transformers (rivals_test.ts). */
const BASELINES = METHODS.filter((method) => method.needs !== "head")
  .filter(({ attends }) => attends !== true);
const MANY_PASSES = [
  ...["rise", "ablationcam", "smoothgrad", "occlusion", "scorecam", "extremal"],
  ...["integrated-gradients", "expected-gradients", "lime", "kernelshap", "sobol", "hsic"],
];
const SAMPLES = { seed: 3, masks: 10, steps: 6, samples: 6, camChannels: 6 };

Deno.test("every method gives a mask of [0, 1], the same again, and counts its passes", async () => {
  // Not its deepest tap: before global average pooling, Grad-CAM and HiResCAM are the same map.
  await using classifier = await seededClassifier(tinyBackbone, 1, { layer: "relu_2" });
  const { channels } = classifier.tap();
  const masks = new Map<string, string>();
  for (const method of BASELINES) {
    const seen: MapProgress[] = [];
    const map = createMapMethod(method, await method.create(classifier, SAMPLES), {
      onProgress: (p) => seen.push(p),
    });
    const { width, height, values } = await map({ pixels: picture }, 4);
    assertEquals(values.length, width * height, method.name);
    assert(values.every((value) => value >= 0 && value <= 1), method.name);
    assert(values.some((value) => value !== values[0]), `${method.name} is flat`);
    masks.set(method.name, values.join());
    // Two passes (there and back) a step where there is a gradient; those ahead of the loop are not reported.
    if (seen.length > 0) {
      const { done, total } = seen.at(-1)!;
      assertEquals(done, total, method.name);
      const perStep = method.needs === "gradient" ? 2 : 1;
      const once = ["scorecam", "ablationcam", "occlusion"].includes(method.name) ? 1 : 0;
      const ahead = method.name === "integrated-gradients" ? 2 : once;
      assertEquals(
        seen.map((progress) => progress.done),
        Array.from({ length: total }, (_, i) => i + 1),
        method.name,
      );
      assertEquals(method.passes(channels, SAMPLES), ahead + perStep * total, method.name);
    }
    if (["occlusion", "sobol"].includes(method.name)) continue; // 170 and 390 passes.
    assertEquals((await map({ pixels: picture }, 4)).values, values, method.name);
    // What a method sees depends on the class, unless it is a control.
    const other = (await map({ pixels: picture }, 5)).values.join();
    const alike = method.needs === "image" || method.classless === true;
    assertEquals(other === masks.get(method.name), alike, method.name);
  }
  assertEquals(new Set(masks.values()).size, BASELINES.length, "two methods give the same map");
});

Deno.test("the table names P-TAME first, and baselineNamed() refuses it", () => {
  const [first] = METHODS;
  assertEquals([first.name, first.needs, first.passes(512)], ["ptame", "head", 1]);
  assertEquals(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  assertThrows(() => baselineNamed("ptame"), RangeError, "Cannot open ptame as a baseline: it needs a head");
  assertThrows(() => baselineNamed("grad-cam"), RangeError, "did you mean gradcam?");
});

Deno.test("methods in batches give what they give one by one", async () => {
  await using single = await seededClassifier(tinyBackbone, 1);
  await using batched = await seededClassifier(tinyBackbone, 1, { batch: 4 });
  for (
    const name of ["scorecam", "rise", "smoothgrad", "extremal", "kernelshap", "hsic", "expected-gradients"]
  ) {
    const method = baselineNamed(name);
    const [one, four] = [await method.create(single, SAMPLES), await method.create(batched, SAMPLES)];
    const [a, b] = [
      scaleToMask(await one(picture, 2), "range"),
      scaleToMask(await four(picture, 2), "range"),
    ];
    a.values.forEach((value, i) => assertAlmostEquals(b.values[i]!, value, 1e-4, name));
  }
});

Deno.test("methods explain an .onnx classifier, tapped at a value or node of its own", async () => {
  const model = smallClassifier();
  const small = seededImage(2, [1, 3, 32, 32]);
  await using deepest = await openClassifier({ model, device: "wasm" });
  assertEquals([deepest.tap().channels, deepest.tap().width], [16, 8]);
  await using named = await openClassifier({ model, device: "wasm", layer: "relu" });
  assertEquals([named.tap().channels, named.tap().width], [8, 16]);
  await using missing = await openClassifier({ model, device: "wasm", layer: "rleu" });
  assertThrows(() => missing.tap(), RangeError, "did you mean relu?");
  for (const name of ["gradcam", "scorecam", "ablationcam", "integrated-gradients"]) {
    const method = baselineNamed(name);
    const map = await createMapMethod(method, await method.create(deepest, SAMPLES))({ pixels: small }, 1);
    assert(Math.max(...map.values) === 1, name);
    const side = method.needs === "gradient" && name !== "gradcam" ? 32 : 8;
    assertEquals([map.width, map.height], [side, side], name);
  }
  // Its file ends in a softmax; what is differentiated is the score before it.
  const { logits } = await deepest.tapped(small, 1);
  const [probabilities] = await deepest.probabilities([small]);
  const powers = Array.from(logits, Math.exp);
  const total = powers.reduce((sum, value) => sum + value, 0);
  probabilities!.forEach((value, i) => assertAlmostEquals(value, powers[i]! / total, 1e-5));
});

Deno.test("a classifier that cannot be differentiated has the methods that only ask for scores", async () => {
  const model = smallClassifier({
    extra: (b, x) => b.node("Trilu", [x], {}, { name: "upper1" })[0]!,
  });
  const small = seededImage(2, [1, 3, 32, 32]);
  await using classifier = await openClassifier({ model, device: "wasm" });
  for (const { name, needs, create } of BASELINES) {
    if (needs === "scores") {
      const { width, height, values } = await (await create(classifier, SAMPLES))(small, 0);
      assertEquals(values.length, width * height, name);
      assert(values.some((value) => value !== values[0]), name);
    }
  }
  await assertRejects(
    async () => await (await baselineNamed("smoothgrad").create(classifier))(small, 0),
    TypeError,
    "upper1",
  );
  // Behind the first convolution nothing stands in the way.
  assertEquals((await (await baselineNamed("gradcam").create(classifier))(small, 0)).width, 8);
});

Deno.test("methods stop when told to, and refuse classes and names that are none", async () => {
  await using classifier = await seededClassifier(tinyBackbone, 1);
  for (const name of MANY_PASSES) {
    const stop = new AbortController();
    let done = 0;
    const attribute = await baselineNamed(name).create(classifier, {
      ...{ masks: 12, steps: 12, samples: 12, camChannels: 12 },
    });
    const running = attribute(picture, 1, {
      signal: stop.signal,
      onProgress: () => {
        if (++done === 2) stop.abort(new Error("stopped"));
      },
    });
    await assertRejects(() => running, Error, "stopped");
    assertEquals(done, 2, name);
  }
  await assertRejects(
    async () => await (await baselineNamed("gradcam").create(classifier))(picture, 10),
    RangeError,
    "numbered 0 to 9",
  );
  assertThrows(() => methodNamed("grad-cam"), RangeError, "did you mean gradcam?");
  const damaged = { width: 1, height: 2, values: Float32Array.of(0, NaN) };
  assertThrows(() => scaleToMask(damaged, "range"), RangeError, "not finite");
  assertEquals(
    scaleToMask({ width: 2, height: 1, values: Float32Array.of(3, 3) }, "range").values,
    Float32Array.of(0, 0),
  );
});

Deno.test("scaleToMask() takes magnitudes and does not let one pixel outshine all others", () => {
  const values = Float32Array.from({ length: 201 }, (_, i) => (i % 2 === 0 ? i : -i));
  values[200] = 1e6;
  const mask = scaleToMask({ width: 201, height: 1, values }, "magnitude").values;
  assertEquals([mask[0], mask[198], mask[199], mask[200]], [0, 1, 1, 1]);
  assertAlmostEquals(mask[99]!, 0.5, 1e-6);
  const sparse = new Float32Array(200);
  sparse[7] = -2;
  assertEquals(scaleToMask({ width: 200, height: 1, values: sparse }, "magnitude").values[7], 1);
});
