/**
 * `explain`: names what the classifier sees in an image and shows where it looks.
 *
 * @module
 */
import { findNetwork } from "../../../models/registry.ts";
import type { RefineProgress } from "../../explanation/refinement.ts";
import type { ExplainerOptions } from "../../ptame/explainer.ts";
import { resolveDevice, threadsInUse } from "../../runtime/mod.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { deviceLines } from "../device_lines.ts";
import { refuseRemoteIfOffline } from "../downloads.ts";
import { explainerOptions } from "../explainer_options.ts";
import { startDecoding } from "../../image/decode_bounded.ts";
import { loadLettering } from "../../image/text/fonts.ts";
import { missingCharacterLines, useFonts } from "../fonts.ts";
import { command } from "../options/command.ts";
import { errorMessage, printable, sayNowAndThen, type Terminal } from "../terminal.ts";
import { explainMany, namesMany } from "../folder/command.ts";
import { withLocalModels } from "../model_address.ts";
import { pathOrAddress } from "../image_lists.ts";
import { readStdin, STREAM } from "../streams.ts";
import { UsageError } from "../usage.ts";
import { checkAnimation, destinationsFor, refuseOverwriting } from "./destinations.ts";
import { chooseExplainMethod, classlessText, openExplainer, passesText } from "./method.ts";
import { type ExplainedImage, explanationDocument } from "./document.ts";
import { EXPLAIN } from "./options.ts";
import { checkClasses, decodeTimed, explainFile, explainRequest, sharedScale } from "./image.ts";
import { showTable } from "./table.ts";
import { teachIfAsked } from "./teach.ts";
import { factLines } from "../said_facts.ts";

/** The shipped sample: its address and its name. */
const SAMPLE = new URL("../../../models/sample/chelsea.jpg", import.meta.url);
const SAMPLE_NAME = "models/sample/chelsea.jpg";

