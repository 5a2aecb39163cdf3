import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { centred } from "../../src/ptame/contrast.ts";
import { targets } from "../../src/classifier/score_function.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const PHOTO = new URL("../fixtures/image/photo_0.jpg", import.meta.url);

Deno.test("centred() takes the mean away and leaves zero where it is", () => {
  const { map, scale } = centred({ width: 2, height: 2, values: Float32Array.of(10, 12, 13, 13) });
  assertEquals([scale.mean, scale.unit], [12, 2]);
  assertEquals([...map.values], [-1, 0, 0.5, 0.5]);
  // Two maps that differ by a constant say nothing of where.
  const flat = centred({ width: 2, height: 1, values: Float32Array.of(3, 3 + 1e-6) });
  assertEquals([...flat.map.values, flat.scale.unit], [0, 0, 0]);
  assertThrows(
    () => centred({ width: 1, height: 1, values: Float32Array.of(NaN) }),
    RangeError,
    "not finite",
  );
});

Deno.test("Explanation.contrast() is the difference of the two classes' maps, from the same pass", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(PHOTO, { topK: 2 });
  const [first, second] = explanation.targets;
  const contrast = explanation.contrast(first!.index, second!.label);
  assertEquals([contrast.for.index, contrast.against.index], [first!.index, second!.index]);
  const { mean, unit } = contrast.scale;
  // The raw maps, from the masks and their ranges.
  const raw = (of: typeof first, i: number) =>
    of!.map.values[i]! * (of!.range.high - of!.range.low) + of!.range.low;
  let sum = 0;
  contrast.map.values.forEach((value, i) => {
    assertAlmostEquals(value * unit + mean, raw(first, i) - raw(second, i), 1e-3);
    sum += value;
  });
  assertAlmostEquals(sum / contrast.map.values.length, 0, 1e-5);
  assertAlmostEquals(
    contrast.map.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    1,
    1e-6,
  );

  const back = explanation.contrast(second!.index, first!.index);
  back.map.values.forEach((value, i) => assertAlmostEquals(value, -contrast.map.values[i]!, 1e-5));
  assertEquals(contrast.imageMap.width, explanation.image.width);

  const display = (contrast as unknown as Record<symbol, () => Promise<Record<string, string>>>)[
    Symbol.for("Jupyter.display")
  ]!;
  const { "image/png": png, "text/plain": text } = await display();
  assertEquals(atob(png!).slice(1, 4), "PNG");
  assertEquals(text!.split(" rather than ").map((each, i) => each.startsWith([first, second][i]!.label)), [
    true,
    true,
  ]);

  // Both hues are over the photo, and the legend below is as of no other overlay.
  const [drawn, plain] = [await contrast.overlay(), await explanation.overlay()];
  assertEquals([drawn.width, drawn.height > explanation.image.height], [plain.width, true]);
  let [warm, cold] = [0, 0];
  for (let i = 0; i < drawn.data.length; i += 3) {
    const lean = drawn.data[i]! - drawn.data[i + 2]!;
    if (lean > 40) warm++;
    if (lean < -40) cold++;
  }
  assert(warm > 500 && cold > 500, `${warm} warm and ${cold} cold pixels`);

  assertThrows(
    () => explanation.contrast(first!.index, first!.label),
    RangeError,
    `Cannot contrast ${first!.label} with itself`,
  );
  await assertRejects(async () => await explanation.contrast("tabby", "tiger cet"), RangeError, "tiger cat");
});

Deno.test("Explanation.explainFunction() weights the classes' maps by the function's slopes", async () => {
  await using explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(PHOTO, { topK: 2 });
  const [first, second] = explanation.targets;
  const { score, probability, difference, scaled, entropy, logarithm } = targets;
  const [a, b] = [score(first!.index), score(second!.index)];
  const near = (found: Float32Array, expected: Float32Array, tolerance = 1e-4) =>
    assertEquals(found.findIndex((value, i) => !(Math.abs(value - expected[i]!) <= tolerance)), -1);

  const one = explanation.explainFunction(a);
  near(one.map.values, first!.map.values);
  near(explanation.explainFunction(scaled(3, a)).map.values, first!.map.values);
  assertEquals([one.index, one.label], [-1, first!.label.split(",")[0]]);

  const contrast = explanation.contrast(first!.index, second!.index);
  const against = explanation.explainFunction(difference(a, b));
  const low = contrast.map.values.reduce((least, value) => Math.min(least, value), 0);
  const high = contrast.map.values.reduce((most, value) => Math.max(most, value), 0);
  near(against.map.values, contrast.map.values.map((value) => (value - low) / (high - low)), 1e-3);
  // Probabilities say the same difference in logarithms.
  const odds = difference(logarithm(probability(first!.index)), logarithm(probability(second!.index)));
  near(explanation.explainFunction(odds).map.values, against.map.values, 1e-3);
  assertAlmostEquals(explanation.explainFunction(odds).probability, against.probability, 1e-4);

  // The slope of a probability: its own row against the mean of all rows, weighted by their probabilities.
  const p = await explainer.probabilities((await explainer.prepare(PHOTO)).pixels);
  const maps = await Promise.all(p.keys().map((index) => explanation.explainTarget(index).raw.values));
  const expected = maps[0]!.map((_, i) =>
    maps[first!.index]![i]! - p.reduce((sum, each, index) => sum + each * maps[index]![i]!, 0)
  );
  const [least, most] = [Math.min(...expected), Math.max(...expected)];
  near(
    explanation.explainFunction(probability(first!.index)).map.values,
    expected.map((value) => (value - least) / (most - least)),
    1e-3,
  );
  const undecided = explanation.explainFunction(entropy());
  assertAlmostEquals(undecided.probability, p.reduce((sum, each) => sum - each * Math.log(each), 0), 1e-4);
  assertEquals(undecided.label, "entropy");
  assertThrows(() => explanation.explainFunction(score("tabby cet")), RangeError, "tabby cet");
});
