/**
 * `explain --photos DIR`: makes a head for an .onnx classifier of any classes before it explains, and keeps it. The class
 * rows are regressed on the photographs (ptame/fit/), and the rest of the minutes trains from there. A head that was kept
 * before is trained further.
 *
 * @module
 */
import type { OnnxModel } from "../../classifier/onnx/model.ts";
import { isOnnxModel } from "../../classifier/load.ts";
import { methodNamed } from "../../baselines/methods.ts";
import { modelDigest } from "../../ptame/fit/model_digest.ts";
import { readHead } from "../../ptame/head_file.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { isDownload } from "../../weights/download/progress.ts";
import { withAuxiliary } from "../auxiliary.ts";
import { downloadOptions, refuseRemoteIfOffline } from "../downloads.ts";
import { readWeights, writeFile } from "../files.ts";
import { listImages } from "../image_lists.ts";
import { isOnnxPath, readOnnxModel } from "../onnx_model.ts";
import { keptHead, placeForHead } from "../own_head.ts";
import { printable, type Terminal } from "../terminal.ts";
import { reporter } from "../train/progress.ts";
import { UsageError } from "../usage.ts";
import { needsHead } from "./method.ts";
import type { ExplainCall } from "./options.ts";

/** Preset of the training: rows that all classes share, and masks with a budget. */
const PRESET = "efficientnet_lite0";
/** Images per step: a minute has room for more small steps than large ones. */
const BATCH = 8;
/** Below this, no time is spent on edges, which take about ten seconds. */
const MINUTES_FOR_EDGES = 3;

/**
 * Makes the head, if the options ask for it.
 *
 * @throws {UsageError} When options contradict each other.
 */
export async function teachIfAsked(call: ExplainCall): Promise<void> {
  const { options, terminal, signal } = call;
  const { photos, model: path, head, minutes = 1 } = options;
  if (photos === undefined) return;
  needsHead("photos", photos, methodNamed(options.method), (name) => `: ${name} needs no head`);
  if (head !== undefined) {
    throw new UsageError("Options --photos and --head exclude each other: --photos makes a head");
  }
  if (path === undefined || !isOnnxPath(path)) {
    throw new UsageError(
      `Option --photos is for an .onnx classifier; for ${
        path ?? "the default"
      } see deno task train --start regression`,
    );
  }
  const images = refuseRemoteIfOffline(options, await listImages(photos));
  terminal.doing("Loading");
  const given = await readOnnxModel(path, options);
  const place = await placeForHead(path, given);
  const start = await readStart(path, given, terminal);
  const named = await withAuxiliary(given, path, options);
  const { train } = await import("../../ptame/training/trainer.ts");
  const { onProgress: onDownload, signal: _, ...downloads } = downloadOptions(options, terminal);
  const report = reporter(terminal);
  const { device, threads } = options;
  const { head: made, losses } = await train({
    backbone: named.model,
    images,
    start: start ?? "regression",
    seconds: 60 * minutes,
    // Ctrl-C keeps the head so far; a second one does not wait.
    finish: signal,
    batch: Math.min(BATCH, images.length),
    preset: PRESET,
    form: await formFor(named.auxiliary, minutes),
    ...downloads,
    onProgress: (progress) => isDownload(progress) ? onDownload?.(progress) : report(progress),
    ...withoutUndefined({
      device,
      threads,
      auxiliary: named.auxiliary,
      auxiliaryWeights: await readWeights(options.auxiliaryWeights),
    }),
  });
  await writeFile(place, made);
  const trained = losses.length > 0 ? `, ${losses.length} steps of training` : "";
  terminal.say(`Head kept: ${printable(place)}${trained}`);
  signal.throwIfAborted();
}

/** The head to continue; `undefined` if there is none, or it was made for another version of the classifier. */
async function readStart(
  path: string,
  model: OnnxModel,
  terminal: Terminal,
): Promise<Uint8Array | undefined> {
  const kept = await keptHead(path, model);
  if (kept === undefined) return undefined;
  const { record } = await readHead(kept.bytes, kept.path);
  if (record.modelDigest !== await modelDigest(model)) {
    terminal.say(`Head ${printable(kept.path)} was made for another ${model.name}; a new one replaces it`);
    return undefined;
  }
  terminal.say(`Head ${printable(kept.path)} is trained further`);
  return kept.bytes;
}

/** The preset's form; its scales are those of four taps. */
async function formFor(auxiliary: Awaited<ReturnType<typeof withAuxiliary>>["auxiliary"], minutes: number) {
  const edges = minutes < MINUTES_FOR_EDGES ? { edges: 0 } : {};
  if (auxiliary === undefined || typeof auxiliary === "string" || !isOnnxModel(auxiliary)) return edges;
  const { loadClassifier } = await import("../../classifier/load.ts");
  const taps = (await loadClassifier({ model: auxiliary })).part().taps();
  return taps.length === 4 ? edges : { ...edges, rowScale: 0.3, commonScale: 0.3 };
}
