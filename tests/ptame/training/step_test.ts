/**
 * One whole training step against PyTorch's in float64 (tests/fixtures/ptame/generate_step.py), on every device and
 * in every way of cutting it.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { HeadShape } from "../../../src/ptame/head.ts";
import type { LossWeights } from "../../../src/ptame/training/loss.ts";
import { findHeadShape } from "../../../src/ptame/explainer_graph.ts";
import {
  initialState,
  MOMENTS,
  momentState,
  parameterRole,
  parameterState,
} from "../../../src/ptame/training/training_state.ts";
import {
  openTrainingStep,
  type StepReport,
  type TrainingState,
  type TrainingStepOptions,
} from "../../../src/ptame/training/training_step.ts";
import { float32Data } from "../../../src/runtime/mod.ts";
import { heavyTests, softwareGpu, warmUpWasm } from "../../support/devices.ts";
import { openWholeStep } from "../../support/whole_step.ts";
import { seededImage, uniforms } from "../../support/seeded_weights.ts";
import { seededFrozen, seededHead } from "../seeded_networks.ts";
import { tinyAuxiliary, tinyBackbone } from "../tiny_networks.ts";

await warmUpWasm();

interface Case {
  readonly name: string;
  readonly seed: number;
  readonly targets: readonly number[];
  readonly weights: LossWeights;
  readonly weight_decay: number;
  readonly step: number;
  readonly learning_rate: number;
  readonly beta1: number;
  readonly terms: Readonly<Record<keyof StepReport["terms"], number>>;
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly next: Readonly<Record<string, readonly number[]>>;
}

const { tiny: CASES } = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/ptame/step.json", import.meta.url)),
) as { tiny: Case[] };

const SHAPE: HeadShape = findHeadShape(tinyAuxiliary, 10);

/** The state that generate_step.py starts from: moments as of a run under way. */
function stateOf({ seed }: Case): TrainingState {
  const state = initialState(SHAPE, seededHead(SHAPE, seed + 200));
  for (const name of [...new Set(Object.keys(state).map((key) => key.replace(/^[a-z]+\./, "")))]) {
    if (parameterRole(name) !== "learned") continue;
    const [first, second, largest] = MOMENTS.map((moment) => float32Data(state[momentState(moment, name)]!));
    const u = (kind: string) => uniforms(`${kind}.${name}`, first!.length, seed);
    const [a, c, d] = [u("first"), u("second"), u("largest")];
    for (let i = 0; i < first!.length; i++) {
      first![i] = (2 * a[i]! - 1) * 1e-2;
      second![i] = c[i]! * 1e-4 + 1e-6;
      largest![i] = Math.max(second![i]! * (0.999 + d[i]!), second![i]!);
    }
  }
  return state;
}

/** How a step is run: "whole" in one graph. */
type StepForm = Partial<TrainingStepOptions> & { readonly form?: "whole" };

/** Opens a step in the form that is asked for. */
function openStep({ form, ...options }: TrainingStepOptions & StepForm, state: TrainingState) {
  return form === "whole" ? openWholeStep(options, state) : openTrainingStep(options, state);
}

/** One step of a case. */
async function stepOf(
  each: Case,
  options: StepForm,
): Promise<StepReport & { readonly state: TrainingState; readonly partlyOnCpu: boolean }> {
  const step = await openStep({
    auxiliary: seededFrozen(tinyAuxiliary, each.seed),
    backbone: seededFrozen(tinyBackbone, each.seed + 100),
    shape: SHAPE,
    weights: each.weights,
    batch: each.targets.length,
    device: "wasm",
    gradients: true,
    ...options,
  }, stateOf(each));
  try {
    const images = seededImage(each.seed, [each.targets.length, 3, 64, 64]);
    const settings = {
      step: each.step,
      learningRate: each.learning_rate,
      beta1: each.beta1,
      weightDecay: each.weight_decay,
    };
    const report = await step.run({ images, targets: each.targets }, settings);
    return { ...report, state: await step.state(), partlyOnCpu: step.partlyOnCpu };
  } finally {
    await step.dispose();
  }
}

