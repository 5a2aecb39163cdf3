import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  dropPercent,
  increasePercent,
  maskImage,
  maskingProbe,
} from "../../src/faithfulness/average_drop.ts";
import { presetNamed } from "../../src/faithfulness/presets.ts";
import { answers, map, NORMALIZATION, run, sample, SIDE } from "./fixture.ts";

for (const { seed, target, clean, masked, normalized } of answers().measures) {
  Deno.test(`maskingProbe() agrees with torch on picture ${seed} in every preset`, () => {
    const of = sample(seed);
    assertEquals(of.target, target);
    const before = clean[target]!;
    const ours = run(maskingProbe(of, presetNamed("ptame-2025").masking!, undefined), target);
    for (const [percent, { area, probability }] of Object.entries(masked)) {
      const drop = 100 * Math.max(0, before - probability) / before;
      assertAlmostEquals(ours.values[`AD${percent}`]!, drop, 1e-3);
      assertEquals(ours.values[`IC${percent}`], probability > before ? 100 : 0);
      assertAlmostEquals(ours.areas![`AD${percent}`]!, area, 1e-6);
    }
    const library = run(maskingProbe(of, presetNamed("gradcam-lib").masking!, NORMALIZATION), target);
    assertAlmostEquals(library.values["AD100"]!, 100 * Math.max(0, before - normalized), 1e-3);
    assertEquals(Object.keys(library.values), ["AD100", "IC100", "AG100"]);
    const torchcam = run(maskingProbe(of, presetNamed("torchcam").masking!, NORMALIZATION), target);
    assertAlmostEquals(
      torchcam.values["AD100"]!,
      100 * Math.max(0, before - normalized) / (before + 1e-7),
      1e-3,
    );
  });
}

Deno.test("maskImage() fades to black, or to the mean colour where normalised pixels are masked", () => {
  const pixels = Float32Array.of(1, 1, 0.5, 0.5, 0, 0);
  assertEquals([...maskImage(pixels, Float32Array.of(1, 0))], [1, 0, 0.5, 0, 0, 0]);
  assertEquals([...maskImage(pixels, Float32Array.of(1, 0), [0.25, 0.5, 0.75])], [
    1,
    0.25,
    0.5,
    0.5,
    0,
    0.75,
  ]);
});

Deno.test("dropPercent() is relative or absolute, and never negative", () => {
  assertAlmostEquals(dropPercent(0.8, 0.2, { drop: "relative", epsilon: 0 }), 75, 1e-12);
  assertAlmostEquals(dropPercent(0.8, 0.2, { drop: "absolute", epsilon: 0 }), 60, 1e-12);
  assertEquals(dropPercent(0.2, 0.8, { drop: "relative", epsilon: 0 }), 0);
});

Deno.test("increasePercent() needs a real increase: an equal probability is none", () => {
  assertEquals([increasePercent(0.5, 0.5), increasePercent(0.5, 0.6), increasePercent(0.5, 0.4)], [
    0,
    100,
    0,
  ]);
});

Deno.test("maskingProbe() measures a single percentage as among others: no mask is taken from elsewhere", () => {
  const protocol = presetNamed("ptame-2025").masking!;
  const of = sample(1);
  const all = run(maskingProbe(of, protocol, undefined), of.target);
  for (const percent of protocol.percents) {
    const single = run(maskingProbe(of, { ...protocol, percents: [percent] }, undefined), of.target);
    assertEquals(single.values[`AD${percent}`], all.values[`AD${percent}`]);
    assertEquals(single.areas![`AD${percent}`], all.areas![`AD${percent}`]);
  }
});

Deno.test("maskingProbe() gives an all-ones map no drop, and says that its area is 1", () => {
  const ones = { width: 4, height: 4, values: new Float32Array(16).fill(1) };
  const of = sample(2, ones);
  const { values, areas } = run(maskingProbe(of, presetNamed("ptame-2025").masking!, undefined), of.target);
  assertEquals([values["AD100"], values["IC100"], areas!["AD100"]], [0, 0, 1]);
  // At 50 % half of the flat map is kept, not all of it and not nothing.
  assertEquals(areas!["AD50"], 0.5);
});

Deno.test("maskingProbe() enlarges a map before it takes the top pixels", () => {
  const small = { width: 4, height: 4, values: map(3).values.slice(0, 16) };
  const of = sample(3, small);
  const { areas } = run(maskingProbe(of, presetNamed("ptame-2025").masking!, undefined), of.target);
  const kept = of.values.toSorted().slice(SIDE * SIDE / 2).reduce((sum, value) => sum + value, 0);
  assertAlmostEquals(areas!["AD50"]!, kept / (SIDE * SIDE), 1e-6);
});

Deno.test("maskingProbe() needs a normalization where it masks normalised pixels", () => {
  assertThrows(
    () => maskingProbe(sample(0), presetNamed("torchcam").masking!, undefined),
    TypeError,
    "no normalization",
  );
});
