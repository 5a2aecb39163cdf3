/**
 * Trains a head for a few steps on a handful of pictures, writes it and explains with it: the call that
 * examples/browser makes in a page.
 *
 * ```sh
 * deno run -A examples/train_deno.ts                       # the shipped sample alone
 * deno run -A examples/train_deno.ts photos/ my_head.safetensors
 * ```
 *
 * A handful of pictures and steps shows how it goes; `deno task train` is made for real runs.
 *
 * @module
 */
import { createExplainer } from "@ptame/ptame";
import { train } from "@ptame/ptame/train";

const SAMPLE = new URL("../models/sample/chelsea.jpg", import.meta.url);
const [folder, out = "my_head.safetensors"] = Deno.args;

/** The pictures of a folder, not of the folders in it. */
async function* picturesIn(path: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(path)) {
    if (entry.isFile && /\.(jpe?g|png|gif|tiff?|webp)$/i.test(entry.name)) yield `${path}/${entry.name}`;
  }
}

const images = folder === undefined ? [SAMPLE] : await Array.fromAsync(picturesIn(folder));
const { head, losses, skipped } = await train({
  backbone: "efficientnet_lite0",
  images,
  batch: Math.min(4, images.length),
  steps: 5,
  onProgress: (progress) => {
    if (progress.kind === "start") {
      console.log(`${progress.images} picture(s), ${progress.steps} steps on ${progress.device}`);
    } else if (progress.kind === "step") {
      const { step, total, ce, area } = progress.loss;
      console.log(
        `step ${step}: loss ${total.toFixed(4)} (cross-entropy ${ce.toFixed(4)}, area ${area.toFixed(4)}), ` +
          `${Math.ceil(progress.secondsLeft)} s left`,
      );
    }
  },
});
for (const { image, reason } of skipped) console.log(`left out ${image}: ${reason}`);
await Deno.writeFile(out, head);
console.log(`wrote ${out} after ${losses.length} steps`);

// A head file is all that an explanation needs.
await using explainer = await createExplainer({ head });
const { prediction, overlayPng } = await explainer.explain(images[0]!);
const picture = out.replace(/(\.safetensors)?$/, ".explained.png");
await Deno.writeFile(picture, await overlayPng());
console.log(`${prediction[0]!.label}: ${picture} shows where it looks`);
