/**
 * Photos a second of the training reader alone: in the thread itself, by a worker, and out of the cache in later epochs.
 * The variants take their rounds in turns, so that a busy machine disturbs all alike; medians are printed.
 *
 *     deno run -A tools/launch.ts deno run -A bench/read_images.ts FOLDER [--count 160] [--batch 16] [--rounds 5]
 *       [--workers 1] [--resize 256] [--crop 224] [--step 20]
 *
 * Beside the reader alone: what it adds to steps of `--step` milliseconds a photo that keep one core and the thread busy.
 *
 * @module
 */
import { evenlySpread } from "../src/ptame/evenly_spread.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { openImageCrops } from "../src/ptame/training/image_crops.ts";
import { createBatchReader } from "../src/ptame/training/training_images.ts";

function argument(name: string, fallback: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

const [folder] = Deno.args;
if (folder === undefined) throw new Error("Name a folder with pictures");
const [batch, rounds, workers] = [argument("batch", 16), argument("rounds", 5), argument("workers", 1)];
const step = argument("step", 20);
const inputs = [{ resize: argument("resize", 256), crop: argument("crop", 224) }];
const images = evenlySpread(await listImages(folder), argument("count", 160));
const batches = Math.floor(images.length / batch);
const variants = [
  { name: "in the thread", workers: 0, cacheBytes: 0 },
  { name: `${workers} worker(s)`, workers, cacheBytes: 0 },
  { name: "in the thread, cached", workers: 0, cacheBytes: 1e9 },
  { name: `${workers} worker(s), cached`, workers, cacheBytes: 1e9 },
].map((variant) => {
  const crops = openImageCrops({ images, inputs, ...variant });
  return {
    ...variant,
    crops,
    position: 0,
    all: [] as { readonly rate: number; readonly added: number }[],
  };
});

/** An epoch, each batch followed by `step` milliseconds a picture in which the thread does nothing else; ms a picture. */
async function epoch(variant: typeof variants[number], step: number): Promise<number> {
  // A reader of its own: what it would read ahead for the next epoch would not be counted.
  const { crops, position } = variant;
  const reader = createBatchReader({ images, inputs, batch, seed: 0, crops, position, batches });
  const started = performance.now();
  for (let i = 0; i < batches; i++) {
    await reader.next();
    for (const end = performance.now() + step * batch; performance.now() < end;);
  }
  variant.position = reader.position;
  return (performance.now() - started) / (batches * batch);
}

// The first epoch starts the workers and fills the caches; it does not count.
for (let round = -1; round < rounds; round++) {
  for (const variant of variants) {
    const [alone, beside] = [await epoch(variant, 0), await epoch(variant, step)];
    if (round >= 0) variant.all.push({ rate: 1000 / alone, added: beside - step });
  }
}
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
console.log(`${images.length} photos, batch ${batch}, short side ${inputs[0]!.resize}, ${rounds} rounds`);
for (const { name, crops, all } of variants) {
  const rate = median(all.map((each) => each.rate)).toFixed(0).padStart(5);
  const added = median(all.map((each) => each.added)).toFixed(1).padStart(5);
  console.log(`${name.padEnd(24)} ${rate} photos/s alone, adds ${added} ms to a step of ${step} ms a photo`);
  crops.close();
}
