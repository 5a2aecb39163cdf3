/**
 * `sanity`: does a map change when what it should explain is forgotten?
 *
 * @module
 */
import type { SanityResult } from "../../faithfulness/sanity.ts";
import type { Interval } from "../../faithfulness/types.ts";
import {
  DEVICE_HELP,
  EXPLAINER_FLAGS,
  EXPLAINER_OPTIONS,
  explainerOptions,
  MODEL_HELP,
} from "../explainer_options.ts";
import { SELECTION_HELP, SELECTION_OPTIONS, selectionOf } from "../class_selection.ts";
import { METHOD_HELP, METHOD_OPTIONS, methodOf } from "../explain/method.ts";
import { readFile } from "../files.ts";
import { evenlySpread, listImages } from "../image_lists.ts";
import { ONNX_HELP } from "../onnx_model.ts";
import { bold, openTerminal, printable, type Terminal } from "../terminal.ts";
import { type Arguments, parseArguments, UsageError } from "../usage.ts";
import { runChecks, type SanityPlan, type SanityReport } from "./checks.ts";

/** Pictures that are checked on unless told otherwise: every stage explains each of them. */
const LIMIT = 8;

const HELP = `Check that maps change when what they should explain is forgotten (Adebayo et al. 2018).

A baseline is checked by a classifier whose layers are randomised; ptame by randomised heads.

Usage: deno task sanity --images DIR|LIST|PICTURE [options]

Options:
  --images PATH              A folder with pictures, a text file with a path per line, or a picture
${SELECTION_HELP}
  --limit N                  Only N pictures (of those), evenly spread (default: ${LIMIT})
${METHOD_HELP}
  --order ORDER              cascading: from the scores down; or independent: each layer alone (default: cascading)
  --stages N                 Only N stages, evenly spread over the layers (default: all)
  --swap FILE                ptame: the head of another backbone, which must measure worse than this one's own
${MODEL_HELP}
${DEVICE_HELP}
  --json                     One JSON document on stdout
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task sanity --images photos/ --method gradcam --stages 6
  deno task sanity --images photos/ --head head.safetensors --swap other_backbones_head.safetensors`;

const OPTIONS = {
  flags: ["json", "quiet", "help", ...EXPLAINER_FLAGS],
  values: [
    "images",
    "limit",
    ...SELECTION_OPTIONS,
    "order",
    "stages",
    "swap",
    ...METHOD_OPTIONS,
    ...EXPLAINER_OPTIONS,
  ],
  lists: [],
};

/** Runs `sanity` and gives its exit code. */
export async function sanityCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("sanity", args, OPTIONS);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length > 0) {
    throw new UsageError(`Unexpected argument ${given.positional[0]} of sanity; see --help`);
  }
  const terminal = openTerminal(given.flag("quiet"));
  const plan = await planOf(given, terminal, signal);
  const options = await explainerOptions(given, terminal);
  terminal.doing("Loading");
  const report = await runChecks(
    { ...plan, settings: { ...plan.settings, ...placeOf(options) } },
    { ...options, signal },
    given,
    terminal,
  );
  signal.throwIfAborted();
  showReport(report, terminal);
  if (given.flag("json")) console.log(JSON.stringify(report, null, 2));
  return 0;
}

function placeOf({ device, threads }: Awaited<ReturnType<typeof explainerOptions>>) {
  return { ...(device === undefined ? {} : { device }), ...(threads === undefined ? {} : { threads }) };
}

async function planOf(given: Arguments, terminal: Terminal, signal: AbortSignal): Promise<SanityPlan> {
  const method = methodOf(given, ["seed"]);
  const images = given.value("images");
  if (images === undefined) throw new UsageError("Option --images of sanity is needed; see --help");
  const swap = given.value("swap");
  if (swap !== undefined && method !== undefined) {
    throw new UsageError(`Option --swap is for ptame; ${method} has no head`);
  }
  const order = given.oneOf("order", ["cascading", "independent"]);
  const stages = given.wholeNumber("stages", 1);
  if (method === undefined && (order ?? stages) !== undefined) {
    throw new UsageError(
      "Options --order and --stages are for baselines: ptame does not look into the classifier",
    );
  }
  const limit = given.wholeNumber("limit", 1) ?? LIMIT;
  const [tap, samples, seed] = [
    given.value("tap"),
    given.wholeNumber("samples", 1),
    given.wholeNumber("seed", 0),
  ];
  const listed = await listImages(images);
  const chosen = selectionOf(given);
  return {
    images: chosen === undefined ? evenlySpread(listed, limit) : listed,
    selection: chosen === undefined ? undefined : { ...chosen, limit },
    method,
    swap: swap === undefined ? undefined : await readFile(swap, "head"),
    settings: {
      signal,
      onProgress: ({ done, total }) => terminal.doing(`Comparing maps: ${done} of ${total}`),
      ...(order === undefined ? {} : { order }),
      ...(stages === undefined ? {} : { stages }),
      ...(tap === undefined ? {} : { tap }),
      ...(samples === undefined ? {} : { samples }),
      ...(seed === undefined ? {} : { seed }),
    },
  };
}

function showReport({ model, method, images, variants, swap }: SanityReport, terminal: Terminal): void {
  terminal.say("");
  terminal.say(
    `${
      bold(`${method} of ${model}`)
    }, ${images} image(s): likeness to the map of what is intact, 1 for the same`,
  );
  terminal.say("");
  const width = Math.max(10, ...variants.map(({ variant }) => variant.length));
  terminal.say(
    `   ${"randomised".padEnd(width)}  ${["Spearman", "|Spearman|", "SSIM"].map(column).join("  ")}`,
  );
  for (const result of variants) terminal.say(`   ${line(result, width)}`);
  if (swap === undefined) return;
  terminal.say("");
  terminal.say(`   swap test, own head against the other's: ahead in ${swap.passed.join(", ") || "nothing"}`);
  if (swap.failed.length > 0) terminal.say(`   behind in ${swap.failed.join(", ")}`);
}

function line({ variant, spearman, absoluteSpearman, ssim, flat }: SanityResult, width: number): string {
  const values = [spearman, absoluteSpearman, ssim].map(shown).map(column).join("  ");
  return `${printable(variant).padEnd(width)}  ${values}${flat > 0 ? `  (${flat} flat)` : ""}`;
}

function shown(interval: Interval | undefined): string {
  if (interval === undefined) return "–";
  const [value, low, high] = [interval.value, interval.low, interval.high].map((each) => each.toFixed(2));
  return `${value} (${low} to ${high})`;
}

function column(text: string): string {
  return text.padEnd(22);
}
