/** Baselines as .onnx files: a runtime gets from the file alone the map that `explain --method` shows. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { createBaseline } from "../../src/baselines/explainer.ts";
import {
  exportBaseline,
  type ExportBaselineOptions,
  EXPORTED_METHODS,
} from "../../src/baselines/export_baseline.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx, inspectOnnx } from "../../src/graph/onnx_file.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { type Device, float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { SAMPLE } from "../support/images.ts";
import { seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

const PHOTO = await decodeImage(SAMPLE);
const { pixels: SMALL } = preprocess(PHOTO, { resize: 36, crop: 32 });
const lite = findNetwork("efficientnet_lite0")!;

async function fileOf(name: string, options: ExportBaselineOptions): Promise<Uint8Array> {
  const { parts, size } = await exportBaseline(name, options);
  const file = new Uint8Array(await new Blob([...parts] as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  assertEquals(file.length, size);
  return file;
}

/** What a runtime makes of the file. */
async function runFile(file: Uint8Array, pixels: Float32Array, target?: number, device: Device = "wasm") {
  const side = Math.sqrt(pixels.length / 3);
  const session = await openSession(file, { device });
  const { logits, probabilities, map } = await session.run({
    image: float32Tensor(pixels, [1, 3, side, side]),
    ...(target === undefined
      ? {}
      : { target: { type: "int64", shape: [1], data: BigInt64Array.of(BigInt(target)) } } as const),
  });
  await session.dispose();
  return {
    logits: float32Data(logits!),
    probabilities: float32Data(probabilities!),
    map: float32Data(map!),
    shape: map!.shape,
  };
}

