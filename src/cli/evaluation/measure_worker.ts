/**
 * A worker of `evaluate --workers`: opens its own methods and measures the images that it receives, one at a time. A record
 * depends on its image alone, so it has the bytes that one process gives it.
 *
 * @module
 */
import { evaluate } from "../../faithfulness/evaluate.ts";
import type { SkippedImage } from "../../faithfulness/evaluate_options.ts";
import { evaluationImages } from "../../faithfulness/evaluation_images.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { explainerOptions, openPtame } from "../explainer_options.ts";
import type { WorkerDevice } from "../folder/image_worker.ts";
import type { Failed } from "../folder/worker_client.ts";
import { parseArguments } from "../options/command.ts";
import { errorMessage, openTerminal } from "../terminal.ts";
import { type OpenMethods, openMethods } from "./methods.ts";
import { EVALUATE, type MeasureSettings, methodOptions, readSettings } from "./plan.ts";

/** An image to measure. */
export interface MeasureTask {
  readonly image: string;
  /** Its record of an earlier run with fewer methods. */
  readonly record?: ImageRecord;
}

/** What became of it: a record, or a reason why there is none. */
export interface MeasuredImage {
  readonly record?: ImageRecord;
  readonly skipped?: SkippedImage;
}

/** Messages to the worker: first the options of the command, then images. */
export type ToWorker =
  | {
    readonly kind: "open";
    readonly args: readonly string[];
    readonly where: WorkerDevice;
    /** What records depend on besides measures and seed. */
    readonly model: string;
  }
  | { readonly kind: "measure"; readonly task: MeasureTask };

/** Its answers. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly measured: MeasuredImage }
  | Failed;

let opened: OpenMethods | undefined;
let settings: MeasureSettings | undefined;
let model = "";

async function answer(message: ToWorker): Promise<FromWorker> {
  if (message.kind === "open") {
    const { options: values, typed } = parseArguments(EVALUATE, message.args);
    const quiet = openTerminal(true);
    settings = await readSettings(values);
    model = message.model;
    const options = await explainerOptions({ ...values, ...message.where }, typed, quiet);
    opened = await openMethods(settings.methods, options, {
      withHead: () => openPtame(options, typed),
      ...methodOptions(settings),
    });
    return { kind: "ready" };
  }
  return { kind: "done", measured: await measureOne(message.task, opened!, settings!) };
}

async function measureOne({ image, record }: MeasureTask, methods: OpenMethods, how: MeasureSettings) {
  const { annotations, maps, preset, measures, seed } = how;
  const images = evaluationImages([image], methods, annotations?.region);
  const skipped: SkippedImage[] = [];
  const { records } = await evaluate({
    images: maps?.remember(images) ?? images,
    methods: { ...methods.methods, ...maps?.methods },
    score: methods.score,
    normalization: methods.backbone.preprocessing,
    ...{ preset, measures, seed, model },
    records: record === undefined ? [] : [record],
    // The means are the command's to make.
    resamples: 1,
    onSkipped: (each) => skipped.push(each),
  });
  return withoutUndefined({ record: records[0], skipped: skipped[0] });
}

const scope = self as unknown as Worker;
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  answer(data).catch((error): FromWorker => ({ kind: "failed", message: errorMessage(error) }))
    .then((reply) => scope.postMessage(reply));
};
