/**
 * Measures one or several explanation methods over many images: streaming, batched, and resumable from its own
 * per-image records. The caller provides images, maps and scores.
 *
 * @module
 */
import { changedImage } from "../classifier/prepared_image.ts";
import { hashText } from "../random/hash.ts";
import { ImageError } from "../image/types.ts";
import {
  type EvaluateOptions,
  type EvaluateResult,
  type LoadedImage,
  loadImage,
  type SkippedImage,
} from "./evaluate_options.ts";
import { presetNamed } from "./presets.ts";
import { askProbes } from "./ask.ts";
import { enlarge } from "./probe.ts";
import { createProbes, measureNamed, USUAL_MEASURES } from "./measures.ts";
import { rankingDifference, settingsText } from "./record_settings.ts";
import { createScoreQueue, marginOf, runnerUp, topClass } from "./scoring.ts";
import { type ImageRecord, type MapRecord, summarize } from "./summary.ts";
import type { Region } from "./types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** An image whose record is being filled. */
interface Pending {
  readonly name: string;
  readonly target: number;
  readonly probability: number;
  readonly methods: Record<string, MapRecord>;
  /** Maps not measured yet. */
  open: number;
}

/**
 * Measures explanation methods over images. The explained class is the classifier's top class on the clean image, also
 * for every perturbed version.
 *
 * @throws {ImageError} When an image cannot be read and there is no callback for skipped images.
 * @throws {RangeError} When a preset or measure is unknown, a map leaves [0, 1], the scores are not probabilities, two
 * images have the same name, or records were made with other settings.
 * @throws {TypeError} When a preset needs a normalization and none is given.
 *
 * @example A classifier that sees the left half's brightness only
 * ```ts
 * import { evaluate } from "./evaluate.ts";
 *
 * const score = (images: Float32Array[]) =>
 *   Promise.resolve(images.map((pixels) => {
 *     const left = pixels.filter((_, i) => i % 8 < 4).reduce((sum, value) => sum + value, 0) / 96;
 *     return Float32Array.of(left, 1 - left);
 *   }));
 * const half = (left: number, right: number) => () =>
 *   Promise.resolve({ width: 8, height: 8, values: Float32Array.from({ length: 64 }, (_, i) => i % 8 < 4 ? left : right) });
 * const { methods } = await evaluate({
 *   images: [{ name: "bright", pixels: new Float32Array(192).fill(0.9) }],
 *   methods: { left: half(1, 0), right: half(0, 1) },
 *   score,
 *   measures: ["ad"],
 * });
 * if (methods["left"]!.measures["AD50"]!.value !== 0) throw new Error("nothing that counts was hidden");
 * if (methods["right"]!.measures["AD50"]!.value !== 100) throw new Error("all that counts was hidden");
 * ```
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const { methods, score, signal, normalization, seed = 0, batchSize = 16, model = "" } = options;
  const preset = presetNamed(options.preset ?? "ptame-2025");
  const measures = options.measures ?? USUAL_MEASURES;
  measures.forEach(measureNamed);
  const rivals = measures.some((name) => measureNamed(name).needs?.includes("rival"));
  const names = Object.keys(methods);
  if (names.length === 0) throw new RangeError("Cannot evaluate: no method is given");
  const settings = settingsText(preset, measures, seed, model);
  const earlier = new Map<string, ImageRecord>();
  for (const record of options.records ?? []) {
    if (record.settings !== settings) {
      throw new RangeError(
        `Cannot resume: the record of ${record.image} was made with ${
          rankingDifference(record.settings, settings) ?? `"${record.settings}", not "${settings}"`
        }`,
      );
    }
    earlier.set(record.image, record);
  }

  const total = options.total ?? (Array.isArray(options.images) ? options.images.length : undefined);
  const started = performance.now();
  const order: string[] = [];
  const finished = new Map<string, ImageRecord>();
  const skipped: SkippedImage[] = [];
  let fresh = 0;
  const queue = createScoreQueue(score, batchSize, signal);

  const finish = async (record: ImageRecord, isFresh: boolean): Promise<void> => {
    finished.set(record.image, record);
    if (isFresh) {
      fresh++;
      await options.onRecord?.(record);
    }
    const seconds = (performance.now() - started) / 1000;
    const left = total === undefined || fresh === 0
      ? undefined
      : seconds / fresh * (total - finished.size - skipped.length);
    options.onProgress?.({
      done: finished.size + skipped.length,
      total,
      image: record.image,
      seconds,
      secondsLeft: left,
    });
  };
  // A record can be completed in the middle of a batch; it is reported after the batch, because that may take time.
  const complete: Pending[] = [];
  const report = async (): Promise<void> => {
    for (const { name, target, probability, methods } of complete.splice(0)) {
      await finish({ image: name, settings, target, probability, methods }, true);
    }
  };

  const measure = async (image: Waiting, clean: Float32Array): Promise<void> => {
    const { name, loaded, region, record } = image;
    const { pixels, width } = loaded;
    const sized = width === undefined ? { pixels } : { pixels, width };
    const target = topClass(clean);
    const probability = clean[target]!;
    if (record !== undefined && record.target !== target) {
      throw new RangeError(
        `Cannot resume: ${name} was class ${record.target} when it was measured, it is class ${target} now`,
      );
    }
    const rival = rivals ? runnerUp(clean, target) : undefined;
    const missing = names.filter((method) => record?.methods[method] === undefined);
    const pending: Pending = {
      name,
      target,
      probability,
      methods: { ...record?.methods },
      open: missing.length,
    };
    for (const method of missing) {
      signal?.throwIfAborted();
      const begin = performance.now();
      const map = await methods[method]!(loaded, target, signal);
      const milliseconds = performance.now() - begin;
      if (map.blank !== undefined) {
        // A mask of zeros would be measured like a finding.
        pending.methods[method] = { milliseconds, maskArea: 0, values: {}, blank: map.blank.reason };
        if (--pending.open === 0) complete.push(pending);
        continue;
      }
      const sample = named(method, name, () => enlarge({ ...sized, map, target, probability }));
      const context = {
        normalization,
        region,
        rival: rival === undefined ? undefined : { index: rival, margin: marginOf(clean, target, rival) },
        seed: hashText(`${seed}/${name}`),
        explainAgain: (change: (pixels: Float32Array) => Float32Array) =>
          methods[method]!(changedImage(loaded, change), target, signal),
      };
      const probes = createProbes(sample, measures, preset, context);
      await askProbes(queue, probes, target, (reading) => {
        pending.methods[method] = { milliseconds, maskArea: sample.area, ...reading };
        if (--pending.open === 0) complete.push(pending);
      }, rival);
      await report();
    }
  };

  // Clean images are collected to a batch of their own; then all their perturbed versions follow.
  let waiting: Waiting[] = [];
  const measureWaiting = async (): Promise<void> => {
    const group = waiting;
    waiting = [];
    const clean: Float32Array[] = [];
    const cleanQueue = createScoreQueue(score, batchSize, signal);
    for (const [index, { loaded }] of group.entries()) {
      await cleanQueue.add(loaded.pixels, (probabilities) => clean[index] = probabilities);
    }
    await cleanQueue.flush();
    for (const [index, image] of group.entries()) await measure(image, clean[index]!);
  };

  const seen = new Set<string>();
  for await (const image of options.images) {
    signal?.throwIfAborted();
    if (seen.has(image.name)) throw new RangeError(`Cannot evaluate: two images are named ${image.name}`);
    seen.add(image.name);
    const record = earlier.get(image.name);
    if (record !== undefined && names.every((method) => record.methods[method] !== undefined)) {
      order.push(image.name);
      await finish(record, false);
      continue;
    }
    let loaded: LoadedImage;
    try {
      loaded = await loadImage(image);
    } catch (error) {
      if (!(error instanceof ImageError) || options.onSkipped === undefined) throw error;
      skipped.push({ image: image.name, reason: error.message });
      options.onSkipped(skipped.at(-1)!);
      continue;
    }
    order.push(image.name);
    waiting.push({ name: image.name, loaded, region: loaded.region ?? image.region, record });
    if (waiting.length >= batchSize) await measureWaiting();
  }
  if (waiting.length > 0) await measureWaiting();
  await queue.flush();
  await report();

  const records = order.map((name) => finished.get(name)!);
  const bootstrap = withoutUndefined({ seed, resamples: options.resamples });
  return { ...summarize(records, preset.name, bootstrap), records, skipped };
}

/** An image waiting for its clean pass. */
interface Waiting {
  readonly name: string;
  readonly loaded: LoadedImage;
  readonly region: Region | undefined;
  readonly record: ImageRecord | undefined;
}

/** Adds the method and image to an error. */
function named<T>(method: string, image: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RangeError(`${error.message} (method ${method}, image ${image})`, { cause: error });
    }
    throw error;
  }
}
