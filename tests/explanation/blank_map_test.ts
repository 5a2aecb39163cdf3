import { assert, assertEquals } from "@std/assert";
import { createBaseline } from "../../src/baselines/explainer.ts";
import { findBlank } from "../../src/explanation/blank_map.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import type { MapScale } from "../../src/explanation/map_scale.ts";
import { captionText } from "../../src/explanation/map_explanation.ts";
import { renderOverlay } from "../../src/image/overlay.ts";
import type { RgbImage } from "../../src/image/types.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const row = (...values: number[]) => ({ width: values.length, height: 1, values: Float32Array.from(values) });

Deno.test("findBlank() says why a map shows nothing", () => {
  assertEquals(findBlank(row(0, 0.1)), undefined);
  assertEquals(findBlank(row(3, 3))?.reason, "constant");
  assertEquals(findBlank({ ...row(0, 0), signed: Float32Array.of(-1, -2) })?.reason, "negative");
  assertEquals(findBlank({ ...row(0, 0), signed: Float32Array.of(0, 0) })?.reason, "constant");
  const still = { ...row(0, 0), signed: Float32Array.of(0, 0), withoutGradient: true };
  assertEquals(findBlank(still)?.reason, "no-gradient");
  const { reason, note } = findBlank({ ...row(0, 0), signed: Float32Array.of(NaN, -Infinity) })!;
  assertEquals(reason, "not-finite");
  assert(note.startsWith("2 of 2 values are not finite"), note);
});

/** A classifier of brightness: class 0 for it, class 1 against it, class 2 without a weight; one map of 4 x 4. */
function brightness(weight = 1): OnnxModel {
  const b = createBuilder("brightness");
  const image = b.input("image", "float32", [1, 3, 8, 8]);
  const sum = b.constant("float32", [1, 3, 2, 2], new Array(12).fill(weight));
  const maps = b.relu(b.conv(image, sum, undefined, { strides: [2, 2] }));
  const pooled = b.flatten(b.globalAveragePool(maps));
  b.output(b.matmul(pooled, b.constant("float32", [1, 3], [1, -1, 0])), "logits");
  const preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };
  return { name: "brightness", onnx: encodeOnnx(b.build()), preprocessing };
}

/** A ramp from black to white. */
const image = {
  width: 8,
  height: 8,
  data: Uint8Array.from({ length: 192 }, (_, i) => Math.floor(i / 3) * 4),
};

Deno.test("a map that shows nothing is zeros, with its reason, and keeps the values before the ReLU", async () => {
  await using gradcam = await createBaseline("gradcam", { model: brightness(), device: "wasm" });
  const { targets, layer } = await gradcam.explain(image, { target: [0, 1, 2] });
  assertEquals(layer, { name: "relu_out", channels: 1, height: 4, width: 4 });
  assertEquals(targets.map(({ blank }) => blank?.reason), [undefined, "negative", "no-gradient"]);
  const [bright, dark] = targets;
  assertEquals(Math.max(...bright!.map.values), 1);
  assertEquals(dark!.map.values.every((value) => value === 0), true);
  // The evidence against is the evidence for, turned around.
  assertEquals([...dark!.raw.values], Array.from(bright!.raw.values, (value) => -value));
  assertEquals(Math.min(...dark!.raw.values) < 0, true);
  const mask = await gradcam.mask(await gradcam.prepare(image), 1);
  assertEquals(mask.blank?.reason, "negative");
});

Deno.test("a blank map is drawn with a note below the class", async () => {
  await using gradcam = await createBaseline("gradcam", { model: brightness(), device: "wasm" });
  const explanation = await gradcam.explain(image, { target: [0, 1] });
  const drawn = await explanation.overlay({ target: 1 });
  const { map, label, probability } = explanation.targets[1]!;
  const withSubtitle = (subtitle: string) =>
    renderOverlay(explanation.image, map, explanation.window, {
      caption: captionText({ label, probability }, explanation.reading),
      subtitle,
    });
  const different = (other: RgbImage) =>
    other.data.length === drawn.data.length
      ? other.data.reduce((count, value, i) => count + (value === drawn.data[i] ? 0 : 1), 0)
      : Infinity;
  assertEquals(different(await withSubtitle("No map: all evidence is against the class")), 0);
  assert(different(await withSubtitle("brightness, Grad-CAM")) > 0);
});

Deno.test("an overflow is said, not thrown", async () => {
  await using gradcam = await createBaseline("gradcam", { model: brightness(3e38), device: "wasm" });
  const [attribution] = (await gradcam.explain(image, { target: 0 }).catch((error) => [error])) as [unknown];
  // Scores that are not finite are no prediction: that comes first.
  assert(attribution instanceof RangeError && /not finite/.test(attribution.message), String(attribution));
});

Deno.test('scale: "shared" makes the maps of one explanation comparable', async () => {
  const b = createBuilder("two");
  const input = b.input("image", "float32", [1, 3, 8, 8]);
  const sum = b.constant("float32", [1, 3, 2, 2], new Array(12).fill(1));
  const pooled = b.flatten(b.globalAveragePool(b.relu(b.conv(input, sum, undefined, { strides: [2, 2] }))));
  b.output(b.matmul(pooled, b.constant("float32", [1, 3], [1, 0.25, -1])), "logits");
  const preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };
  const model: OnnxModel = { name: "two", onnx: encodeOnnx(b.build()), preprocessing };
  await using gradcam = await createBaseline("gradcam", { model, device: "wasm" });
  const greatest = async (scale: MapScale) => {
    const { targets } = await gradcam.explain(image, { target: [0, 1, 2], scale });
    return targets.map(({ map }) => Math.round(1000 * Math.max(...map.values)));
  };
  assertEquals(await greatest("own"), [1000, 1000, 0]);
  // From the least value of both to the greatest: a blank map takes no part.
  const { targets } = await gradcam.explain(image, { target: [0, 1, 2], scale: "shared" });
  const [strong, weak] = targets;
  assertEquals(strong!.scale, weak!.scale);
  assertEquals(strong!.scale, { low: weak!.range.low, high: strong!.range.high });
  const { low, high } = strong!.scale;
  const expected = Math.round(1000 * (weak!.range.high - low) / (high - low));
  assertEquals(await greatest("shared"), [1000, expected, 0]);
  assertEquals(await greatest({ low: 0, high: 2 * high }), [
    500,
    Math.round(500 * weak!.range.high / high),
    0,
  ]);
});
