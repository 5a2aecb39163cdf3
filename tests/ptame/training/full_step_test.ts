/**
 * The training step at full size, ResNet-18 as auxiliary and ResNet-50 as backbone, against PyTorch in float64
 * (tests/fixtures/ptame/generate_step.py).
 */
import { assert } from "@std/assert";
import { findNetwork } from "../../../models/registry.ts";
import type { LossWeights } from "../../../src/ptame/training/loss.ts";
import { findHeadShape } from "../../../src/ptame/explainer_graph.ts";
import { initialState } from "../../../src/ptame/training/training_state.ts";
import { openTrainingStep, type StepReport } from "../../../src/ptame/training/training_step.ts";
import { float32Data } from "../../../src/runtime/mod.ts";
import { heavyTests, warmUpWasm } from "../../support/devices.ts";
import { openWholeStep } from "../../support/whole_step.ts";
import { seededImage } from "../../support/seeded_weights.ts";
import { seededFrozen, seededHead } from "../seeded_networks.ts";

await warmUpWasm();

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/ptame/full_step.json", import.meta.url)),
) as {
  readonly seed: number;
  readonly targets: readonly number[];
  readonly weights: LossWeights;
  readonly terms: Readonly<Record<keyof StepReport["terms"], number>>;
  readonly gradients: Readonly<
    Record<string, { norm: number; positions: number[]; values: number[]; float32_error: number }>
  >;
};

const FORMS = [["in parts, one image at a time", openTrainingStep], ["whole", openWholeStep]] as const;

for (const [form, open] of FORMS) {
  const name = `a training step of ResNet-18 and ResNet-50 ${form} agrees with PyTorch`;
  Deno.test(name, { ignore: !heavyTests() }, async () => {
    const { seed, targets, weights } = FIXTURE;
    const [resnet18, resnet50] = [findNetwork("resnet18")!, findNetwork("resnet50")!];
    const shape = findHeadShape(resnet18, 1000);
    const step = await open({
      auxiliary: seededFrozen(resnet18, seed),
      backbone: seededFrozen(resnet50, seed + 100),
      shape,
      weights,
      batch: targets.length,
      device: "wasm",
      gradients: true,
      // The whole step has no use for it.
      microBatch: 1,
    }, initialState(shape, seededHead(shape, seed + 200)));
    const images = seededImage(seed, [targets.length, 3, 224, 224]);
    const settings = { step: 0, learningRate: 1e-4, beta1: 0.95, weightDecay: 0.1 };
    const { terms, gradients } = await step.run({ images, targets }, settings);
    await step.dispose();

    for (const [name, value] of Object.entries(FIXTURE.terms)) {
      const found = terms[name as keyof StepReport["terms"]];
      assert(Math.abs(found / value - 1) < 1e-5, `${name} is ${found}, not ${value}`);
    }
    const errors = Object.entries(FIXTURE.gradients).map(
      ([name, { norm, positions, values, float32_error }]) => {
        const gradient = float32Data(gradients.get(name)!);
        const found = positions.map((position) => gradient[position]!);
        const dot = found.reduce((sum, value, i) => sum + value * values[i]!, 0);
        const cosine = dot / Math.hypot(...found) / Math.hypot(...values);
        const length = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
        const away = Math.hypot(...found.map((value, i) => value - values[i]!)) / Math.hypot(...values);
        assert(1 - cosine < 2e-6, `the gradient of ${name} has a cosine of ${cosine}`);
        assert(Math.abs(length / norm - 1) < 2e-3, `the gradient of ${name} is ${length} long, not ${norm}`);
        assert(away < 2e-3, `the gradient of ${name} is away by ${away}`);
        return `${name} ${away.toExponential(0)} (${float32_error.toExponential(0)})`;
      },
    );
    console.log(`Gradients, away from float64 (PyTorch's float32): ${errors.join(", ")}`);
  });
}
