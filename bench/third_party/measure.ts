/**
 * Measures networks of other libraries: explained, tapped, differentiated, trained for and exported, against PyTorch and
 * ONNX Runtime; and writes docs/third-party.md. networks.py makes the files.
 *
 *     deno task bench:third-party FOLDER [--device native|wasm|webgpu] [--only NAME] [--table]
 *
 * FOLDER is what networks.py left. Each file's record goes to FOLDER/measured.jsonl; files that have one are passed over,
 * so that a stopped run goes on. `--only` measures files again whose names begin so; `--table` measures nothing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { gradCamMap } from "../../src/baselines/activation/grad_cam.ts";
import { classifierOver, type OpenClassifier } from "../../src/classifier/open.ts";
import { loadClassifier } from "../../src/classifier/load.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { type PreparedImage, sameCrop } from "../../src/classifier/prepared_image.ts";
import type { Crop } from "../../src/image/preprocess.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { type ClassifierPair, loadPair } from "../../src/ptame/classifier_pair.ts";
import { cropOfView } from "../../src/ptame/shared_view.ts";
import { exportExplainer } from "../../src/ptame/export_explainer.ts";
import { train } from "../../src/ptame/training/trainer.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { type Device, float32Data, float32Tensor, int64Tensor, openSession } from "../../src/runtime/mod.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import type { RgbImage } from "../../src/image/types.ts";
import { writeTable } from "./table.ts";
import type { Cell, Expected, Measured } from "./types.ts";

const given = parseArgs(Deno.args, { string: ["device", "only"], boolean: ["table"] });
const folder = String(given._[0] ?? "");
if (folder === "") {
  console.error(
    "Usage: bench/third_party/measure.ts FOLDER [--device native|wasm|webgpu] [--only NAME] [--table]",
  );
  Deno.exit(2);
}
const device = (given.device ?? "native") as Device;
const RECORD = `${folder}/measured.jsonl`;
const STEPS = 3;

function unpack(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
}

/** Largest difference over the largest magnitude. */
function away(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let [most, scale] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Infinity : difference;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return most / scale;
}

/** Runs one part; an error is its result. */
async function part(act: () => Promise<Cell>): Promise<Cell> {
  try {
    return await act();
  } catch (error) {
    const { message } = error as Error;
    return { refused: message.split("\n")[0]!.slice(0, 300) };
  }
}

/** The image of networks.py, from the file that it was written to. */
function imageOf(side: number): Float32Array {
  return new Float32Array(Deno.readFileSync(`${folder}/image.${side}.bin`).buffer);
}

/** The scores of the file as it is. */
async function explained(open: OpenClassifier, image: Float32Array, expected: Expected): Promise<Cell> {
  const [scores] = await open.logits([image]);
  return { away: away(scores!, unpack(expected.runtime!)) };
}

/** Grad-CAM at the layer that is found, and the module of PyTorch that has the same values. */
async function tapped(open: OpenClassifier, image: Float32Array, expected: Expected): Promise<Cell> {
  const tap = open.tap();
  const layer = `${tap.name} (${tap.channels} x ${tap.height} x ${tap.width})`;
  const pass = await open.tapped(image, expected.target);
  const map = gradCamMap(pass).values;
  const sum = pass.activations.reduce((total, value) => total + value, 0);
  const norm = Math.sqrt(pass.activations.reduce((total, value) => total + value * value, 0));
  const same = expected.cams.filter(({ shape, ...cam }) =>
    shape.join() === [tap.channels, tap.height, tap.width].join() &&
    Math.abs(cam.norm - norm) < 2e-4 * norm && Math.abs(cam.sum - sum) < 2e-4 * norm * Math.sqrt(map.length)
  );
  if (!map.every(Number.isFinite)) return { layer, refused: "the map is not finite" };
  // Without a module of the same values there is nothing to compare with.
  if (same.length === 0) return { layer };
  const nearest = same.map((cam) => ({ cam, away: away(map, unpack(cam.map)) })).reduce((a, b) =>
    b.away < a.away ? b : a
  );
  return { layer, module: nearest.cam.module, away: nearest.away };
}

/** The gradients that integrated gradients are made of, at the points that PyTorch took. */
async function integrated(open: OpenClassifier, image: Float32Array, expected: Expected): Promise<Cell> {
  const { points, gradients } = expected;
  if (points === undefined) {
    const [gradient] = await open.inputGradients([image], expected.target);
    return gradient!.every(Number.isFinite) ? {} : { refused: "the gradient is not finite" };
  }
  const found: Float32Array[] = [];
  for (const share of points) {
    const [gradient] = await open.inputGradients([image.map((value) => share * value)], expected.target);
    found.push(gradient!);
  }
  const all = new Float32Array(found.length * image.length);
  found.forEach((gradient, i) => all.set(gradient, i * image.length));
  return { away: away(all, unpack(gradients!)) };
}

