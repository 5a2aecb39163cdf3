/**
 * A step in pieces, joined by averages as integrations/ray joins them, against the step of the whole batch.
 */
import { assert } from "@std/assert";
import { BACKBONE_PREFIX, findHeadShape } from "../../../src/ptame/explainer_graph.ts";
import { backboneGraph } from "../../../src/ptame/masks/masked_pass.ts";
import { createView, type View, viewLoss, viewsOfStep } from "../../../src/ptame/masks/views.ts";
import { shownImages, viewFeeds } from "../../../src/ptame/masks/view_feeds.ts";
import {
  BATCH_PREFIX,
  meanName,
  optimizerGraph,
  pieceGradientsGraph,
  pieceMasksGraph,
  type PieceOptions,
  statisticGradientsGraph,
  statisticsGraph,
  varianceName,
} from "../../../src/ptame/training/parallel_graphs.ts";
import {
  CLASS_VECTORS,
  OWN_ROWS,
  rowFeeds,
  type RowForm,
  rowLength,
  START_ROWS,
} from "../../../src/ptame/training/rows.ts";
import { forwardGraph, gradientName } from "../../../src/ptame/training/step.ts";
import { scalarTensors, stepSessions } from "../../../src/ptame/training/step_sessions.ts";
import { initialState, nextState, stateShapes } from "../../../src/ptame/training/training_state.ts";
import { openTrainingStep } from "../../../src/ptame/training/training_step.ts";
import { float32Data, float32Tensor, int64Tensor, type Tensor } from "../../../src/runtime/mod.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { seededImage, uniforms } from "../../support/seeded_weights.ts";
import { seededFrozen, seededHead } from "../seeded_networks.ts";
import { tinyAuxiliary, tinyBackbone } from "../tiny_networks.ts";

await warmUpWasm();

type Feeds = Record<string, Tensor>;

const SHAPE = findHeadShape(tinyAuxiliary, 10);
const [BATCH, PIECE] = [4, 2];
const WEIGHTS = { ce: 0.3, area: 0.7, smooth: 1e-3, border: 0.3, power: 0.3 };
const VIEWS = [
  createView(0.5),
  createView(0.3, { mask: "hard", fill: "neighbours", side: "remove", loss: "removal" }),
];
const TARGETS = [3, 1, 3, 7];
const SETTINGS = { step: 0, learningRate: 1e-3, beta1: 0.9, weightDecay: 0.01 };
const SHARED: RowForm = {
  kind: "shared",
  width: 16,
  scales: [0.1, 0.1, 0.2, 0.3],
  commonScales: [0.3, 0.2, 0.1, 0.1],
};
const HEAD = seededHead(SHAPE, 5);
const START = {
  fuser: float32Data(initialState(SHAPE, HEAD)["head.fuser.weight"]!),
  vectors: Float32Array.from(uniforms("vectors", 10 * 16, 1), (value) => value - 0.5),
};

/** Rows `at` to `at + count` of a tensor. */
function part({ data, shape, ...rest }: Tensor, at: number, count: number): Tensor {
  const width = data.length / shape[0]!;
  return {
    ...rest,
    shape: [count, ...shape.slice(1)],
    data: data.subarray(at * width, (at + count) * width),
  } as Tensor;
}

/** The mean of the same output of all pieces. */
function mean(pieces: readonly Feeds[], name: string): Tensor {
  const all = pieces.map((outputs) => float32Data(outputs[name]!));
  return float32Tensor(
    Float32Array.from(all[0]!, (_, i) => all.reduce((sum, data) => sum + data[i]!, 0) / all.length),
    pieces[0]![name]!.shape,
  );
}

function rowInputs(rows: RowForm, targets: readonly number[], prefix = ""): Feeds {
  if (rows.kind === "own") return { [`${prefix}targets`]: int64Tensor(targets) };
  const { startRows, classVectors } = rowFeeds(SHAPE, rows, START, targets);
  return {
    [prefix + START_ROWS]: float32Tensor(startRows, [targets.length, rowLength(SHAPE)]),
    [prefix + CLASS_VECTORS]: float32Tensor(classVectors, [targets.length, rows.width]),
  };
}