/** ‖found − expected‖/‖expected‖. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(found.length, expected.length);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

function assertNear(what: string, found: number, expected: number, relative: number): void {
  const error = Math.abs(found / expected - 1);
  assert(error <= relative, `${what} is ${found}, not ${expected}: ${error.toExponential(1)} away`);
}

function checkAgainstTorch(each: Case, found: Awaited<ReturnType<typeof stepOf>>): void {
  for (const [name, value] of Object.entries(each.terms)) {
    assertNear(name, found.terms[name as keyof StepReport["terms"]], value, 1e-5);
  }
  each.losses.forEach((value, i) => {
    const error = Math.abs(found.crossEntropies[i]! - value) / Math.max(1, value);
    assert(error < 1e-5, `cross-entropy ${i} is ${found.crossEntropies[i]}, not ${value}`);
  });
  let worst = 0;
  assertEquals([...found.gradients.keys()].sort(), Object.keys(each.gradients).sort());
  for (const [name, expected] of Object.entries(each.gradients)) {
    const error = distance(float32Data(found.gradients.get(name)!), expected);
    worst = Math.max(worst, error);
    assert(error < 2e-3, `the gradient of ${name} is away by ${error.toExponential(1)}`);
  }
  for (const [name, expected] of Object.entries(each.next)) {
    const next = float32Data(found.state[parameterState(name)]!);
    const limit = parameterRole(name) === "statistic" ? 1e-5 : 1e-6;
    const error = distance(next, expected);
    assert(error < limit, `${name} after the step is away by ${error.toExponential(1)}`);
  }
  console.log(`${each.name}: gradients within ${worst.toExponential(1)}`);
}

const FORMS: readonly [string, StepForm][] = [
  ["in parts on wasm", {}],
  ["in micro-batches of one on wasm", { microBatch: 1 }],
  ["whole on wasm", { form: "whole" }],
  ["in parts on native", { device: "native", microBatch: 1 }],
  ["whole on native", { device: "native", form: "whole" }],
  ["in parts on webgpu", { device: "webgpu", microBatch: 1 }],
  ["whole on webgpu", { device: "webgpu", form: "whole" }],
];

for (const [form, options] of FORMS) {
  const gpu = options.device === "webgpu";
  for (const each of gpu ? CASES.slice(1, 4) : CASES) {
    Deno.test({
      name: `a training step ${form} agrees with PyTorch: ${each.name}`,
      ignore: gpu && (!(await softwareGpu()) || !heavyTests()),
      sanitizeOps: options.device === undefined,
      sanitizeResources: options.device === undefined,
      fn: async () => {
        const found = await stepOf(each, options);
        assertEquals(found.partlyOnCpu, false);
        checkAgainstTorch(each, found);
      },
    });
  }
}

Deno.test("a training step in uneven micro-batches gives what the whole batch gives", async () => {
  const each = CASES.find(({ targets }) => targets.length === 4)!;
  const together = await stepOf(each, { form: "whole" });
  for (const microBatch of [1, 2, 3]) {
    const cut = await stepOf(each, { microBatch });
    assertNear("the loss", cut.terms.total, together.terms.total, 1e-6);
    for (const [name, tensor] of Object.entries(together.state)) {
      const [found, expected] = [float32Data(cut.state[name]!), float32Data(tensor)];
      if (expected.every((value) => value === 0)) assert(found.every((value) => value === 0), name);
      else assert(distance(found, expected) < 1e-5, `${name} with micro-batches of ${microBatch}`);
    }
  }
});

Deno.test("a training step moves a bias before batch statistics by weight decay alone", async () => {
  const each = CASES[3]!;
  const before = stateOf(each);
  const { state, gradients } = await stepOf(each, {});
  const name = parameterState("convs.2.bias");
  const kept = 1 - each.learning_rate * each.weight_decay;
  float32Data(before[name]!).forEach((value, i) =>
    assertNear("the bias", float32Data(state[name]!)[i]!, value * kept, 1e-7)
  );
  assert(!gradients.has("convs.2.bias"));
});

Deno.test("a training step moves the fuser rows of classes that are no target", async () => {
  const each = CASES[1]!;
  const { state, gradients } = await stepOf(each, {});
  const gradient = float32Data(gradients.get("fuser.weight")!);
  const width = gradient.length / 10;
  const row = (data: Float32Array, index: number) => data.subarray(index * width, (index + 1) * width);
  assert(row(gradient, 0).every((value) => value === 0));
  assert(row(gradient, 4).some((value) => value !== 0));
  const before = row(float32Data(stateOf(each)[parameterState("fuser.weight")]!), 0);
  const after = row(float32Data(state[parameterState("fuser.weight")]!), 0);
  assert(before.every((value, i) => value !== after[i]));
});

Deno.test("a training step depends on its pictures", async () => {
  const each = CASES[0]!;
  const first = await stepOf(each, { form: "whole" });
  const second = await stepOf({ ...each, seed: each.seed }, { form: "whole" });
  assertEquals(first.terms, second.terms);
  const step = await openStep({
    auxiliary: seededFrozen(tinyAuxiliary, each.seed),
    backbone: seededFrozen(tinyBackbone, each.seed + 100),
    shape: SHAPE,
    weights: each.weights,
    batch: 3,
    form: "whole",
    device: "wasm",
    gradients: true,
  }, stateOf(each));
  const settings = { step: 0, learningRate: 1e-3, beta1: 0.9, weightDecay: 0 };
  const other = await step.run({ images: seededImage(99, [3, 3, 64, 64]), targets: each.targets }, settings);
  await step.dispose();
  for (const [name, gradient] of first.gradients) {
    const error = distance(float32Data(other.gradients.get(name)!), float32Data(gradient));
    assert(error > 1e-2, `the gradient of ${name} does not depend on the picture`);
  }
});

Deno.test("openTrainingStep() takes the backbone's own top-1 where no target is given", async () => {
  const each = CASES[0]!;
  const backbone = seededFrozen(tinyAuxiliary, each.seed);
  const images = seededImage(each.seed, [3, 3, 64, 64]);
  const step = await openTrainingStep({
    auxiliary: backbone,
    backbone,
    shape: SHAPE,
    weights: each.weights,
    batch: 3,
    device: "wasm",
  }, stateOf(each));
  const settings = { step: 0, learningRate: 1e-3, beta1: 0.9, weightDecay: 0 };
  const predicted = await step.predict({ images });
  const report = await step.run({ images }, settings);
  assertEquals(report.targets, predicted);
  assertEquals(report.gradients.size, 0);
  await step.dispose();
});

Deno.test("openTrainingStep() refuses batch sizes that do not fit", async () => {
  const each = CASES[0]!;
  await assertRejects(() => stepOf(each, { microBatch: 4 }), RangeError, "Cannot split batches of 3");
  await assertRejects(() => stepOf(each, { microBatch: 0 }), RangeError, "Cannot train on batches of 0");
});

Deno.test("a training step refuses targets that do not fit and keeps its state", async () => {
  const each = CASES[0]!;
  const state = stateOf(each);
  const step = await openTrainingStep({
    auxiliary: seededFrozen(tinyAuxiliary, each.seed),
    backbone: seededFrozen(tinyBackbone, each.seed + 100),
    shape: SHAPE,
    weights: each.weights,
    batch: 3,
    device: "wasm",
  }, state);
  const images = seededImage(each.seed, [3, 3, 64, 64]);
  const settings = { step: 0, learningRate: 1e-3, beta1: 0.9, weightDecay: 0 };
  const run = (targets: number[], signal?: AbortSignal) =>
    step.run({ images, targets }, settings, { signal });
  await assertRejects(() => run([1, 2]), TypeError, "2 targets are given for 3 images");
  await assertRejects(
    () => run([1, 2, 10]),
    RangeError,
    "Cannot train for class 10: classes are numbered 0 to 9",
  );
  await assertRejects(() => run([1, 2, 3], AbortSignal.abort()), DOMException);
  assertEquals(await step.state(), state);
  await step.dispose();
});

Deno.test({
  name: "a training step on webgpu goes on from the state that stayed there",
  ignore: !(await softwareGpu()) || !heavyTests(),
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const each = CASES[1]!;
    const images = seededImage(each.seed, [4, 3, 64, 64]);
    const after: TrainingState[] = [];
    for (
      const options of [{ device: "wasm" }, { device: "webgpu", form: "whole" }, {
        device: "webgpu",
      }] as const
    ) {
      const step = await openStep({
        auxiliary: seededFrozen(tinyAuxiliary, each.seed),
        backbone: seededFrozen(tinyBackbone, each.seed + 100),
        shape: SHAPE,
        weights: each.weights,
        batch: 4,
        ...options,
      }, stateOf(each));
      for (let i = 0; i < 3; i++) {
        const settings = { step: each.step + i, learningRate: 1e-3, beta1: 0.9, weightDecay: 0.1 };
        await step.run({ images, targets: each.targets }, settings);
      }
      after.push(await step.state());
      await step.dispose();
    }
    const [expected, ...others] = after;
    for (const state of others) {
      for (const [name, tensor] of Object.entries(expected!)) {
        const error = distance(float32Data(state[name]!), float32Data(tensor));
        assert(error < 1e-4, `${name} after three steps is away by ${error}`);
      }
    }
  },
});
