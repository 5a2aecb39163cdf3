import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../../src/image/decode.ts";
import { edgeMap } from "../../../src/image/edges.ts";
import { preprocess } from "../../../src/image/preprocess.ts";
import { createBuilder } from "../../../src/graph/builder.ts";
import { FUSER, headFeature, type HeadShape } from "../../../src/ptame/head.ts";
import { initialParameters } from "../../../src/ptame/initial_parameters.ts";
import { findHeadShape } from "../../../src/ptame/explainer_graph.ts";
import { edgeStart, withEdgeRow } from "../../../src/ptame/training/edge_start.ts";
import { openImageCrops } from "../../../src/ptame/training/image_crops.ts";
import { rowLength } from "../../../src/ptame/training/rows.ts";
import { BACKBONE_PREFIX } from "../../../src/ptame/explainer_graph.ts";
import { float32Data, float32Tensor, openSession } from "../../../src/runtime/mod.ts";
import { seededFrozen } from "../seeded_networks.ts";
import { tinyAuxiliary } from "../tiny_networks.ts";
import { TrainingError } from "../../../src/ptame/errors.ts";
import type { TrainOptions, TrainProgress } from "../../../src/ptame/training/train_options.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import { heavyTests, warmUpWasm } from "../../support/devices.ts";

const square = (side: number) => ({ width: side, height: side });

await warmUpWasm();

const photo = (i: number) => new URL(`../../fixtures/image/photo_${i}.jpg`, import.meta.url);
const [SIDE, SIZE] = [64, 16];
const CUT = { ...tinyAuxiliary.preprocessing, resize: SIDE, crop: SIDE };
const SHAPE: HeadShape = findHeadShape(tinyAuxiliary, 5);

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, ownA, ownB] = [0, 0, 0];
  a.forEach((value, i) => {
    both += (value - meanA) * (b[i]! - meanB);
    ownA += (value - meanA) ** 2;
    ownB += (b[i]! - meanB) ** 2;
  });
  return both / Math.sqrt(ownA * ownB);
}

Deno.test("edgeStart() makes the first tap draw the edges of pictures, as strong as it is told", async () => {
  const network = seededFrozen(tinyAuxiliary, 7);
  const images = [photo(0), photo(4), new Uint8Array(3), photo(8)];
  const crops = openImageCrops({ images, inputs: [{ resize: 40, crop: 32 }, CUT] });
  const head = initialParameters(SHAPE, { kind: "default" }, 1);
  const given = {
    auxiliary: network,
    shape: SHAPE,
    head,
    crops,
    use: [0, 1, 2, 3],
    input: 1,
    steps: 2000,
    device: "wasm",
    seed: 2,
  } as const;
  const start = await edgeStart({ ...given, strength: 0.5 });
  assert(start.explained > 0.4 && start.explained < 1, `explained ${start.explained}`);

  // Only the first tap changes, and of the fuser only its part, alike for all classes.
  const before = new Map(head.map(({ name, data }) => [name, data]));
  const length = rowLength(SHAPE);
  for (const { name, data } of start.head) {
    if (name.includes(".0.")) continue;
    const own = before.get(name)!;
    const added = name === FUSER ? start.row : [];
    assertEquals(data, own.map((value, i) => value + (added[i % length] ?? 0)), name);
  }
  // Going on from a checkpoint adds the same row.
  const resumed = withEdgeRow(head, SHAPE, start.row).find(({ name }) => name === FUSER)!;
  assertEquals(resumed.data, start.head.find(({ name }) => name === FUSER)!.data);

  const b = createBuilder("first tap");
  const image = b.input("images", "float32", [1, 3, SIDE, SIDE]);
  const { taps } = network.pass(b.scope(BACKBONE_PREFIX), image);
  b.output(taps![0]!, "tap");
  const parameters = new Map(start.head.map((tensor) => [tensor.name, tensor]));
  b.output(headFeature(b.scope("head."), taps![0]!, 0), "feature");
  const graph = b.build();
  for (const [name, initializer] of graph.initializers) {
    const tensor = name.startsWith("head.") ? parameters.get(name.slice(5)) : undefined;
    if (tensor === undefined) continue;
    const bytes = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    (graph.initializers as Map<string, unknown>).set(name, {
      ...initializer,
      data: { kind: "inline", bytes },
    });
  }
  const bound = network.bind({ graph, files: new Map() }, BACKBONE_PREFIX);
  const session = await openSession(bound.graph, { device: "wasm", files: bound.files });
  const { pixels } = preprocess(await decodeImage(photo(4)), CUT);
  const outputs = await session.run({ images: float32Tensor(pixels, [1, 3, SIDE, SIDE]) });
  await session.dispose();
  const feature = float32Data(outputs["feature"]!);
  const drawn = new Float32Array(SIZE * SIZE);
  start.row.forEach((weight, c) =>
    drawn.forEach((_, i) => drawn[i]! += weight * feature[c * SIZE * SIZE + i]!)
  );
  const likeness = correlation(drawn, edgeMap(pixels, square(SIDE), SIZE));
  assert(likeness > 0.6, `the first tap's map and the edges correlate with ${likeness}`);

  const twice = await edgeStart({ ...given, strength: 1 });
  start.row.forEach((weight, i) =>
    assert(Math.abs(twice.row[i]! - 2 * weight) < 1e-5 * Math.abs(weight) + 1e-9)
  );
});

Deno.test({
  name: "train() with edges goes on bit for bit from a checkpoint, on native",
  ignore: !heavyTests(),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const options: TrainOptions = {
      backbone: "efficientnet_lite0",
      images: [0, 4, 7, 8].map(photo),
      batch: 2,
      steps: 3,
      device: "native",
      imageWorkers: 0,
      form: { edges: 0.4 },
    };
    const whole = await train(options);
    let saved: Uint8Array | undefined;
    const checkpoint = {
      load: () => Promise.resolve(saved),
      save: (bytes: Uint8Array) => Promise.resolve(void (saved = bytes)),
    };
    const controller = new AbortController();
    const stop = (progress: TrainProgress) => progress.kind === "step" && controller.abort();
    await assertRejects(() => train({ ...options, checkpoint, signal: controller.signal, onProgress: stop }));
    const resumed: string[] = [];
    const last = await train({ ...options, checkpoint, onProgress: ({ kind }) => resumed.push(kind) });
    assertEquals(resumed.includes("edges"), false, "what was fitted is in the checkpoint");
    assertEquals(last.last, whole.last);
    await assertRejects(() => train({ ...options, checkpoint, form: { edges: 0.3 } }), TrainingError);
  },
});
