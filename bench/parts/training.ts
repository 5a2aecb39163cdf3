/**
 * A training step against the forward passes that it is made of.
 *
 * @module
 */
import type { GraphPart } from "../../src/classifier/types.ts";
import { findNetwork } from "../../models/registry.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { AUXILIARY_PREFIX } from "../../src/ptame/explainer_graph.ts";
import { BACKBONE_PREFIX } from "../../src/ptame/explainer_graph.ts";
import { forwardGraph } from "../../src/ptame/training/step.ts";
import { initialState } from "../../src/ptame/training/training_state.ts";
import { openTrainingStep } from "../../src/ptame/training/training_step.ts";
import { type Device, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { seededFrozen, seededHead } from "../../tests/ptame/seeded_networks.ts";
import { openWholeStep } from "../../tests/support/whole_step.ts";
import { seededImage } from "../../tests/support/seeded_weights.ts";
import { inTurns, type Part, rowsAgainst } from "../measure.ts";

/** The paper's weights for ResNet-50. */
const LOSS = { ce: 0.16, area: 0.84, smooth: 0, border: 0, power: 0.3 };

async function openPass(network: GraphPart, prefix: string, taps: boolean, device: Device) {
  const graph = forwardGraph(network, 1, prefix, { taps, logits: !taps });
  const bound = network.bind({ graph, files: new Map() }, prefix);
  return await openSession(bound.graph, { device, files: bound.files });
}

/** ResNet-18 and ResNet-50, one picture, its label known: the step whole, and in parts. */
export const training: Part = async function* ({ rounds, devices, doing }) {
  const [first, second] = [findNetwork("resnet18")!, findNetwork("resnet50")!];
  const [auxiliary, backbone] = [seededFrozen(first, 1), seededFrozen(second, 2)];
  const shape = findHeadShape(first, second.classes);
  const images = seededImage(4, [1, 3, 224, 224]);
  const one = float32Tensor(images, [1, 3, 224, 224]);
  for (const device of devices) {
    doing(`training step, resnet50 + resnet18 on ${device}`);
    const passes = [
      await openPass(auxiliary, AUXILIARY_PREFIX, true, device),
      await openPass(backbone, BACKBONE_PREFIX, false, device),
    ];
    const contestants: Record<string, () => Promise<unknown>> = {
      "forward passes": async () => {
        for (const session of passes) await session.run({ images: one });
      },
    };
    const steps = [];
    let count = 0;
    for (const [form, open] of [["whole", openWholeStep], ["parts", openTrainingStep]] as const) {
      const step = await open(
        { auxiliary, backbone, shape, weights: LOSS, batch: 1, microBatch: 1, device },
        initialState(shape, seededHead(shape, 3)),
      );
      steps.push(step);
      contestants[`step, ${form}`] = () =>
        step.run({ images, targets: [0] }, {
          step: count++,
          learningRate: 1e-5,
          beta1: 0.9,
          weightDecay: 1e-3,
        });
    }
    const times = await inTurns(contestants, rounds);
    for (const each of [...passes, ...steps]) await each.dispose();
    yield* rowsAgainst(times, "forward passes", { part: "training", device, model: "resnet50 + resnet18" });
  }
};
