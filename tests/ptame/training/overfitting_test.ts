/** The whole method at work: on eight photos a head learns masks that are small and still show the class. */
import { assert } from "@std/assert";
import type { TrainOptions } from "../../../src/ptame/training/train_options.ts";
import { train } from "../../../src/ptame/training/trainer.ts";
import { heavyTests } from "../../support/devices.ts";

const PHOTOS = [0, 1, 2, 3, 4, 7, 8, 9].map((i) =>
  new URL(`../../fixtures/image/photo_${i}.jpg`, import.meta.url)
);
const RUN: TrainOptions = {
  backbone: "efficientnet_lite0",
  images: PHOTOS,
  batch: 8,
  microBatch: 8,
  seed: 1,
  device: "native",
  preset: "resnet50",
};

/**
 * Loss terms of a head on the same crop of each of the eight photos: those of a step at learning rate 0. With p = 1 the
 * area is the mean of all 8×8 masks; exp(−CE) is the geometric mean of the targets' probabilities under their masks.
 */
async function measured(start: TrainOptions["start"]): Promise<{ area: number; probability: number }> {
  const hyperParameters = { learningRate: 0, weightDecay: 0, power: 1 };
  const { losses } = await train({
    ...RUN,
    steps: 1,
    hyperParameters,
    ...(start === undefined ? {} : { start }),
  });
  return { area: losses[0]!.area, probability: Math.exp(-losses[0]!.ce) };
}

Deno.test({
  name: "train() on eight photos: the loss falls, the masks shrink, the targets' probability holds",
  // Twelve steps of eight photos.
  ignore: !heavyTests(),
  fn: learns,
});

async function learns(): Promise<void> {
  const before = await measured("class-activation");
  const { losses, last } = await train({
    ...RUN,
    steps: 10,
    start: "class-activation",
    hyperParameters: { learningRate: 1e-3 },
  });
  const after = await measured(last);
  const found = `area ${before.area.toFixed(3)} to ${after.area.toFixed(3)}, ` +
    `probability ${before.probability.toFixed(3)} to ${after.probability.toFixed(3)}`;
  const mean = (part: typeof losses) => part.reduce((sum, loss) => sum + loss.total, 0) / part.length;
  // Each step sees other crops: three of them at a time.
  assert(mean(losses.slice(-3)) < 0.9 * mean(losses.slice(0, 3)), "the loss falls");
  assert(after.area < 0.7 * before.area, found);
  assert(after.probability > 0.9 * before.probability, found);
}
