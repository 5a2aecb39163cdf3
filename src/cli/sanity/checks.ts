/**
 * Runs the sanity checks of the command: a baseline with a randomised classifier, P-TAME with randomised heads, and the
 * swap test of two heads.
 *
 * @module
 */
import { prepareImage } from "../../classifier/prepared_image.ts";
import { loadClassifier } from "../../classifier/load.ts";
import { classifierOver } from "../../classifier/open.ts";
import type { BaselineDefinition, MethodDefinition } from "../../baselines/types.ts";
import { type RandomizationOptions, randomizationTest } from "../../faithfulness/randomization.ts";
import {
  compareVariant,
  otherClassTest,
  type SanityImage,
  type SanityResult,
  swapTest,
} from "../../faithfulness/sanity.ts";
import type { ScoreBatch } from "../../faithfulness/types.ts";
import type { Comparison } from "../../faithfulness/summary.ts";
import {
  evaluationImages,
  explainerMethod,
  explainerScores,
  type ImageReader,
} from "../../faithfulness/evaluation_images.ts";
import type { Explainer, ExplainerOptions } from "../../ptame/explainer.ts";
import { randomizedHead } from "../../ptame/randomized_head.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { checkHeldOut, type ClassSelection, selectImages } from "../class_selection.ts";
import { openPtame } from "../explainer_options.ts";
import type { Typed } from "../options/command.ts";
import type { Terminal } from "../terminal.ts";

/** What to check. */
export interface SanityPlan {
  /** Paths of the images. */
  readonly images: readonly string[];
  /** The part of the chosen images that this process checks. */
  readonly part: (images: readonly string[]) => string[];
  /** Selection by class and maximum number; without it, all images are used. */
  readonly selection: (ClassSelection & { readonly limit: number | undefined }) | undefined;
  /** The method that is checked. */
  readonly method: MethodDefinition;
  /** The head of another backbone, for the swap test. */
  readonly swap: Uint8Array | undefined;
  /** Seed, order, stages, and the other options of the method and its classifier. */
  readonly settings: RandomizationOptions;
}

/** The results. */
export interface SanityReport {
  readonly model: string;
  readonly method: string;
  readonly images: number;
  /** The selection by class, if there was one. */
  readonly heldOutClasses?: ClassSelection & { readonly classes: number };
  readonly variants: readonly SanityResult[];
  readonly swap?: {
    /** Own head minus swapped head, by measure. */
    readonly differences: Readonly<Record<string, Comparison>>;
    readonly passed: readonly string[];
    readonly failed: readonly string[];
  };
}

/** Runs a plan. */
export function runChecks(
  plan: SanityPlan,
  options: ExplainerOptions & { readonly signal: AbortSignal },
  typed: Typed,
  terminal: Terminal,
): Promise<SanityReport> {
  return plan.method.needs === "head"
    ? checkHead(plan, options, typed, terminal)
    : checkBaseline(plan, options, plan.method, terminal);
}

/** The plan with the selected images, and the selection for the report. */
async function chosenFrom(
  plan: SanityPlan,
  reader: ImageReader,
  scoreImage: Score,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ plan: SanityPlan; said: Pick<SanityReport, "heldOutClasses"> }> {
  const { selection } = plan;
  if (selection === undefined) return { plan: { ...plan, images: plan.part(plan.images) }, said: {} };
  const score: ScoreBatch = async (images) => [await scoreImage(images[0]!, signal)];
  const { images, classes } = await selectImages(plan.images, selection, selection.limit, {
    ...{ reader, score, terminal, signal },
  });
  return {
    plan: { ...plan, images: plan.part(images) },
    said: { heldOutClasses: { ...selection, classes } },
  };
}

type Score = (pixels: Float32Array, signal?: AbortSignal) => Promise<Float32Array>;

