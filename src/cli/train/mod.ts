/**
 * `train`: trains a head on a folder of images.
 *
 * @module
 */
import { encodePng } from "../../image/png.ts";
import { renderPlot } from "../../image/plot.ts";
import type { HyperParameters } from "../../ptame/training/presets.ts";
import type { TrainOptions, TrainResult } from "../../ptame/training/train_options.ts";
import type { ExportedStep } from "../../ptame/training/export_step.ts";
import { train } from "../../ptame/training/trainer.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { isDownload } from "../../weights/download/progress.ts";
import { withAuxiliary } from "../auxiliary.ts";
import { downloadOptions, refuseRemoteIfOffline } from "../downloads.ts";
import { checkWritable, makeFolder, readFile, readWeights, writeFile, writeParts } from "../files.ts";
import { fileStem, withoutEndSlash } from "../paths.ts";
import { holdOut, listImages } from "../image_lists.ts";
import { withLocalModels } from "../model_address.ts";
import { isOnnxPath, readOnnxModel, refuseOnnxOptions } from "../onnx_model.ts";
import { type Call, command } from "../options/command.ts";
import { sayFactsOnce } from "../said_facts.ts";
import { printable, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { type CheckpointFile, checkpointFile } from "./checkpoint_file.ts";
import { HYPER_PARAMETERS, STARTS, TRAIN, type TrainValues } from "./options.ts";
import { reporter } from "./progress.ts";

/** Runs `train` and gives its exit code. */
export const trainCommand = command(TRAIN, async ({ options: typedOptions, typed, terminal, signal }) => {
  const options = await withLocalModels(typedOptions, terminal, signal);
  const { backbone, out } = options;
  if (!isOnnxPath(backbone)) refuseOnnxOptions(backbone, typed);
  const stem = out.replace(/\.safetensors$/i, "");
  const start = await readStart(options.start);
  const { images, validation } = await listTrainingImages(options, terminal, signal);
  await checkWritable(out);
  const checkpoint = await checkpointFile(`${stem}.checkpoint.safetensors`, options.resume);
  try {
    return await runTraining({ options, terminal, signal }, { start, images, validation, checkpoint, stem });
  } finally {
    await checkpoint.close();
  }
});

/** What a run needs besides its options. */
interface Prepared {
  readonly start: TrainOptions["start"];
  readonly images: readonly string[];
  readonly validation: readonly string[];
  readonly checkpoint: CheckpointFile;
  /** Path of the head without its extension. */
  readonly stem: string;
}

async function runTraining(
  { options, terminal, signal }: Pick<Call<typeof TRAIN.options>, "options" | "terminal" | "signal">,
  { start, images, validation, checkpoint, stem }: Prepared,
): Promise<number> {
  const { backbone, out } = options;
  const { onProgress: onDownload, ...downloads } = downloadOptions(options, terminal);
  const report = reporter(terminal);
  let started = false;

  terminal.doing("Loading");
  const model = isOnnxPath(backbone) ? await readOnnxModel(backbone, options, "backbone") : backbone;
  const named = await withAuxiliary(model, backbone, options);
  const given = async (): Promise<TrainOptions> => ({
    backbone: named.model,
    images,
    hyperParameters: givenHyperParameters(options),
    form: withoutUndefined({ rows: options.rows, masks: options.masks }),
    checkpoint,
    onFacts: sayFactsOnce(terminal),
    ...downloads,
    onProgress: (progress) => {
      started ||= progress.kind === "start";
      if (isDownload(progress)) onDownload?.(progress);
      else report(progress);
    },
    signal,
    ...(validation.length > 0 ? { validation } : {}),
    ...withoutUndefined({
      backboneWeights: await readWeights(options.backboneWeights),
      auxiliary: named.auxiliary,
      auxiliaryWeights: await readWeights(options.auxiliaryWeights),
      start,
    }),
    ...trainSettings(options),
  });
  if (options.exportStep !== undefined) {
    const { exportStep } = await import("../../ptame/training/export_step.ts");
    try {
      await writeStep(options.exportStep, await exportStep(await given()), { checkpoint, terminal, signal });
      return 0;
    } catch (error) {
      throw await checkpoint.explained(error);
    }
  }
  let result: TrainResult;
  try {
    result = await train(await given());
  } catch (error) {
    // A refused checkpoint cannot be resumed.
    if (started && checkpoint.saved) {
      terminal.say(`The run so far is in ${checkpoint.path}; continue it with --resume`);
    }
    throw await checkpoint.explained(error);
  }
  await writeFile(out, result.head);
  await writeFile(`${stem}.last.safetensors`, result.last);
  await writeFile(`${stem}.loss.png`, await lossCurve(result, backbone));
  // The run is complete: there is nothing to resume.
  await checkpoint.remove();
  summarise(terminal, result, out, stem);
  if (options.json) {
    const { validations, skipped, losses } = result;
    console.log(
      JSON.stringify({ out, steps: losses.length, loss: losses.at(-1), validations, skipped }, null, 2),
    );
  }
  return 0;
}

/** Writes an exported step. */
async function writeStep(
  folder: string,
  { files, steps, batch, piece }: ExportedStep,
  { checkpoint, terminal, signal }:
    & Pick<Prepared, "checkpoint">
    & Pick<Call<typeof TRAIN.options>, "terminal" | "signal">,
): Promise<void> {
  await makeFolder(folder);
  for (const { name, parts } of files) {
    terminal.doing(`Writing ${name}`);
    await writeParts(`${withoutEndSlash(folder)}/${name}`, parts, signal);
  }
  terminal.say(
    `step: ${printable(folder)} (${steps} steps of ${batch} images, in pieces of ${piece})`,
  );
  terminal.say(`state: ${printable(checkpoint.path)}; continue it with ptame-ray train or --resume`);
}

/** The options that go to the trainer unchanged. */
function trainSettings(options: TrainValues): Partial<TrainOptions> {
  const { epochs, steps, batch, microBatch, seed, device, threads, checkpointEvery, validateEvery } = options;
  const { limit, holdOutClasses, imageWorkers, imageCache, preset, name, licence, data } = options;
  return withoutUndefined({
    ...{ epochs, steps, batch, microBatch, seed, device, threads, checkpointEvery, validateEvery },
    ...{ limit, holdOutClasses, imageWorkers, imageCache, preset, name, licence, data },
  });
}

function givenHyperParameters(options: TrainValues): Partial<HyperParameters> {
  const named = Object.entries(HYPER_PARAMETERS) as [keyof typeof HYPER_PARAMETERS, keyof HyperParameters][];
  return withoutUndefined(Object.fromEntries(named.map(([option, name]) => [name, options[option]])));
}

async function readStart(start: string | undefined): Promise<TrainOptions["start"]> {
  if (start === undefined) return undefined;
  return STARTS.find((name) => name === start) ?? await readFile(start, "head");
}

async function listTrainingImages(
  options: TrainValues,
  { say }: Pick<Terminal, "say">,
  signal: AbortSignal,
): Promise<{ images: string[]; validation: string[] }> {
  const packed = { column: options.imageColumn, signal };
  const all = refuseRemoteIfOffline(options, await listImages(options.images, say, packed));
  const { holdOut: count, validation: separate } = options;
  if (separate !== undefined) {
    if (count > 0) throw new UsageError("Options --hold-out and --validation exclude each other");
    return {
      images: all,
      validation: refuseRemoteIfOffline(options, await listImages(separate, say, packed)),
    };
  }
  const { rest, held } = holdOut(all, count);
  return { images: rest, validation: held };
}

/** Plots the loss and its terms over the steps, averaged over up to 200 intervals. */
async function lossCurve({ losses }: TrainResult, backbone: string): Promise<Uint8Array> {
  const stretch = Math.max(1, Math.ceil(losses.length / 200));
  const curve = (name: string, key: "total" | "ce" | "area") => ({
    name,
    points: Array.from({ length: Math.ceil(losses.length / stretch) }, (_, i) => {
      const part = losses.slice(i * stretch, (i + 1) * stretch);
      return { x: part.at(-1)!.step, y: part.reduce((sum, loss) => sum + loss[key], 0) / part.length };
    }),
  });
  return await encodePng(
    await renderPlot(
      [curve("loss", "total"), curve("cross-entropy", "ce"), curve("area", "area")],
      { title: `Training a head for ${fileStem(backbone)}`, xLabel: "step" },
    ),
  );
}

function summarise(terminal: Terminal, result: TrainResult, out: string, stem: string): void {
  const { skipped } = result;
  if (skipped.length > 0) terminal.say(`${skipped.length} image(s) could not be read and were skipped`);
  terminal.say(`head: ${printable(out)}`);
  terminal.say(`loss curve: ${printable(stem)}.loss.png`);
}
