/**
 * Runs the evaluation of a plan, and stores each result as soon as it is complete.
 *
 * @module
 */
import type { MapProgress } from "../../baselines/types.ts";
import { isOnnxModel } from "../../classifier/load.ts";
import { pathBelow } from "../../text/path_below.ts";
import { evaluate } from "../../faithfulness/evaluate.ts";
import type { EvaluateResult, EvaluationProgress } from "../../faithfulness/evaluate_options.ts";
import type { GalleryRow } from "../../faithfulness/report/types.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import type { MapMethod } from "../../explanation/map_method.ts";
import { evaluationImages } from "../../faithfulness/evaluation_images.ts";
import type { ExplainerOptions } from "../../ptame/explainer.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import { digestOfSource } from "../../weights/storage/digest.ts";
import { checkHeldOut, selectImages } from "../class_selection.ts";
import { openPtame } from "../explainer_options.ts";
import { evenlySpread } from "../../ptame/evenly_spread.ts";
import type { WorkerDevice } from "../folder/image_worker.ts";
import type { Typed } from "../options/command.ts";
import { longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "../terminal.ts";
import { agreeOnImages } from "./planned_images.ts";
import { takeShard } from "../shards/shard.ts";
import { createGallery, type StoredMap } from "./gallery.ts";
import { type OpenMethods, openMethods } from "./methods.ts";
import type { RunFacts } from "./values_file.ts";
import { networks } from "../../../models/registry.ts";
import { measureInWorkers } from "./measure_workers.ts";
import { methodOptions, type Plan } from "./plan.ts";
import { hasRecords, openRecordFile, type RecordFile } from "./record_file.ts";
import { UsageError } from "../usage.ts";

/** The results of an evaluation and what was evaluated. */
export interface Measured {
  readonly result: EvaluateResult;
  /** Number of distinct classes, if images were selected by class. */
  readonly classes: number | undefined;
  /** Images of the report. */
  readonly rows: GalleryRow[];
  /** The classifier, and P-TAME's head if it was measured. */
  readonly subject: Pick<OpenMethods, "backbone" | "auxiliary" | "session" | "head" | "layer">;
  /** SHA-256 of the files; "" of one that is unknown. */
  readonly digests: () => Pick<RunFacts, "modelDigest" | "headDigest">;
}

/** Everything that a measurement needs. */
export interface MeasureContext {
  /** Classifier and head, as the options say them. */
  readonly options: ExplainerOptions;
  /** The options as they were typed. */
  readonly typed: Typed;
  /** The arguments as they were given. */
  readonly args: readonly string[];
  /** Paths of models that were named by an address. */
  readonly local: Pick<WorkerDevice, "model" | "auxiliary">;
  /** Where records go. */
  readonly file: RecordFile<ImageRecord>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Runs the measurement, and collects the images for the report if there is one. */
export async function measure(plan: Plan, context: MeasureContext): Promise<Measured> {
  const { options, typed, terminal, signal } = context;
  const progress = progressOn(terminal);
  const opened = await openMethods(plan.methods, { ...options, signal }, {
    withHead: () => openPtame({ ...options, signal }, typed),
    ...methodOptions(plan),
    onProgress: progress.map,
  });
  try {
    return await measureOpened(opened, plan, { ...context, progress });
  } finally {
    await opened.dispose();
  }
}

/** The same with opened methods. */
async function measureOpened(
  opened: OpenMethods,
  plan: Plan,
  context: MeasureContext & { readonly progress: ReturnType<typeof progressOn> },
): Promise<Measured> {
  const { options, typed, file, terminal, signal, progress } = context;
  const { annotations, folder, selection } = plan;
  const { score, backbone } = opened;
  const methods = { ...opened.methods, ...plan.maps?.methods };
  if (backbone.asked === "none") {
    throw new UsageError(
      `Cannot evaluate ${backbone.name}: measures need probabilities, and --activation none gives none`,
    );
  }
  if (selection !== undefined && opened.head !== undefined) {
    checkHeldOut(opened.head.record, selection, terminal);
  }
  const selected = selection === undefined
    ? undefined
    : await selectImages(plan.images, selection, selection.limit, {
      reader: opened,
      score,
      terminal,
      signal,
    });
  const all = selected?.images ?? plan.images;
  await countAnnotated({ ...plan, images: all }, terminal);
  await plan.maps?.check(all);
  const isPart = plan.shard.count > 1;
  if (isPart) await agreeOnImages(plan.report!, all);
  const images = takeShard(all, plan.shard, folder);
  const what = plan.against === undefined ? "" : "contrasts by ";
  terminal.say(
    `Evaluating ${what}${Object.keys(methods).join(", ")} on ${images.length} images with ${plan.preset}: ` +
      `${backbone.name} on ${opened.session.device}`,
  );
  const identity = methodIdentity(opened, options, plan);
  const samples = () => {
    const listed = evaluationImages(images, opened, annotations?.region);
    return plan.maps?.remember(listed) ?? listed;
  };
  const mapsPath = plan.report === undefined || isPart ? undefined : `${plan.report}/maps.jsonl`;
  const maps = mapsPath === undefined
    ? undefined
    : await openRecordFile<StoredMap>(mapsPath, typed["resume"] === true && await hasRecords(mapsPath));
  try {
    const gallery = maps && createGallery(evenlySpread(images, plan.gallery), maps, { model: identity });
    const settings = {
      ...{ preset: plan.preset, measures: plan.measures, seed: plan.seed, model: identity },
      normalization: backbone.preprocessing,
    };
    const aside = await measureInWorkers(plan, {
      ...context,
      images,
      opened: { ...opened, methods },
      settings,
    });
    const result = await evaluate({
      ...settings,
      images: gallery?.images(samples()) ?? samples(),
      total: images.length,
      methods: progress.methods(gallery?.methods(methods) ?? methods),
      score,
      // What workers have measured is measured; an image that cannot be read is tried once more, to be named in order.
      records: [...file.records, ...aside],
      onRecord: (record) => file.append(record),
      onProgress: progress.report,
      onSkipped: ({ reason }) => terminal.say(`skipped: ${printable(reason)}`),
      signal,
    });
    if (result.images === 0 && !isPart) {
      throw new Error(`Cannot evaluate: none of the ${images.length} images can be read`);
    }
    const rows = await gallery?.rows(samples(), methods, result.records, backbone.labels, signal) ?? [];
    const { auxiliary, session, head, layer } = opened;
    return {
      result,
      classes: selected?.classes,
      rows: rows.map((row) => ({ ...row, name: pathBelow(row.name, folder) })),
      subject: { backbone, session, head, ...withoutUndefined({ auxiliary, layer }) },
      digests: () => ({
        modelDigest: modelDigest(backbone.name, options),
        headDigest: head === undefined ? "" : digestOfSource(toByteSource(head.bytes)),
      }),
    };
  } finally {
    await maps?.close();
  }
}

/** Reports how many images have no objects; an error if none has any. */
async function countAnnotated({ images, annotations }: Plan, terminal: Terminal): Promise<void> {
  if (annotations === undefined) return;
  const missing: string[] = [];
  for (const image of images) if (!await annotations.has(image)) missing.push(image);
  if (missing.length === images.length) {
    throw new Error(
      `Cannot evaluate: ${missing[0]} and all other images are not in the ` +
        (annotations.option === "--boxes" ? "file of --boxes" : "annotations of --annotations"),
    );
  }
  if (missing.length === 0) return;
  const what = annotations.option === "--boxes" ? "boxes" : "annotations";
  terminal.say(`${missing.length} image(s) have no ${what} and do not count for measures that need objects`);
}

/** SHA-256 of the classifier: of the given file, else of the published weights of a network known by name. */
function modelDigest(name: string, { model, weights }: ExplainerOptions): string {
  const given = model !== undefined && isOnnxModel(model)
    ? model.onnx
    : weights instanceof Uint8Array
    ? weights
    : weights !== undefined && "table" in weights
    ? weights.content
    : undefined;
  if (given !== undefined) return digestOfSource(toByteSource(given));
  const known = networks.find((network) => network.name === name)?.weights;
  return known?.shipped?.sha256 ?? known?.published?.[0]?.sha256 ?? "";
}

/** What records depend on besides measures and seed, such as the head. */
function methodIdentity(
  { backbone, auxiliary, head }: OpenMethods,
  { model, auxiliary: auxiliarySource, weights }: ExplainerOptions,
  { layer, against, refine, seed, counts, selection, decode, maps }: Plan,
): string {
  const contents: (ByteSource | Uint8Array)[] = [];
  if (head !== undefined) contents.push(head.bytes);
  for (const source of [model, auxiliarySource]) {
    if (source !== undefined && isOnnxModel(source)) contents.push(source.onnx);
  }
  if (weights instanceof Uint8Array) contents.push(weights);
  else if (weights !== undefined && "table" in weights) contents.push(weights.content);
  const digests = contents.map((content) => digestOfSource(toByteSource(content)).slice(0, 8));
  const more = [
    layer === undefined ? [] : `layer:${layer}`,
    // Another output, or other probabilities, of the same file.
    backbone.asked === undefined ? [] : `activation:${backbone.asked}`,
    (backbone.otherOutputs ?? []).length === 0 ? [] : `output:${backbone.output}`,
    against === undefined ? [] : `against:${against}`,
    refine === undefined ? [] : `refine:${refine}/${seed}`,
    Object.entries(counts).map(([name, count]) => `${name}:${count}`),
    decode.keepProfile ? "profile:kept" : [],
    maps === undefined ? [] : `maps:${maps.names.join("/")}`,
    // Each record states that its class was held out.
    selection === undefined ? [] : `classes:${selection.part}/${selection.share}`,
  ];
  return [backbone.name, auxiliary ?? [], digests, more].flat(2).join(" ");
}

/** A progress bar with the current method on a terminal; a line every half minute elsewhere. */
function progressOn(terminal: Terminal): {
  report(progress: EvaluationProgress): void;
  map(method: string, progress: MapProgress): void;
  methods(all: Readonly<Record<string, MapMethod>>): Record<string, MapMethod>;
} {
  const sayImage = sayNowAndThen(terminal);
  let line = "";
  return {
    report: ({ done, total, secondsLeft }) => {
      const left = secondsLeft === undefined ? "" : `  ${longDuration(secondsLeft)} left`;
      line = `${progressBar(done / total!)} ${done}/${total}${left}`;
      terminal.doing(line);
      sayImage(`image ${done}/${total}${left}`);
    },
    map: (method, { done, total }) => {
      if (done % 50 === 0) terminal.doing(`${line}  ${method} ${done}/${total}`.trimStart());
    },
    methods: (all) =>
      Object.fromEntries(
        Object.entries(all).map(([name, make]) => [name, (image, target, signal) => {
          terminal.doing(`${line}  ${name}`.trimStart());
          return make(image, target, signal);
        }]),
      ),
  };
}