function farthest(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** How far a file's map and probabilities are from ptame's own, for a class or the top class. */
async function differences(
  name: string,
  options: ExportBaselineOptions,
  pixels: Float32Array,
  { target, device }: { readonly target?: number; readonly device?: Device } = {},
) {
  const file = await fileOf(name, { ...options, requireTarget: target !== undefined });
  const said = await runFile(file, pixels, target, device);
  const explainer = await createBaseline(name, { ...options, device: "wasm" });
  try {
    const probabilities = await explainer.probabilities(pixels);
    const top = probabilities.indexOf(Math.max(...probabilities));
    const { width, height, values, shown = values } = await explainer.mask({ pixels }, target ?? top);
    assertEquals(said.shape, [1, 1, height, width]);
    assert(Math.max(...shown) === 1 && Math.min(...shown) === 0);
    const sum = said.map.reduce((total, value, i) => total + Math.abs(value - shown[i]!), 0);
    return {
      map: farthest(said.map, shown),
      mean: sum / said.map.length,
      probabilities: farthest(said.probabilities, probabilities),
    };
  } finally {
    await explainer.dispose();
  }
}

function assertSame(what: string, away: { readonly map: number; readonly probabilities: number }): void {
  assert(away.map < 1e-5 && away.probabilities < 1e-5, `${what}: ${JSON.stringify(away)}`);
}

Deno.test("exportBaseline() gives files whose maps are those of explain --method, for any class, on wasm and native", async () => {
  const model = smallClassifier();
  for (const name of EXPORTED_METHODS) {
    assertSame(name, await differences(name, { model }, SMALL));
    for (const target of [0, 3]) {
      assertSame(
        `${name} of ${target}`,
        await differences(name, { model }, SMALL, { target, device: "native" }),
      );
    }
  }
});

Deno.test("exportBaseline() gives the probabilities of each activation", async () => {
  const plain = smallClassifier({ softmax: false });
  for (const activation of ["softmax", "sigmoid", "none"] as const) {
    assertSame(activation, await differences("gradcam", { model: { ...plain, activation } }, SMALL));
  }
  // One logit stands for two classes.
  const single = smallClassifier({ softmax: false, classes: 1 });
  assertSame("one logit", await differences("gradcam", { model: single }, SMALL, { target: 1 }));
});

/** A classifier of 32² images whose layer is a sequence of 64 tokens behind a class token. */
function tokenClassifier(): OnnxModel {
  const b = createBuilder("tokens");
  const weight = (name: string, ...shape: number[]) =>
    b.constant("float32", shape, seededTensor(name, shape, 5));
  const image = b.input("image", "float32", [1, 3, 32, 32]);
  const patches = b.conv(image, weight("patch.weight", 8, 3, 4, 4), undefined, { strides: [4, 4] });
  const tokens = b.transpose(b.reshape(patches, [1, 8, 64]), [0, 2, 1]);
  const all = b.concat([weight("class", 1, 1, 8), tokens], 1);
  const mixed = b.add(all, b.tanh(b.matmul(all, weight("mix.weight", 8, 8))));
  const scores = b.matmul(b.reduceMean(b.tanh(mixed), [1], false), weight("scores.weight", 8, 4));
  b.output(scores, "scores");
  return { name: "tokens", onnx: encodeOnnx(b.build()) };
}

Deno.test("exportBaseline() reads layers of tokens, and layers that are named", async () => {
  const model = tokenClassifier();
  for (const name of ["gradcam", "gradcam++", "layercam"]) {
    assertSame(name, await differences(name, { model }, SMALL));
  }
  const small = smallClassifier();
  const taps = inspectOnnx(await fileOf("gradcam", { model: small }));
  const layer = "relu_out";
  const named = inspectOnnx(await fileOf("gradcam", { model: small, layer }));
  assertEquals([named.metadata["layer"], named.outputs[2]!.shape], [layer, [1, 1, 16, 16]]);
  assertEquals(taps.outputs[2]!.shape, [1, 1, 8, 8]);
  assertSame("named", await differences("layercam", { model: small, layer }, SMALL));
});

Deno.test("exportBaseline() explains the sample by the shipped classifier as explain() does", async () => {
  const { pixels } = preprocess(PHOTO, lite.preprocessing);
  const heavy = heavyTests();
  for (const name of heavy ? ["gradcam", "gradcam++", "layercam"] : ["layercam"]) {
    assertSame(name, await differences(name, {}, pixels));
  }
  if (!heavy) return;
  // The gradient jumps where a ReLU6 begins or ends, so roundings of two runtimes move single pixels, also between
  // ptame's own wasm and native.
  const away = await differences("integrated-gradients", {}, pixels);
  assert(away.mean < 1e-3 && away.map < 0.1 && away.probabilities < 1e-5, JSON.stringify(away));
});

Deno.test("exportBaseline() describes the file, and holds the network once", async () => {
  const sizes = new Map<string, number>();
  for (const name of heavyTests() ? EXPORTED_METHODS : ["gradcam", "integrated-gradients"] as const) {
    const file = await fileOf(name, { steps: 7 });
    sizes.set(name, file.length);
    const { inputs, outputs, metadata } = inspectOnnx(file);
    assertEquals(inputs.map((each) => [each.name, each.shape]), [["image", [1, 3, 224, 224]]]);
    assertEquals(outputs.map((each) => each.name), ["logits", "probabilities", "map"]);
    assertEquals([metadata["format"], metadata["method"]], ["ptame-explainer", name]);
    assertEquals(
      metadata["steps"] ?? metadata["layer"],
      name === "integrated-gradients" ? "7" : "_conv_head",
    );
    assertEquals(JSON.parse(metadata["preprocessing"]!).centre_crop, 224);
    assertEquals(JSON.parse(metadata["labels"]!).length, 1000);
  }
  // 4.65 million parameters of four bytes, and the graph.
  for (const [name, size] of sizes) assert(size > 18.6e6 && size < 19.5e6, `${name} has ${size} bytes`);
  const half = await fileOf("integrated-gradients", { steps: 7, float16: true });
  assert(half.length < 0.55 * sizes.get("integrated-gradients")!);
});

Deno.test("exportBaseline() refuses what one file cannot hold", async () => {
  await assertRejects(() => exportBaseline("rise"), RangeError, "there are ptame, gradcam, ");
  await assertRejects(() => exportBaseline("gradcan"), RangeError, "did you mean gradcam?");
  await assertRejects(() => exportBaseline("ptame"), RangeError, "needs a head");
  await assertRejects(
    () => exportBaseline("integrated-gradients", { steps: 0 }),
    RangeError,
    "Cannot integrate over 0 points",
  );
  await assertRejects(
    () => exportBaseline("gradcam", { model: smallClassifier(), layer: "nothing" }),
    RangeError,
    'Unknown layer "nothing"',
  );
  await assertRejects(() => exportBaseline("gradcam", { signal: AbortSignal.abort() }), DOMException);
});