/** A smooth photograph with a little noise. */
function photograph(seed: number, side: number): RgbImage {
  const data = new Uint8Array(3 * side * side);
  let state = seed + 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const [x, y] = [Math.floor(i / 3) % side / side, Math.floor(i / 3 / side) / side];
    data[i] = 128 + 90 * Math.sin((7 + seed) * x + i % 3) * Math.cos(5 * y - seed) + (state >>> 28);
  }
  return { width: side, height: side, data };
}

/** Three steps of a head, and the exported explainer against the one that runs here. */
async function trainedAndExported(
  model: OnnxModel,
  side: number,
): Promise<{ trained: Cell; exported: Cell }> {
  const images = Array.from({ length: STEPS }, (_, i) => photograph(i, Math.round(side * 1.2)));
  let head: Uint8Array | undefined;
  let auxiliary: OnnxModel | string = model;
  const run = async (): Promise<Cell> => {
    const result = await train({ backbone: model, auxiliary, images, batch: 1, steps: STEPS, device });
    head = result.head;
    const loss = result.losses.at(-1)!.total;
    return Number.isFinite(loss) ? { loss } : { refused: "the loss is not finite" };
  };
  let trained = await part(run);
  if (trained.refused?.includes("feature map") || trained.refused?.includes("Cannot read")) {
    // A network without square maps is read by another one.
    auxiliary = "efficientnet_lite0";
    trained = await part(run);
  }
  if (head === undefined) return { trained, exported: { refused: "no head" } };
  const exported = await part(async () => {
    const made = await exportExplainer({ model, auxiliary, head: head!, requireTarget: true });
    const parts = [...made.parts];
    const file = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    const session = await openSession(file, { device });
    const pixels = photograph(7, side);
    await using explainer = await createExplainer({ model, auxiliary, head: head!, device });
    const view = preprocess(pixels, made.view).pixels;
    const prepared = await cutsOfView(view, made.view, await loadPair({ model, auxiliary }, undefined));
    const { crop } = made.view;
    const outputs = await session.run({
      image: float32Tensor(view, [1, 3, crop, crop]),
      target: int64Tensor([1], [1]),
    });
    await session.dispose();
    const { values } = await explainer.mask(prepared, 1);
    return { away: away(float32Data(outputs["map"]!), values) };
  });
  return { trained, exported };
}

/** What the networks read of the file's image: cut as the file itself cuts it, without rounding between. */
async function cutsOfView(
  view: Float32Array,
  seen: Crop,
  { backbone, auxiliary }: ClassifierPair,
): Promise<PreparedImage> {
  const b = createBuilder("cuts");
  const shape = [1, 3, seen.crop, seen.crop];
  const image = b.input("image", "float32", shape);
  const owner = { pixels: backbone, auxiliaryPixels: auxiliary };
  for (const [name, { facts }] of Object.entries(owner)) {
    b.output(b.identity(cropOfView(b, image, seen, facts.preprocessing)), name);
  }
  const session = await openSession(b.build(), { device });
  const cuts = await session.run({ image: float32Tensor(view, shape) });
  await session.dispose();
  const pixels = float32Data(cuts["pixels"]!);
  return sameCrop(backbone.facts.preprocessing, auxiliary.facts.preprocessing)
    ? { pixels }
    : { pixels, auxiliaryPixels: float32Data(cuts["auxiliaryPixels"]!) };
}

async function measured(file: string): Promise<Measured> {
  const expected = JSON.parse(Deno.readTextFileSync(`${folder}/${file}.json`)) as Expected;
  if (expected.failed !== undefined) return { file, failed: expected.failed };
  const { side } = expected;
  const image = imageOf(side);
  const model: OnnxModel = {
    name: file,
    onnx: Deno.readFileSync(`${folder}/${file}.onnx`),
    dequantize: true,
    preprocessing: { size: side, mean: [0, 0, 0], std: [1, 1, 1] },
  };
  const started = performance.now();
  let open: OpenClassifier;
  try {
    open = await classifierOver(await loadClassifier({ model }), { device, batch: 1 });
  } catch (error) {
    return { file, failed: (error as Error).message };
  }
  const cells: Pick<Measured, "explain" | "gradcam" | "integrated"> = {
    explain: await part(() => explained(open, image, expected)),
    gradcam: await part(() => tapped(open, image, expected)),
    integrated: await part(() => integrated(open, image, expected)),
  };
  await open.dispose();
  const { trained, exported } = await trainedAndExported(model, side);
  const seconds = Math.round((performance.now() - started) / 1000);
  return { file, ...cells, trained, exported, seconds, device };
}

function recorded(): Map<string, Measured> {
  try {
    const lines = Deno.readTextFileSync(RECORD).split("\n").filter((line) => line !== "");
    return new Map(lines.map((line) => JSON.parse(line) as Measured).map((each) => [each.file, each]));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}

const done = recorded();
const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length)).sort();
for (const file of given.table ? [] : files) {
  if (given.only === undefined ? done.has(file) : !file.startsWith(given.only)) continue;
  const result = await measured(file);
  Deno.writeTextFileSync(RECORD, JSON.stringify(result) + "\n", { append: true });
  done.set(file, result);
  console.log(JSON.stringify(result));
}
writeTable(new URL("../../docs/third-party.md", import.meta.url), [...done.values()]);
