/**
 * Runs the evaluation that a plan asks for, and keeps what it finds as it finds it.
 *
 * @module
 */
import { boxesFor, pathBelow } from "../../faithfulness/boxes.ts";
import { evaluate } from "../../faithfulness/evaluate.ts";
import type { EvaluateResult, EvaluationProgress } from "../../faithfulness/evaluate_options.ts";
import type { GalleryRow } from "../../faithfulness/report/types.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import type { MapMethod } from "../../faithfulness/types.ts";
import { type AuxiliaryPixels, evaluationImages, explainerScores } from "../../ptame/evaluation_images.ts";
import type { Explainer, ExplainerOptions } from "../../ptame/explainer.ts";
import { type ByteSource, sourceOf } from "../../weights/byte_source.ts";
import { digestOfSource } from "../../weights/storage/digest.ts";
import { isFile } from "../files.ts";
import { evenlySpread } from "../image_lists.ts";
import { bar, longDuration, printable, type Terminal } from "../terminal.ts";
import { createGallery, type StoredMap } from "./gallery.ts";
import { methodsOf } from "./methods.ts";
import type { Plan } from "./plan.ts";
import { openRecordFile, type RecordFile } from "./record_file.ts";

/** Measures, and gathers the pictures of the report where one is asked for. */
export async function measure(
  plan: Plan,
  explainer: Explainer,
  options: ExplainerOptions,
  file: RecordFile<ImageRecord>,
  resume: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ result: EvaluateResult; rows: GalleryRow[] }> {
  const { images, boxes, folder } = plan;
  const auxiliaryPixels: AuxiliaryPixels = new WeakMap();
  const missing = images.filter((image) =>
    boxes !== undefined && boxesFor(boxes, image, folder) === undefined
  );
  if (missing.length === images.length) {
    throw new Error(`Cannot evaluate: ${missing[0]} and all other images are not in the file of --boxes`);
  }
  if (missing.length > 0) {
    terminal.say(`${missing.length} image(s) have no boxes and do not count for pointing and energy`);
  }
  terminal.say(
    `Evaluating ${plan.methods.join(", ")} on ${images.length} images with ${plan.preset}: ` +
      `${explainer.backbone.name} on ${explainer.session.device}`,
  );
  const model = identityOf(explainer, options);
  const pictures = () =>
    evaluationImages(images, explainer, {
      auxiliaryPixels,
      ...(boxes === undefined ? {} : { boxesOf: (name) => boxesFor(boxes, name, folder) }),
    });
  const methods = methodsOf(plan.methods, explainer, auxiliaryPixels, plan.seed);
  const mapsPath = plan.report === undefined ? undefined : `${plan.report}/maps.jsonl`;
  const maps = mapsPath === undefined
    ? undefined
    : await openRecordFile<StoredMap>(mapsPath, resume && await isFile(mapsPath));
  try {
    const gallery = maps && createGallery(evenlySpread(images, plan.gallery), maps, { model });
    const progress = progressOn(terminal);
    const result = await evaluate({
      images: gallery?.images(pictures()) ?? pictures(),
      total: images.length,
      methods: progress.methods(gallery?.methods(methods) ?? methods),
      score: explainerScores(explainer),
      preset: plan.preset,
      measures: plan.measures,
      normalization: explainer.backbone.preprocessing,
      seed: plan.seed,
      model,
      records: file.records,
      onRecord: (record) => file.append(record),
      onProgress: progress.report,
      onSkipped: ({ reason }) => terminal.say(`skipped: ${printable(reason)}`),
      signal,
    });
    if (result.images === 0) {
      throw new Error(`Cannot evaluate: none of the ${images.length} images can be read`);
    }
    const { labels } = explainer.backbone;
    const rows = await gallery?.rows(pictures(), methods, result.records, labels, signal) ?? [];
    return { result, rows: rows.map((row) => ({ ...row, name: pathBelow(row.name, folder) })) };
  } finally {
    await maps?.close();
  }
}

/** What records depend on beside measures and seed: a map of another head is another method's. */
function identityOf(explainer: Explainer, { weights }: ExplainerOptions): string {
  const contents: (ByteSource | Uint8Array)[] = [explainer.head.bytes];
  if (weights instanceof Uint8Array) contents.push(weights);
  else if (weights !== undefined && "table" in weights) contents.push(weights.content);
  const digests = contents.map((content) => digestOfSource(sourceOf(content)).slice(0, 8));
  return `${explainer.backbone.name} ${explainer.auxiliary} ${digests.join(" ")}`;
}

/** A progress bar on a terminal, with the method at work; a line every half minute elsewhere. */
function progressOn(terminal: Terminal): {
  report(progress: EvaluationProgress): void;
  methods(all: Readonly<Record<string, MapMethod>>): Record<string, MapMethod>;
} {
  let last = performance.now();
  let line = "";
  return {
    report: ({ done, total, secondsLeft }) => {
      const left = secondsLeft === undefined ? "" : `  ${longDuration(secondsLeft)} left`;
      line = `${bar(done / total!, 10).padEnd(10, "░")} ${done}/${total}${left}`;
      terminal.doing(line);
      const now = performance.now();
      if (terminal.live || now - last < 30_000) return;
      terminal.say(`image ${done}/${total}${left}`);
      last = now;
    },
    methods: (all) =>
      Object.fromEntries(
        Object.entries(all).map(([name, make]) => [name, (pixels, target, signal) => {
          terminal.doing(`${line}  ${name}`.trimStart());
          return make(pixels, target, signal);
        }]),
      ),
  };
}