/** Runs `explain` and gives its exit code. */
export const explainCommand = command(EXPLAIN, async (typedCall) => {
  if (await namesMany(typedCall)) return await explainMany(typedCall);
  const { positional, typed, terminal, signal } = typedCall;
  const request = explainRequest(typedCall.options);
  const method = chooseExplainMethod(typedCall.options);
  if (positional.length <= 1) startDecoding();
  const sample = positional.length === 0;
  const piped = positional.includes(STREAM);
  if (piped && positional.length > 1) {
    throw new UsageError("The image of standard input, -, must be the only argument of explain");
  }
  const images = sample
    ? [SAMPLE_NAME]
    : piped
    ? ["stdin"]
    : refuseRemoteIfOffline(typedCall.options, await Promise.all(positional.map(pathOrAddress)));
  const destinations = await destinationsFor(typedCall.options, images);
  refuseOverwriting(images, destinations);
  await checkAnimation(typedCall.options.animate, images);
  // The package may be on a server.
  if (sample) refuseRemoteIfOffline(typedCall.options, [SAMPLE.href]);
  if (sample) terminal.say("No image given: explaining the shipped sample");

  await useFonts(typedCall.options.font, missingCharacterLines(terminal.say));
  // Its worker starts, and the letters' program is compiled, while this thread reads and opens the networks.
  const inVain = new AbortController();
  const decoding = images.length === 1
    ? decodeTimed(sample ? SAMPLE : piped ? readStdin() : images[0]!, {
      ...request.decode,
      signal: AbortSignal.any([signal, inVain.signal]),
    })
    : undefined;
  for (const early of [decoding, loadLettering(), resolveDevice(typedCall.options.device)]) {
    // The code that awaits it later gets the error.
    early?.catch(() => {});
  }
  const open = async () => {
    const options = await withLocalModels(typedCall.options, terminal, signal);
    const call = { ...typedCall, options };
    await teachIfAsked(call);
    terminal.doing("Loading");
    const settings = await explainerOptions(options, typed, terminal, method.needs === "head");
    const started = performance.now();
    const brief = !options.check && options.refine === undefined;
    const threads = images.length === 1 && method.needs === "head" && brief
      ? await threadsOfOne(settings)
      : undefined;
    let load = 0;
    const opening = openExplainer(method, { ...settings, ...threads, signal }, call).finally(() =>
      load = performance.now() - started
    );
    const [explainer, decoded] = await Promise.all([opening, decoding]).catch((error) => {
      // An image that cannot be read is reported before the networks are open.
      opening.then((late) => late.dispose(), () => {});
      throw error;
    });
    return { options, explainer, decoded, load };
  };
  const { options, explainer, decoded, load } = await open().catch(async (error) => {
    // Decoding does not go on for a command that has failed.
    inVain.abort(error);
    await decoding?.catch(() => {});
    throw error;
  });
  try {
    checkClasses(request, explainer.backbone);

    for (const line of deviceLines(explainer.session.choice, options.verbose)) terminal.say(line);
    for (const note of [passesText(method, explainer), classlessText(method)]) {
      if (note !== undefined) terminal.say(note);
    }

    const scale = options.scale === "shared"
      ? await sharedScale(explainer, images, { ...request, ...withoutUndefined({ decoded }), signal })
      : undefined;
    const documents: (ExplainedImage | { image: string; error: string })[] = [];
    let failed = false;
    for (const image of images) {
      terminal.doing(`Explaining ${printable(image)}`);
      try {
        const explained = await explainFile(explainer, image, destinations, {
          ...request,
          ...withoutUndefined({ decoded, scale }),
          onProgress: ({ done, total }) =>
            terminal.doing(`Explaining ${printable(image)} by ${method.name}: ${done} of ${total}`),
          onRefine: refining(terminal, image),
          signal,
        });
        // Measures and controls are loaded for the check alone.
        const check = options.check && !signal.aborted ? await import("./check.ts") : undefined;
        const checks = await check?.runChecks(explainer, explained, terminal, signal);
        const animation = options.animate === undefined || signal.aborted
          ? undefined
          : await (await import("./animate.ts")).animate(
            explainer,
            explained,
            options.animate,
            (done, total) => terminal.doing(`Erasing ${printable(image)}: ${done} of ${total}`),
            signal,
          );
        documents.push({
          ...explanationDocument(explained, image, load, explainer.backbone),
          ...withoutUndefined({ checks, animation }),
        });
        showTable(terminal, explainer, explained, image, load);
        if (options.verbose) sayFacts(terminal, explainer);
        if (animation !== undefined) terminal.say(`   animation: ${printable(animation.out)}`);
        if (checks !== undefined) check?.showChecks(terminal, checks);
        // A stopped run keeps what it has refined so far.
        if (signal.aborted) break;
      } catch (error) {
        // A single unreadable image fails the command; among several, the others continue.
        if (signal.aborted || images.length === 1) throw error;
        failed = true;
        terminal.fail(`ptame: ${printable(errorMessage(error))}`);
        documents.push({ image, error: errorMessage(error) });
      }
    }
    if (options.json) console.log(JSON.stringify(images.length === 1 ? documents[0] : documents, null, 2));
    signal.throwIfAborted();
    return failed ? 1 : 0;
  } finally {
    await explainer.dispose();
  }
});

/** Shows each step of refining; elsewhere than on a terminal the first, and one now and then. */
function refining(terminal: Terminal, image: string): (progress: RefineProgress) => void {
  const sayStep = sayNowAndThen(terminal);
  return ({ step, steps, loss, best }) => {
    const [now, lowest] = [loss.toFixed(3), best.toFixed(3)];
    const line = `Refining ${printable(image)}: step ${step}/${steps}, loss ${now}, best ${lowest}`;
    terminal.doing(line);
    sayStep(line, step === 0);
  };
}

/**
 * Number of threads for a process that explains one image. For one pass of a small network, starting a second thread
 * takes longer than it saves (efficientnet_lite0 on two cores: a sixth of the time from start to written image).
 */
async function threadsOfOne(
  { model, auxiliary, device, threads }: ExplainerOptions,
): Promise<{ threads?: number }> {
  // Without a name, the shipped network is used.
  const small = (name: ExplainerOptions["model"]) =>
    name === undefined || (typeof name === "string" && findNetwork(name)?.weights.shipped !== undefined);
  if (threads !== undefined || threadsInUse() !== undefined || !small(model) || !small(auxiliary)) return {};
  return await resolveDevice(device) === "wasm" ? { threads: 1 } : {};
}

/** Shows what the classifier sees and gives. */
function sayFacts(terminal: Terminal, explainer: MapExplainer): void {
  const { described = [] } = explainer.backbone;
  if (described.length === 0) return;
  for (const line of factLines(described)) terminal.say(`   ${line}`);
}
