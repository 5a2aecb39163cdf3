/**
 * How far EfficientNet-Lite0 as built here lies from the original package's forward pass on real photographs.
 *
 *     PYTHONPATH=PACKAGES /usr/bin/python3 models/weights/measure_efficientnet_lite0.py PHOTOS --dump out/photos.f32
 *     python3 models/weights/convert_efficientnet_lite0.py --float32 --out out/lite0_float32.safetensors
 *     deno run --no-config --no-lock -A tools/launch.ts deno run -A bench/photo_agreement.ts out/photos.f32 out/lite0_float32.safetensors
 *
 * Without the second file the shipped weights are compared, rounded as they are. Relative: to the largest logit of
 * the same photo.
 *
 * @module
 */
import { findNetwork } from "../models/registry.ts";
import { float32Data, float32Tensor } from "../src/runtime/mod.ts";
import { parseSafetensors } from "../src/weights/safetensors.ts";
import { readFloat32 } from "../src/weights/tensor_table.ts";
import { graphOf, openWithWeights, shippedWeights, type WeightSource } from "../tests/support/networks.ts";

const PIXELS = 3 * 224 * 224;
const CLASSES = 1000;

function weightsOf(path: string): WeightSource {
  const bytes = Deno.readFileSync(path);
  const { tensors } = parseSafetensors(bytes);
  return (name) => readFloat32(bytes, tensors.get(name)!);
}

function topFive(logits: Float32Array): number[] {
  return [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 5);
}

const [dump, weights] = Deno.args;
if (dump === undefined) {
  throw new TypeError("Name the file that measure_efficientnet_lite0.py --dump has written");
}
const numbers = new Float32Array(Deno.readFileSync(dump).buffer);
const count = numbers.length / (PIXELS + CLASSES);
const network = findNetwork("efficientnet_lite0")!;
const source = weights === undefined ? shippedWeights(network.weights.shipped!.file) : weightsOf(weights);
const session = await openWithWeights(graphOf(network), source);
let [worst, first, five] = [0, 0, 0];
for (let photo = 0; photo < count; photo++) {
  const image = float32Tensor(numbers.slice(photo * PIXELS, (photo + 1) * PIXELS), [1, 3, 224, 224]);
  const ours = float32Data((await session.run({ image }))["logits"]!);
  const start = count * PIXELS + photo * CLASSES;
  const theirs = numbers.subarray(start, start + CLASSES);
  const scale = Math.max(...theirs.map(Math.abs));
  worst = Math.max(worst, Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!))) / scale);
  const [mine, expected] = [topFive(ours), topFive(theirs)];
  if (mine[0] === expected[0]) first++;
  if (mine.join() === expected.join()) five++;
}
await session.dispose();
console.log(`${count} photos: largest relative difference of the logits ${worst.toExponential(2)}`);
console.log(`top-1 agrees on ${first}, the order of the top 5 on ${five}`);
