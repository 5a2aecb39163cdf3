import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { areaUnder, blurImage, blurKernel, stepsProbe } from "../../src/faithfulness/insertion_deletion.ts";
import { presetNamed } from "../../src/faithfulness/presets.ts";
import { answers, NORMALIZATION, picture, run, sample, SIDE } from "./fixture.ts";

const square = (side: number) => ({ width: side, height: side });

const RISE = presetNamed("rise").steps!;
const SMALL = { ...RISE, pixelsPerStep: 16 };

for (const { seed, target, curves, areas } of answers().measures) {
  for (const kind of ["insertion", "deletion"] as const) {
    Deno.test(`stepsProbe() agrees with RISE in numpy and torch: ${kind}, picture ${seed}`, () => {
      const reading = run(stepsProbe(sample(seed), kind, SMALL, NORMALIZATION), target);
      assertAlmostEquals(reading.values[kind]!, areas[kind], 1e-5);
      const curve = reading.curves![kind]!;
      assertEquals(curve.length, 17);
      curve.forEach((value, step) => assertAlmostEquals(value, curves[kind][step]!, 2e-5));
    });
  }
}

Deno.test("blurKernel() is scipy's gaussian_filter of an impulse, reflected at the ends", () => {
  const kernel = blurKernel(11, 5);
  answers().kernel.forEach((value, i) => assertAlmostEquals(kernel[i]!, value, 1e-12));
});

Deno.test("blurImage() leaves a picture of the mean colour as it is, and darkens white towards it at the borders", () => {
  const { mean } = NORMALIZATION;
  const flat = Float32Array.from({ length: 3 * 400 }, (_, i) => mean[Math.floor(i / 400)]!);
  const kernel = blurKernel(11, 5);
  blurImage(flat, square(20), kernel, mean).forEach((value, i) => assertAlmostEquals(value, flat[i]!, 1e-6));
  const white = blurImage(new Float32Array(1200).fill(1), square(20), kernel, mean);
  assertAlmostEquals(white[10 * 20 + 10]!, 1, 1e-6);
  // In a corner, what is inside is the kernel's half and its middle, along both axes.
  const half = kernel.slice(5).reduce((sum, value) => sum + value, 0);
  assertAlmostEquals(white[0]!, mean[0] + (1 - mean[0]) * half * half, 1e-6);
});

Deno.test("stepsProbe() goes from the blurred to the clean picture and from the clean one to the mean", () => {
  const of = sample(1);
  const inserted = [...stepsProbe(of, "insertion", SMALL, NORMALIZATION).images()];
  const deleted = [...stepsProbe(of, "deletion", SMALL, NORMALIZATION).images()];
  assertEquals(inserted.at(-1), picture(1));
  assertEquals(deleted[0], picture(1));
  deleted.at(-1)!.forEach((value, i) =>
    assertAlmostEquals(value, NORMALIZATION.mean[Math.floor(i / (SIDE * SIDE))]!, 1e-6)
  );
  // After one step the 16 top pixels are changed, in all colours, no others.
  const top = new Set(of.order.subarray(0, 16));
  deleted[1]!.forEach((value, i) => assertEquals(value !== of.pixels[i], top.has(i % 256)));
});

Deno.test("stepsProbe() makes a last step that is shorter", () => {
  const probe = stepsProbe(sample(2), "deletion", { ...RISE, pixelsPerStep: 100 }, NORMALIZATION);
  const pictures = [...probe.images()];
  assertEquals([probe.count, pictures.length], [4, 4]);
  assertEquals(pictures.map((each) => each.filter((value, i) => value !== sample(2).pixels[i]).length / 3), [
    0,
    100,
    200,
    256,
  ]);
});

Deno.test("areaUnder() weighs the ends by half", () => {
  assertEquals(areaUnder([1, 0]), 0.5);
  assertEquals(areaUnder([0, 1, 0]), 0.5);
  assertEquals(areaUnder([1, 1, 1, 1]), 1);
});

Deno.test("the preset torchcam agrees with TorchCAM 0.5 in 7 steps, of which the last is shorter", () => {
  const { cases } = answers<{ cases: { seed: number; torchcam: number[] }[] }>("arcc.json");
  const protocol = { ...presetNamed("torchcam").steps!, steps: 7 };
  for (const { seed, torchcam } of cases) {
    const of = sample(seed);
    (["deletion", "insertion"] as const).forEach((kind, i) => {
      const { values } = run(stepsProbe(of, kind, protocol, NORMALIZATION), of.target);
      assertAlmostEquals(values[kind]!, torchcam[i]!, 1e-6);
    });
  }
  assertEquals(cases.length, 20);
});

Deno.test("the preset torchcam by hand: the last step is shorter and counts by its pixels; insertion starts in the mean colour", () => {
  const protocol = { ...presetNamed("torchcam").steps!, steps: 3 };
  const of = sample(2);
  // 256 pixels in 86, 86 and 84.
  const share = 86 / 256;
  const curve = [0.9, 0.5, 0.3, 0.2];
  const area = share * (0.9 + 0.5) / 2 + share * (0.5 + 0.3) / 2 + (1 - 2 * share) * (0.3 + 0.2) / 2;
  for (const kind of ["insertion", "deletion"] as const) {
    const probe = stepsProbe(of, kind, protocol, NORMALIZATION);
    const pictures = [...probe.images()];
    assertEquals([probe.count, pictures.length], [4, 4]);
    const changed = pictures.slice(1).map((each, i) =>
      each.filter((value, at) => value !== pictures[i]![at]).length / 3
    );
    assertEquals(changed, [86, 86, 84]);
    const empty = kind === "insertion" ? pictures[0]! : pictures.at(-1)!;
    const mean = NORMALIZATION.mean.map(Math.fround);
    assertEquals(empty.filter((value, i) => value !== mean[Math.floor(i / 256)]).length, 0);
    const read = probe.read(curve.map((probability) => ({ probability, correct: true })));
    assertAlmostEquals(read.values[kind]!, area, 1e-12);
  }
  assertEquals(stepsProbe(of, "deletion", presetNamed("torchcam").steps!, NORMALIZATION).count, 1 + 20);
});

Deno.test("stepsProbe() needs a normalization", () => {
  assertThrows(() => stepsProbe(sample(0), "insertion", RISE, undefined), TypeError, "no normalization");
});
