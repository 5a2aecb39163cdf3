/**
 * Milliseconds of a training step, beside the forward passes that it is made of: the auxiliary's, and the backbone's
 * on the masked picture. Rounds are interleaved, so that a busy machine disturbs all alike; medians are printed.
 *
 *     deno run -A tools/launch.ts deno run -A bench/train_step.ts [--device wasm] [--batch 1] [--micro N]
 *       [--auxiliary resnet18] [--backbone resnet50] [--rounds 7]
 *
 * Weights are made from seeds: time does not depend on them.
 *
 * @module
 */
import type { GraphPart } from "../src/classifier/types.ts";
import { findNetwork } from "../models/registry.ts";
import { findHeadShape } from "../src/ptame/explainer_graph.ts";
import { AUXILIARY_PREFIX } from "../src/ptame/explainer_graph.ts";
import { BACKBONE_PREFIX } from "../src/ptame/explainer_graph.ts";
import { forwardGraph } from "../src/ptame/training/step.ts";
import { initialState } from "../src/ptame/training/training_state.ts";
import { openTrainingStep } from "../src/ptame/training/training_step.ts";
import { type DeviceRequest, float32Tensor, openSession } from "../src/runtime/mod.ts";
import { seededFrozen, seededHead } from "../tests/ptame/seeded_networks.ts";
import { openWholeStep } from "../tests/support/whole_step.ts";
import { seededImage } from "../tests/support/seeded_weights.ts";

function argument(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1] ?? fallback;
}

const device = argument("device", "wasm") as DeviceRequest;
const batch = Number(argument("batch", "1"));
const microBatch = Number(argument("micro", String(batch)));
const rounds = Number(argument("rounds", "7"));
const [first, second] = [
  findNetwork(argument("auxiliary", "resnet18"))!,
  findNetwork(argument("backbone", "resnet50"))!,
];
const auxiliary = seededFrozen(first, 1);
const backbone = first === second ? auxiliary : seededFrozen(second, 2);
const shape = findHeadShape(first, second.classes);
const state = initialState(shape, seededHead(shape, 3));
const size = first.inputSize;
const images = seededImage(4, [batch, 3, size, size]);
const targets = Array.from({ length: batch }, (_, i) => i);
const weights = { ce: 0.16, area: 0.84, smooth: 0, border: 0, power: 0.3 };

async function openPass(network: GraphPart, prefix: string, taps: boolean) {
  const graph = forwardGraph(network, microBatch, prefix, { taps, logits: !taps });
  const bound = network.bind({ graph, files: new Map() }, prefix);
  return await openSession(bound.graph, { device, files: bound.files });
}

const contestants = new Map<string, () => Promise<unknown>>();
const micro = float32Tensor(
  images.subarray(0, microBatch * 3 * size * size),
  [microBatch, 3, size, size],
);
const passes = {
  "auxiliary, forward": await openPass(auxiliary, AUXILIARY_PREFIX, true),
  "backbone, forward": await openPass(backbone, BACKBONE_PREFIX, false),
};
for (const [name, session] of Object.entries(passes)) {
  contestants.set(name, async () => {
    for (let start = 0; start < batch; start += microBatch) await session.run({ images: micro });
  });
}
let count = 0;
const forms = [["whole", openWholeStep], ["parts", openTrainingStep]] as const;
for (const [form, open] of microBatch === batch ? forms : forms.slice(1)) {
  const started = performance.now();
  const step = await open(
    { auxiliary, backbone, shape, weights, batch, microBatch, device },
    state,
  );
  console.log(
    `step, ${form}: opened in ${(performance.now() - started).toFixed(0)} ms on ${step.device}` +
      (step.partlyOnCpu ? " (partly on the CPU)" : ""),
  );
  contestants.set(`step, ${form}`, () =>
    step.run({ images, targets }, {
      step: count++,
      learningRate: 1e-5,
      beta1: 0.9,
      weightDecay: 1e-3,
    }));
}

const times = new Map([...contestants.keys()].map((name) => [name, [] as number[]]));
for (let round = -2; round < rounds; round++) {
  for (const [name, run] of contestants) {
    const started = performance.now();
    await run();
    if (round >= 0) times.get(name)!.push(performance.now() - started);
  }
}
const medians = new Map([...times].map(([name, all]) => [name, all.sort((a, b) => a - b)[rounds >> 1]!]));
const forward = medians.get("auxiliary, forward")! + medians.get("backbone, forward")!;
console.log(
  `${first.name} + ${second.name}, batch ${batch}, micro-batch ${microBatch}, labels known, ${rounds} rounds`,
);
for (const [name, all] of times) {
  const median = medians.get(name)!;
  const ratio = name.startsWith("step") ? `  ${(median / forward).toFixed(2)} x the forward passes` : "";
  console.log(
    `${name.padEnd(20)} ${median.toFixed(0).padStart(6)} ms  (fastest ${all[0]!.toFixed(0)})${ratio}`,
  );
}
console.log(
  `resident memory at the end ${
    ((Deno.memoryUsage().rss) / 2 ** 20).toFixed(0)
  } MiB (all of the above in one process)`,
);
Deno.exit(0);
