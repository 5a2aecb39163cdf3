/** An .onnx file, and a network function of the caller's own, as the auxiliary that a head reads. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { CustomNetwork } from "../../src/classifier/network_classifier.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { exportExplainer } from "../../src/ptame/export_explainer.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import type { TrainOptions } from "../../src/ptame/training/train_options.ts";
import { train } from "../../src/ptame/training/trainer.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededFile } from "./seeded_networks.ts";
import { smallClassifier } from "./small_classifier.ts";
import { tinyAuxiliary } from "./tiny_networks.ts";

await warmUpWasm();

const photo = (i: number) => new URL(`../fixtures/image/photo_${i}.jpg`, import.meta.url);
const RUN = { images: [photo(0), photo(4), photo(8)], batch: 2, steps: 2, device: "wasm" } as const;
const backbone = smallClassifier();
/** Another file, which reads another crop in another range. */
const reader: OnnxModel = {
  ...smallClassifier({ classes: 7 }),
  name: "reader",
  preprocessing: { resize: 48, range: [-1, 1] },
};

Deno.test("an .onnx auxiliary trains and explains: its taps are found, its own crop and range are used", async () => {
  const options: TrainOptions = { ...RUN, backbone, auxiliary: reader, microBatch: 1 };
  const { head, losses, validations } = await train({ ...options, validation: [photo(7)] });
  assertEquals([losses.length, validations.length > 0], [2, true]);
  const { record, channels } = await readHead(head, "");
  assertEquals([record.auxiliary, record.backbone], ["reader", "small"]);
  assertEquals([record.taps, channels], [["relu_out", "relu_2_out"], [8, 16]]);
  // The batch is rebuilt into the file: the same pictures two at a time.
  const pairs = await train({ ...options, microBatch: 2 });
  pairs.losses.forEach((loss, i) => assertAlmostEquals(loss.total, losses[i]!.total, 1e-5));

  await using explainer = await createExplainer({ model: backbone, auxiliary: reader, head, device: "wasm" });
  const explanation = await explainer.explain(photo(1));
  const { index, map } = explanation.targets[0]!;
  assertEquals([explanation.auxiliary, map.width, map.height], ["reader", 16, 16]);
  const image = await explainer.prepare(photo(1));
  assertEquals((await explainer.mask(image, index)).values, map.values);
  assert(image.auxiliaryPixels!.some((value, i) => value !== image.pixels[i]));
  // Its part of the picture is where the map lies.
  assertEquals(explanation.window, image.auxiliaryWindow);
  await assertRejects(() => explainer.mask({ pixels: image.pixels }, index), TypeError, "the same crop");
  const other = { ...reader, preprocessing: { resize: 48, range: [0, 255] } } as const;
  await using brighter = await createExplainer({ model: backbone, auxiliary: other, head, device: "wasm" });
  assert((await brighter.mask(image, index)).values.some((value, i) => value !== map.values[i]));
});

Deno.test("a head refuses another auxiliary, and other taps of the same channels", async () => {
  const { head } = await train({ ...RUN, backbone, auxiliary: { ...reader, taps: ["relu", "conv_2"] } });
  assertEquals((await readHead(head, "")).record.taps, ["relu", "conv_2"]);
  const open = (auxiliary: OnnxModel) =>
    createExplainer({ model: backbone, auxiliary, head, device: "wasm" }).then((each) => each.dispose());
  // Where no taps are named, the head says which it reads.
  await open(reader);
  await assertRejects(
    () => open({ ...reader, taps: ["relu", "relu_2"] }),
    TypeError,
    "it reads taps relu, conv_2, those of auxiliary reader are relu, relu_2",
  );
  await assertRejects(() => open({ ...reader, name: "another" }), TypeError, "it reads reader");
  await assertRejects(
    () => open({ ...reader, taps: ["relu"] }),
    TypeError,
    "auxiliary reader gives 8",
  );
  await assertRejects(
    () => open({ ...reader, taps: ["relu", "rela_2"] }),
    RangeError,
    "did you mean relu_2?",
  );
});

Deno.test("one .onnx file is backbone and auxiliary in one pass, and exports", async () => {
  const { head } = await train({ ...RUN, backbone, auxiliary: backbone });
  await using apart = await createExplainer({
    model: backbone,
    auxiliary: { ...backbone },
    head,
    device: "wasm",
  });
  // The head names the file that it was trained for, so nothing else need be said.
  await using shared = await createExplainer({ model: backbone, head, device: "wasm" });
  const [one, two] = [await shared.explain(photo(1)), await apart.explain(photo(1))];
  assertEquals(one.auxiliary, "small");
  one.prediction.forEach(({ probability }, i) =>
    assertAlmostEquals(probability, two.prediction[i]!.probability, 1e-6)
  );
  one.targets[0]!.map.values.forEach((value, i) =>
    assertAlmostEquals(value, two.targets[0]!.map.values[i]!, 1e-5)
  );
  const again = await shared.withHead(head);
  assertEquals((await again.explain(photo(1))).targets[0]!.map.values, one.targets[0]!.map.values);
  await again.dispose();

  const exported = await exportExplainer({ model: backbone, head });
  assertEquals([exported.backbone.activation, exported.auxiliary], ["none", "small"]);
  const file = new Uint8Array(exported.size);
  let at = 0;
  for (const part of exported.parts) {
    file.set(part, at);
    at += part.length;
  }
  const model = { name: "small", onnx: file };
  await using from = await createExplainer({ model, auxiliary: backbone, head, device: "wasm" });
  const pixels = (await from.prepare(photo(1))).pixels;
  (await from.probabilities(pixels)).forEach((value, i) =>
    assertAlmostEquals(value, two.prediction.find(({ index }) => index === i)!.probability, 1e-5)
  );
});

Deno.test("a network function of the caller's own explains from its start, trains and reads for others", async () => {
  const own: CustomNetwork = {
    name: "own",
    build: tinyAuxiliary.build,
    inputSize: 64,
    labels: Array.from({ length: 10 }, (_, i) => `kind ${i}`),
    taps: ["a", "b", "c", "d"],
    weights: seededFile(tinyAuxiliary, 1),
    classifier: tinyAuxiliary.classifier,
    classifierTap: true,
  };
  await using start = await createExplainer({ model: own, device: "wasm" });
  assertEquals([start.auxiliary, start.head.record.trained], ["own", false]);
  const { prediction, targets } = await start.explain(photo(1));
  assert(prediction[0]!.label.startsWith("kind "));
  assertEquals(targets[0]!.map.width, 16);

  const { head } = await train({ ...RUN, backbone: own, form: { rows: "shared" }, validation: [photo(7)] });
  await using trained = await createExplainer({ model: own, head, device: "wasm" });
  assertEquals(trained.head.record.taps, ["a", "b", "c", "d"]);
  await trained.explain(photo(1));

  const read = await train({ ...RUN, backbone, auxiliary: own });
  await using explainer = await createExplainer({
    model: backbone,
    auxiliary: own,
    head: read.head,
    device: "wasm",
  });
  assertEquals((await explainer.explain(photo(1))).targets[0]!.map.width, 16);
  // Its classes are not the backbone's: there is no start.
  await assertRejects(
    () => createExplainer({ model: backbone, auxiliary: own, device: "wasm" }),
    TypeError,
    "which auxiliary own does not share",
  );
  await assertRejects(
    () => train({ ...RUN, backbone, auxiliary: own, start: "class-activation" }),
    TypeError,
    "auxiliary own does not share the classes of backbone small",
  );
});
