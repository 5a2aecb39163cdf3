/** Shared rows: one function of a class's vector for all classes, written out into an ordinary fuser. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FUSER, headParameters } from "../../../src/ptame/head.ts";
import { findHeadShape } from "../../../src/ptame/explainer_graph.ts";
import { PRESETS } from "../../../src/ptame/training/presets.ts";
import {
  COMMON,
  createRowStart,
  MIXING,
  type RowForm,
  writtenOut,
} from "../../../src/ptame/training/rows.ts";
import { extractHead, initialState, parameterState } from "../../../src/ptame/training/training_state.ts";
import { openTrainingStep, type TrainingStepOptions } from "../../../src/ptame/training/training_step.ts";
import { float32Data } from "../../../src/runtime/mod.ts";
import { heavyTests, softwareGpu, warmUpWasm } from "../../support/devices.ts";
import { seededImage, uniforms } from "../../support/seeded_weights.ts";
import { seededFrozen, seededHead } from "../seeded_networks.ts";
import { tinyAuxiliary, tinyBackbone } from "../tiny_networks.ts";

await warmUpWasm();

const SHAPE = findHeadShape(tinyAuxiliary, 10);
const WIDTH = 16;
const LENGTH = SHAPE.channels.reduce((a, c) => a + c, 0);
const ROWS = {
  kind: "shared",
  width: WIDTH,
  scales: [0.5, 1, 2, 0.25],
  commonScales: [3, 0.1, 1, 0],
} as const satisfies RowForm;
const HEAD = seededHead(SHAPE, 5);
const START = createRowStart(
  HEAD,
  Float32Array.from(uniforms("vectors", SHAPE.classes * WIDTH, 1), (value) => value - 0.5),
);
const TARGETS = [4, 7, 4];
const SETTINGS = { step: 0, learningRate: 1e-3, beta1: 0.9, weightDecay: 0 };
const VIEWS = PRESETS.find(({ views }) => views !== undefined)!.views!;

async function stepOf(options: Partial<TrainingStepOptions>) {
  const step = await openTrainingStep({
    auxiliary: seededFrozen(tinyAuxiliary, 1),
    backbone: seededFrozen(tinyBackbone, 2),
    shape: SHAPE,
    weights: PRESETS[1]!,
    batch: TARGETS.length,
    device: "wasm",
    gradients: true,
    rows: ROWS,
    rowStart: START,
    ...options,
  }, initialState(SHAPE, HEAD, options.rows ?? ROWS));
  try {
    const images = seededImage(3, [TARGETS.length, 3, 64, 64]);
    const report = await step.run({ images, targets: TARGETS, step: 4 }, SETTINGS);
    return { ...report, state: await step.state() };
  } finally {
    await step.dispose();
  }
}

const rowOf = (fuser: Float32Array, c: number) => fuser.subarray(c * LENGTH, (c + 1) * LENGTH);

Deno.test("extractHead() writes shared rows out as start + scale·(w·M) + common scale·k", () => {
  const mixing = Float32Array.from(uniforms("mixing", WIDTH * LENGTH, 2));
  const common = Float32Array.from(uniforms("common", LENGTH, 3));
  const fuser = writtenOut(SHAPE, ROWS, START, mixing, common);
  for (const [c, channel, tap] of [[0, 0, 0], [9, 5, 1], [3, 13, 2], [6, 39, 3]] as const) {
    let sum = 0;
    for (let k = 0; k < WIDTH; k++) sum += START.vectors[c * WIDTH + k]! * mixing[k * LENGTH + channel]!;
    const expected = START.fuser[c * LENGTH + channel]! + ROWS.scales[tap]! * sum +
      ROWS.commonScales[tap]! * common[channel]!;
    assert(Math.abs(fuser[c * LENGTH + channel]! - expected) < 1e-5);
  }
  const state = initialState(SHAPE, HEAD, ROWS);
  assertEquals([...extractHead(SHAPE, state, ROWS, START)].map(({ name }) => name), [
    ...headParameters(SHAPE).keys(),
  ]);
  const untouched = extractHead(SHAPE, state, ROWS, START).find(({ name }) => name === FUSER)!;
  assertEquals(untouched.data, START.fuser);
});

Deno.test("a step with shared rows changes the row of a class that no picture shows", async () => {
  const { state, gradients } = await stepOf({});
  const tensors = extractHead(SHAPE, state, ROWS, START);
  const fuser = tensors.find(({ name }) => name === FUSER)!.data;
  const moved = rowOf(fuser, 2).some((value, i) => value !== rowOf(START.fuser, 2)[i]);
  assert(moved, "row 2 stands where it stood");
  assert(gradients.has(MIXING) && gradients.has(COMMON) && !gradients.has(FUSER));

  const own = await stepOf({ rows: { kind: "own" } });
  const same = float32Data(own.state[parameterState(FUSER)]!);
  assertEquals(rowOf(same, 2), rowOf(START.fuser, 2));
});

Deno.test("shared rows give the loss that the same rows give as a class's own", async () => {
  const [shared, own] = [await stepOf({}), await stepOf({ rows: { kind: "own" } })];
  for (const term of ["ce", "area", "variation", "total"] as const) {
    assert(Math.abs(shared.terms[term] / own.terms[term] - 1) < 1e-6, term);
  }
});

for (const device of ["native", "webgpu"] as const) {
  Deno.test({
    name: `a step with shared rows and budgeted masks is the same on ${device} as on wasm`,
    ignore: device === "webgpu" && (!(await softwareGpu()) || !heavyTests()),
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const budget = { views: VIEWS, each: 4 };
      const expected = await stepOf({ budget });
      const found = await stepOf({ budget, device, microBatch: 2 });
      for (const term of ["ce", "area", "total"] as const) {
        assert(Math.abs(found.terms[term] - expected.terms[term]) < 1e-4, term);
      }
      for (const [name, gradient] of expected.gradients) {
        const [a, b] = [float32Data(found.gradients.get(name)!), float32Data(gradient)];
        const norm = Math.hypot(...b);
        const away = Math.hypot(...a.map((value, i) => value - b[i]!));
        assert(away <= 2e-3 * norm, `the gradient of ${name} is away by ${away / norm}`);
      }
    },
  });
}

Deno.test("openTrainingStep() refuses shared rows without a start that fits", async () => {
  let message = "";
  try {
    await stepOf({ rowStart: { fuser: START.fuser, vectors: new Float32Array(3) } });
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(
    message,
    `Cannot train shared rows: they need a start of 10 x ${LENGTH} weights and 10 vectors of ${WIDTH}`,
  );
  assertThrows(() => createRowStart([], START.vectors), TypeError, "the head has no fuser.weight");
});