/** The next state and the gradients by the graphs of pieces. */
async function inPieces(rows: RowForm, views: readonly View[] | undefined, images: Tensor, state: Feeds) {
  const [auxiliary, backbone] = [seededFrozen(tinyAuxiliary, 1), seededFrozen(tinyBackbone, 2)];
  const options: PieceOptions = {
    shape: SHAPE,
    piece: PIECE,
    batch: BATCH,
    rows,
    ...(views === undefined ? {} : { views: 1 }),
  };
  const { open, dispose } = stepSessions("wasm");
  try {
    const features = await open(forwardGraph(auxiliary, PIECE, "a.", { taps: true, logits: false }), [[
      auxiliary,
      "a.",
    ]]);
    const statistics = await open(statisticsGraph(options), []);
    const masks = await open(pieceMasksGraph(options), []);
    const masked = await open(
      backboneGraph(backbone, PIECE, Math.max(...SHAPE.sizes), { fills: views !== undefined }),
      [[backbone, BACKBONE_PREFIX]],
    );
    const gradients = await open(pieceGradientsGraph(options, WEIGHTS), []);
    const throughStatistics = await open(statisticGradientsGraph(options), []);
    const optimizer = await open(optimizerGraph(options), []);

    const starts = Array.from({ length: BATCH / PIECE }, (_, i) => i * PIECE);
    const taps = await Promise.all(starts.map((at) => features.run({ images: part(images, at, PIECE) })));
    const seen = [];
    for (const each of taps) seen.push(await statistics.run({ ...each, ...state }));
    const joined: Feeds = {};
    for (const index of SHAPE.sizes.keys()) {
      const [m, v] = [meanName(index), varianceName(index)];
      joined[m] = mean(seen, m);
      const middle = float32Data(joined[m]);
      const spread = seen.map((each) => ({
        [v]: float32Tensor(
          float32Data(each[v]!).map((value, i) => value + (float32Data(each[m]!)[i]! - middle[i]!) ** 2),
          joined[m]!.shape,
        ),
      }));
      joined[v] = mean(spread, v);
    }
    const drawn = views && viewsOfStep(views, 0, BATCH, 1);
    const clean: Feeds[] = [];
    for (const [i, at] of starts.entries()) {
      const own = TARGETS.slice(at, at + PIECE);
      const fed: Feeds = {
        ...taps[i],
        ...joined,
        ...state,
        ...rowInputs(rows, own),
        ...rowInputs(rows, TARGETS, BATCH_PREFIX),
        ...(drawn && viewFeeds(drawn.slice(at, at + PIECE), PIECE, 1)),
      };
      const shown = await masks.run(fed);
      const pixels = part(images, at, PIECE);
      const given = drawn === undefined
        ? { images: pixels }
        : shownImages(drawn.slice(at, at + PIECE), pixels, 1, shown["masks"]!);
      const back = await masked.run({ ...given, masks: shown["masks"]!, targets: int64Tensor(own) });
      if (drawn !== undefined) {
        const data = float32Data(back["mask_gradients"]!);
        const width = data.length / PIECE;
        data.forEach((value, k) => {
          const row = Math.floor(k / width);
          const loss = float32Data(back["cross_entropies"]!)[row]!;
          data[k] = value * viewLoss(drawn[at + row]!, loss, NaN).factor / PIECE;
        });
      }
      clean.push({ ...fed, ...await gradients.run({ ...fed, ...shown, ...back }) });
    }
    const toStatistics: Feeds = {};
    for (const index of SHAPE.sizes.keys()) {
      for (const name of [meanName(index), varianceName(index)].map(gradientName)) {
        toStatistics[name] = mean(clean, name);
      }
    }
    const all: Feeds[] = [];
    for (const each of clean) {
      const more = await throughStatistics.run({ ...each, ...toStatistics });
      const sums = Object.entries(more).map(([name, tensor]) =>
        [
          name,
          float32Tensor(
            float32Data(tensor).map((value, i) => value + float32Data(each[name]!)[i]!),
            tensor.shape,
          ),
        ] as const
      );
      all.push({ ...each, ...Object.fromEntries(sums) });
    }
    const found = Object.fromEntries(
      Object.keys(all[0]!).filter((name) => name.startsWith(gradientName(""))).map((
        name,
      ) => [name, mean(all, name)]),
    );
    const next = await optimizer.run({ ...joined, ...found, ...state, ...scalarTensors(SETTINGS) });
    return { next, found };
  } finally {
    await dispose();
  }
}

/** The largest difference, as a share of the largest value. */
function away(a: Float32Array, b: Float32Array): number {
  const most = b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0) / most;
}

for (const [rowsName, rows] of [["own", OWN_ROWS], ["shared", SHARED]] as const) {
  for (const [masksName, views] of [["area", undefined], ["budget", VIEWS]] as const) {
    Deno.test(`a step in pieces is the step of the batch (${rowsName} rows, ${masksName} masks)`, async () => {
      const images = float32Tensor(seededImage(9, [BATCH, 3, 64, 64]), [BATCH, 3, 64, 64]);
      const state = initialState(SHAPE, HEAD, rows);
      // A run under way: at the first step, AdamW makes full steps of gradients that are rounding.
      for (const [name, tensor] of Object.entries(state)) {
        if (/^(second|largest)\./.test(name)) float32Data(tensor).fill(1e-4);
      }
      const { next, found } = await inPieces(rows, views, images, state);
      const step = await openTrainingStep({
        auxiliary: seededFrozen(tinyAuxiliary, 1),
        backbone: seededFrozen(tinyBackbone, 2),
        shape: SHAPE,
        weights: WEIGHTS,
        batch: BATCH,
        microBatch: PIECE,
        device: "wasm",
        gradients: true,
        rows,
        ...(rows.kind === "own" ? {} : { rowStart: START }),
        ...(views === undefined ? {} : { budget: { views, each: 1 } }),
      }, state);
      try {
        const report = await step.run({ images: float32Data(images), targets: TARGETS }, SETTINGS);
        for (const [name, gradient] of report.gradients) {
          const off = away(float32Data(found[gradientName(name)]!), float32Data(gradient));
          assert(off < 2e-5, `gradient of ${name} is away by ${off}`);
        }
        const whole = await step.state();
        for (const name of stateShapes(SHAPE, rows).keys()) {
          const off = away(float32Data(next[nextState(name)]!), float32Data(whole[name]!));
          assert(off < 2e-5, `${name} is away by ${off}`);
        }
      } finally {
        await step.dispose();
      }
    });
  }
}
