/**
 * `sanity`: do maps change when the learned weights are randomised?
 *
 * @module
 */
import type { SanityResult } from "../../faithfulness/sanity.ts";
import type { Interval } from "../../faithfulness/types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { DEVICE_OPTIONS, explainerOptions, MODEL_OPTIONS } from "../explainer_options.ts";
import { createSelection, SELECTION_OPTIONS } from "../class_selection.ts";
import { chooseMethod, givenCounts, METHOD_OPTIONS, needsHead } from "../explain/method.ts";
import { readFile } from "../files.ts";
import { evenlySpread } from "../../ptame/evenly_spread.ts";
import { listImages } from "../image_lists.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import { command } from "../options/command.ts";
import { choice, flag, group, needed, text, type Values, wholeNumber } from "../options/kinds.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { shardOption } from "../shards/option.ts";
import { IMAGE_COLUMN_OPTION } from "../sources/option.ts";
import { chooseShard } from "../shards/schedulers.ts";
import { type Shard, takeShard } from "../shards/shard.ts";
import { bold, printable, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { runChecks, type SanityPlan, type SanityReport } from "./checks.ts";
import { withLocalModels } from "../model_address.ts";

const OPTIONS = {
  ...group("Images", {
    images: needed(
      text("DIR|LIST|IMAGE", "Folder with images, a text file with one path per line, or one image"),
    ),
    limit: wholeNumber("N", "Use only N images, evenly spread", { least: 1, default: 8 }),
    shard: shardOption("Check on"),
    ...IMAGE_COLUMN_OPTION,
  }),
  ...SELECTION_OPTIONS,
  ...METHOD_OPTIONS,
  ...group("Check", {
    order: choice(
      "ORDER",
      ["cascading", "bottom-up", "independent"],
      "Randomise all layers from the scores down to each stage, from the image up to it, or one layer at a time",
      { usual: "cascading" },
    ),
    stages: wholeNumber("N", "Use only N stages, evenly spread over the layers", { least: 1, usual: "all" }),
    smooth: wholeNumber("N", "Compare means of N maps over noisy images (Smooth MPRT), for a baseline", {
      least: 1,
      usual: "1, without noise",
    }),
    otherClass: flag("Compare with the map of another class, too (Random Logit)"),
    swap: text(
      "FILE",
      "For ptame: the head of another classifier, which must score worse than the classifier's own head",
    ),
  }),
  ...MODEL_OPTIONS,
  ...DEVICE_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...ONNX_OPTIONS,
};

/** Runs `sanity` and gives its exit code. */
export const sanityCommand = command({
  name: "sanity",
  about: "Check that maps change when learned weights are randomised (Adebayo et al. 2018)",
  options: OPTIONS,
  notes: ["For a baseline, layers of the classifier are randomised; for ptame, the head."],
  examples: [
    "deno task sanity --images photos/ --method gradcam --stages 6",
    "deno task sanity --images photos/ --head head.safetensors --swap other_classifiers_head.safetensors",
  ],
}, async ({ options, typed, terminal, signal }) => {
  const plan = await createPlan(options, terminal, signal);
  const local = await withLocalModels(options, terminal, signal);
  const settings = await explainerOptions(local, typed, terminal);
  terminal.doing("Loading");
  const { device, threads } = settings;
  const report = await runChecks(
    { ...plan, settings: { ...plan.settings, ...withoutUndefined({ device, threads }) } },
    { ...settings, signal },
    typed,
    terminal,
  );
  signal.throwIfAborted();
  showReport(report, terminal);
  if (options.json) console.log(JSON.stringify(report, null, 2));
  return 0;
});

async function createPlan(
  options: Values<typeof OPTIONS>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SanityPlan> {
  const method = chooseMethod(options, ["seed"]);
  const { swap, order, stages, smooth, otherClass, limit, layer, seed } = options;
  needsHead("swap", swap, method, (name) => `; ${name} has no head`);
  if (method.needs === "head" && (order ?? stages ?? smooth) !== undefined) {
    throw new UsageError(
      `Options --order, --stages and --smooth are for baselines: ${method.name} uses only the classifier's inputs and outputs`,
    );
  }
  const listed = await listImages(options.images, terminal.say, { column: options.imageColumn, signal });
  const chosen = createSelection(options);
  const shard = chooseShard(options.shard, terminal);
  return {
    part: (images) => takePart(images, shard, options.images),
    images: chosen === undefined ? evenlySpread(listed, limit) : listed,
    selection: chosen === undefined ? undefined : { ...chosen, limit },
    method,
    swap: swap === undefined ? undefined : await readFile(swap, "head"),
    settings: {
      signal,
      onProgress: ({ done, total }) => terminal.doing(`Comparing maps: ${done} of ${total}`),
      ...withoutUndefined({ order, stages, smooth, layer, seed }),
      otherClass,
      ...givenCounts(options),
    },
  };
}

/** The part of the images that is checked; an error if it has none. */
function takePart(images: readonly string[], shard: Shard, source: string): string[] {
  const part = takeShard(images, shard, source);
  if (part.length > 0) return part;
  throw new Error(
    `Cannot check part ${shard.index}/${shard.count}: it has none of the ${images.length} images; use fewer parts`,
  );
}

function showReport({ model, method, images, variants, swap }: SanityReport, terminal: Terminal): void {
  terminal.say("");
  terminal.say(
    `${
      bold(`${method} of ${model}`)
    }, ${images} image(s): similarity to the original map, 1 for identical maps`,
  );
  terminal.say("");
  const width = Math.max(10, ...variants.map(({ variant }) => variant.length));
  terminal.say(
    `   ${"randomised".padEnd(width)}  ${
      ["Spearman", "|Spearman|", "SSIM", "more complex by"].map(column).join("  ")
    }`,
  );
  for (const result of variants) terminal.say(`   ${line(result, width)}`);
  if (swap === undefined) return;
  terminal.say("");
  terminal.say(
    `   swap test, own head against the other's: better in ${swap.passed.join(", ") || "nothing"}`,
  );
  if (swap.failed.length > 0) terminal.say(`   worse in ${swap.failed.join(", ")}`);
}

function line(
  { variant, spearman, absoluteSpearman, ssim, complexityRise, flat }: SanityResult,
  width: number,
): string {
  const values = [spearman, absoluteSpearman, ssim, complexityRise].map(intervalText).map(column).join("  ");
  return `${printable(variant).padEnd(width)}  ${values}${flat > 0 ? `  (${flat} flat)` : ""}`;
}

function intervalText(interval: Interval | undefined): string {
  if (interval === undefined) return "–";
  const [value, low, high] = [interval.value, interval.low, interval.high].map((each) => each.toFixed(2));
  return `${value} (${low} to ${high})`;
}

function column(text: string): string {
  return text.padEnd(22);
}