/** The images, each with the classifier's top class. */
async function sanityImages(
  { images, settings: { signal } }: SanityPlan,
  reader: ImageReader,
  scoreImage: Score,
): Promise<SanityImage[]> {
  const found: SanityImage[] = [];
  for (const { pixels: read } of evaluationImages(images, reader)) {
    signal?.throwIfAborted();
    const loaded = await read();
    const probabilities = await scoreImage(loaded.pixels, signal);
    found.push({ ...loaded, target: probabilities.indexOf(Math.max(...probabilities)) });
  }
  return found;
}

async function checkBaseline(
  all: SanityPlan,
  options: ExplainerOptions & { readonly signal: AbortSignal },
  method: BaselineDefinition,
  terminal: Terminal,
): Promise<SanityReport> {
  const loaded = await loadClassifier(options);
  const { facts } = loaded;
  const reader: ImageReader = {
    backbone: facts,
    prepare: (image, options) => prepareImage(image, [facts.preprocessing], options),
  };
  let images: SanityImage[];
  let said: Pick<SanityReport, "heldOutClasses">;
  let plan = all;
  const classifier = await classifierOver(loaded, all.settings);
  try {
    const scoreImage: Score = async (pixels, signal) =>
      (await classifier.probabilities([pixels], signal))[0]!;
    ({ plan, said } = await chosenFrom(all, reader, scoreImage, terminal, options.signal));
    images = await sanityImages(plan, reader, scoreImage);
  } finally {
    await classifier.dispose();
  }
  const variants = await randomizationTest(loaded, method, images, plan.settings);
  return { model: facts.name, method: method.name, images: images.length, ...said, variants };
}

async function checkHead(
  all: SanityPlan,
  options: ExplainerOptions & { readonly signal: AbortSignal },
  typed: Typed,
  terminal: Terminal,
): Promise<SanityReport> {
  const explainer = await openPtame(options, typed);
  try {
    return await checkOpenHead(explainer, all, options, terminal);
  } finally {
    await explainer.dispose();
  }
}

async function checkOpenHead(
  explainer: Explainer,
  all: SanityPlan,
  options: ExplainerOptions & { readonly signal: AbortSignal },
  terminal: Terminal,
): Promise<SanityReport> {
  const { seed = 0, signal, onProgress } = all.settings;
  if (all.selection !== undefined) checkHeldOut(explainer.head.record, all.selection, terminal);
  const scoreImage: Score = (pixels, signal) => explainer.probabilities(pixels, signal);
  const { plan, said } = await chosenFrom(all, explainer, scoreImage, terminal, options.signal);
  const images = await sanityImages(plan, explainer, scoreImage);
  const own = explainerMethod(explainer);
  const originals = [];
  for (const image of images) originals.push(await own(image, image.target, signal));

  const variants: SanityResult[] = [];
  const total = (all.settings.otherClass ? 3 : 2) * images.length;
  /** Options of the next comparison. */
  const comparison = () => {
    const before = variants.length * images.length;
    return {
      seed,
      ...withoutUndefined({ signal }),
      onProgress: ({ done }: { readonly done: number }) => onProgress?.({ done: before + done, total }),
    };
  };
  if (all.settings.otherClass) {
    variants.push(
      await otherClassTest(own, images, originals, explainer.backbone.classes, comparison()),
    );
  }
  for (const part of ["fuser", "all"] as const) {
    const head = await randomizedHead(explainer.head, { seed, part });
    const random = await explainer.withHead(head);
    try {
      const name = part === "fuser" ? "fuser" : "whole head";
      variants.push(
        await compareVariant(name, explainerMethod(random), images, originals, comparison()),
      );
    } finally {
      await random.dispose();
    }
  }
  const report = {
    model: explainer.backbone.name,
    method: all.method.name,
    images: images.length,
    ...said,
    variants,
  };
  if (plan.swap === undefined) return report;

  const swapped = await explainer.withHead(plan.swap);
  try {
    const { differences, passed, failed } = await swapTest(own, explainerMethod(swapped), {
      images: evaluationImages(plan.images, explainer),
      score: explainerScores(explainer),
      normalization: explainer.backbone.preprocessing,
      seed,
      ...withoutUndefined({ signal }),
    });
    return { ...report, swap: { differences, passed, failed } };
  } finally {
    await swapped.dispose();
  }
}
