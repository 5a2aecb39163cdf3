/**
 * `explain`: names what the classifier sees in a picture and draws where it looks.
 *
 * @module
 */
import { findNetwork } from "../../../models/registry.ts";
import type { ExplainerOptions } from "../../ptame/explainer.ts";
import { threadsInUse } from "../../runtime/mod.ts";
import { allowed } from "../downloads.ts";
import { DEVICE_HELP, explainerOptions, MODEL_HELP } from "../explainer_options.ts";
import { ONNX_HELP } from "../onnx_model.ts";
import { messageOf, openTerminal, printable } from "../terminal.ts";
import { parseArguments } from "../usage.ts";
import { explainMany, namesMany } from "../many/command.ts";
import { checksOf, showChecks } from "./check.ts";
import { destinationsFor, refuseOverwriting } from "./destinations.ts";
import { METHOD_HELP, methodOf, openExplainer, passesOf } from "./method.ts";
import { documentOf, type ExplainedImage } from "./document.ts";
import { EXPLAIN_NAMES } from "./names.ts";
import { decodedPicture, explainPicture, requestOf } from "./picture.ts";
import { showTable } from "./table.ts";

const HELP = `Explain a photograph: what the classifier sees, and where it looks.

Usage: deno task explain [IMAGE…] [options]
       deno task explain DIR|LIST.txt --out DIR [options]

Without an image it explains the shipped sample. Of a folder (or a text file with a path per line) it explains
every picture on a pool of workers; stopped and started again, it goes on.

Options:
${MODEL_HELP}
  --target INDEX|LABEL       Class to explain; may be given several times (default: the top class)
  --top K                    Explain the K most probable classes
  --against INDEX|LABEL      Show what speaks for the class rather than this one (ptame alone)
  --check                    Measure the map beside maps that know nothing of the classifier
${METHOD_HELP}
${DEVICE_HELP}
  --out PATH|DIR             Where the overlay goes (default: NAME.explained.png here)
  --map FILE                 The bare map too, as .npy, .png or .json
  --workers N                Of a folder: workers at once (default: one per core)
  --shard K/N                Of a folder: every N-th picture from the K-th on, for one of N machines
  --json                     One JSON document on stdout (a list, for several images; lines, for a folder)
  --quiet                    Nothing but errors on stderr
  --help                     This text

${ONNX_HELP}

Examples:
  deno task explain photo.jpg
  deno task explain photo.jpg --target "tiger cat" --out cat.png
  deno task explain a.jpg b.jpg --top 3 --out explained/ --json
  deno task explain photo.jpg --model my_classifier.onnx --head my_head.safetensors
  deno task explain photo.jpg --target "tiger cat" --against tabby
  deno task explain photo.jpg --method gradcam --check
  deno task explain photo.jpg --map photo.npy --device wasm --threads 1
  deno task explain photos/ --out explained/ --shard 3/16`;

/** The shipped sample: its address, and what it is called. */
const SAMPLE = new URL("../../../models/sample/chelsea.jpg", import.meta.url);
const SAMPLE_NAME = "models/sample/chelsea.jpg";

/** Runs `explain` and gives its exit code. */
export async function explainCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("explain", args, EXPLAIN_NAMES);
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (await namesMany(given)) return await explainMany(given, args, signal);
  const json = given.flag("json");
  const terminal = openTerminal(given.flag("quiet"));
  const request = requestOf(given);
  const method = methodOf(given);
  const sample = given.positional.length === 0;
  const images = sample ? [SAMPLE_NAME] : allowed(given, given.positional);
  const destinations = await destinationsFor(given, images);
  for (const image of images) refuseOverwriting(image, destinations);
  if (sample) terminal.say("No image given: explaining the shipped sample");

  terminal.doing("Loading");
  const options = await explainerOptions(given, terminal);
  // One picture is decoded before the runtime starts: while that is being optimised, on all cores, it takes four times
  // as long. What cannot be read is said at once.
  const decoded = images.length === 1
    ? await decodedPicture(sample ? SAMPLE : images[0]!, signal)
    : undefined;
  const started = performance.now();
  const threads = images.length === 1 && method === undefined && !given.flag("check")
    ? threadsOfOne(options)
    : undefined;
  const explainer = await openExplainer(method, { ...options, ...threads, signal }, given);
  try {
    const load = performance.now() - started;

    const costs = passesOf(explainer);
    if (costs !== undefined) terminal.say(costs);

    const documents: (ExplainedImage | { image: string; error: string })[] = [];
    let failed = false;
    for (const image of images) {
      terminal.doing(`Explaining ${printable(image)}`);
      try {
        const explained = await explainPicture(explainer, image, destinations, {
          ...request,
          ...(decoded === undefined ? {} : { decoded }),
          onProgress: ({ done, total }) =>
            terminal.doing(`Explaining ${printable(image)} by ${method}: ${done} of ${total}`),
          signal,
        });
        const checks = given.flag("check")
          ? await checksOf(explainer, explained, terminal, signal)
          : undefined;
        documents.push({
          ...documentOf(explained, image, load),
          ...(checks === undefined ? {} : { checks }),
        });
        showTable(terminal, explainer, explained, image, load);
        if (checks !== undefined) showChecks(terminal, checks);
      } catch (error) {
        // One picture alone fails the command; among several the others go on.
        if (signal.aborted || images.length === 1) throw error;
        failed = true;
        terminal.fail(`ptame: ${printable(messageOf(error))}`);
        documents.push({ image, error: messageOf(error) });
      }
    }
    if (json) console.log(JSON.stringify(images.length === 1 ? documents[0] : documents, null, 2));
    return failed ? 1 : 0;
  } finally {
    await explainer.dispose();
  }
}

/**
 * Threads for a process that explains one picture. Starting a second one takes longer than it saves in a single pass of
 * a small network (efficientnet_lite0 on two cores: a sixth of the time from start to written picture).
 */
function threadsOfOne({ model, auxiliary, device, threads }: ExplainerOptions): { threads?: number } {
  // Where none is named it is the shipped one.
  const small = (name: ExplainerOptions["model"]) =>
    name === undefined || (typeof name === "string" && findNetwork(name)?.weights.shipped !== undefined);
  const startsWasm = (device === "wasm" || device === "auto") && threadsInUse() === undefined;
  return threads === undefined && startsWasm && small(model) && small(auxiliary) ? { threads: 1 } : {};
}
