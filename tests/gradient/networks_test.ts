/**
 * Input gradients of whole networks against PyTorch's autograd in float64
 * (tests/fixtures/gradients/generate.py), from the same weights and picture.
 *
 * Errors are ‖ours − theirs‖/‖theirs‖ over the stored positions. Float32 moves a few activations of a deep ReLU
 * network, or a few maxima, to the other side of their kink, and each takes a piece of the gradient with it:
 * PyTorch's own float32 gradient differs by `float32_error`. So smooth networks are held tight, others to 2e-2.
 */
import { assert, assertEquals } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import type { NetworkDefinition } from "../../models/network.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import type { Graph } from "../../src/graph/types.ts";
import { gradients } from "../../src/gradient/backward.ts";
import type { GradientDevice } from "../../src/gradient/rule.ts";
import { float32Data, float32Tensor } from "../../src/runtime/mod.ts";
import { heavyTests, testOn, warmUpWasm } from "../support/devices.ts";
import { openWithWeights, seededWeights, shippedWeights } from "../support/networks.ts";
import { normalized, seededImage } from "../support/seeded_weights.ts";

await warmUpWasm();

interface Expected {
  readonly loss: number;
  readonly norm: number;
  readonly float32_error: number;
  readonly positions: readonly number[];
  readonly values: readonly number[];
}

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/gradients/networks.json", import.meta.url)),
) as {
  weight_seed: number;
  image_seed: number;
  target: number;
  networks: Record<string, Expected>;
};

/** Cross-entropy of a target and its gradient with respect to the picture. */
function gradientGraph(network: NetworkDefinition, device: GradientDevice): Graph {
  const b = createBuilder(network.name);
  const image = b.input("image", "float32", [1, 3, 224, 224]);
  const { logits } = network.build(b, image);
  const shifted = b.sub(logits, b.reduceMax(logits, [1]));
  const logSum = b.log(b.reduceSum(b.exp(shifted), [1]));
  const oneHot = b.constant(
    "float32",
    [1, 1000],
    Array.from({ length: 1000 }, (_, i) => +(i === FIXTURE.target)),
  );
  const loss = b.reduceSum(b.mul(b.sub(logSum, shifted), oneHot), undefined, false);
  b.output(loss, "loss");
  b.output(gradients(b, loss, [image], { device })[0]!, "gradient");
  return b.build();
}

const CASES: readonly [record: string, device: GradientDevice, limit: number][] = [
  ["resnet18", "wasm", 2e-2],
  ["resnet50", "wasm", 2e-2],
  ["vgg16", "wasm", 2e-2],
  ["vit_b_16", "wasm", 1e-5],
  ["mobilenet_v3_small", "wasm", 1e-4],
  ["mnasnet0_5", "wasm", 1e-4],
  ["efficientnet_lite0", "wasm", 5e-2],
  ["efficientnet_lite0_real", "wasm", 2e-3],
  ["resnet18", "native", 2e-2],
  ["resnet50", "native", 2e-2],
  ["vit_b_16", "native", 1e-5],
  ["efficientnet_lite0_real", "native", 2e-3],
  ["resnet18", "webgpu", 2e-2],
  ["efficientnet_lite0_real", "webgpu", 2e-3],
  ["mobilenet_v3_small", "webgpu", 1e-4],
];

/** A minute together; the rules are the same on every device, and rules_test.ts tries each on all. */
const isHeavy = (record: string, device: GradientDevice): boolean =>
  device === "webgpu" || /^(vgg|vit|resnet)/.test(record) ||
  (device === "native" && !record.endsWith("_real"));

for (const [record, device, limit] of CASES) {
  const real = record.endsWith("_real");
  const network = findNetwork(record.replace("_real", ""))!;
  await testOn(
    device,
    `gradients() of ${record} on ${device} agrees with PyTorch's autograd`,
    async () => {
      const expected = FIXTURE.networks[record]!;
      const { mean, std } = network.preprocessing;
      const image = normalized(seededImage(FIXTURE.image_seed), mean, std);
      const session = await openWithWeights(
        gradientGraph(network, device),
        real ? shippedWeights(network.weights.shipped!.file) : seededWeights(FIXTURE.weight_seed),
        { device, lowMemory: true },
      );
      assertEquals(session.partlyOnCpu, false);
      const outputs = await session.run({ image: float32Tensor(image, [1, 3, 224, 224]) });
      await session.dispose();
      const loss = float32Data(outputs["loss"]!)[0]!;
      assert(Math.abs(loss / expected.loss - 1) < 1e-4, `the loss is ${loss}, not ${expected.loss}`);

      const gradient = float32Data(outputs["gradient"]!);
      const distance = Math.hypot(
        ...expected.values.map((value, i) => gradient[expected.positions[i]!]! - value),
      );
      const error = distance / Math.hypot(...expected.values);
      const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
      console.log(
        `${record} on ${device}: ${error.toExponential(1)} (PyTorch float32 ${
          expected.float32_error.toExponential(1)
        })`,
      );
      assert(error < limit, `the gradient is away by ${error}`);
      assert(
        Math.abs(norm / expected.norm - 1) < limit,
        `the gradient's norm is ${norm}, not ${expected.norm}`,
      );
    },
    { ignore: isHeavy(record, device) && !heavyTests() },
  );
}
