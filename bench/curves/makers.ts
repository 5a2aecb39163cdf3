/**
 * The methods whose curves are drawn: each with several numbers of passes. A forward pass counts as one, a backward pass
 * as two.
 *
 * @module
 */
import { scoreCam } from "../../src/baselines/activation/score_cam.ts";
import { gradCam } from "../../src/baselines/activation/grad_cam.ts";
import { extremal } from "../../src/baselines/perturbation/extremal/extremal.ts";
import { maskedImage } from "../../src/baselines/perturbation/masked_image.ts";
import { riseMask } from "../../src/baselines/perturbation/rise.ts";
import { EXTREMAL_AREAS } from "../../src/baselines/passes.ts";
import { type Attribute, createMapMethod } from "../../src/baselines/types.ts";
import { classifierOver } from "../../src/classifier/open.ts";
import type { OpenClassifier } from "../../src/classifier/open.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import { imageSides } from "../../src/image/side.ts";
import type { ValueMap } from "../../src/image/types.ts";
import { readOnnxModel } from "../../src/cli/onnx_model.ts";
import { keptHead } from "../../src/cli/own_head.ts";
import { headFor, loadPair } from "../../src/ptame/classifier_pair.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { type Explainer, explainerOver } from "../../src/ptame/explainer.ts";
import { REFINE_SETTINGS } from "../../src/ptame/refine/refine.ts";

/** One point of a curve. */
export interface Point {
  /** The curve, as the plot names it. */
  readonly curve: string;
  /** Passes for one map. */
  readonly passes: number;
  /** The method. */
  readonly make: MapMethod;
}

/** Passes of a forward and a backward pass together. */
const BOTH = 3;
const VIEWS = REFINE_SETTINGS.views.length;

/** What makes all points, opened. */
export interface Makers {
  /** Facts, images and scores. */
  readonly explainer: Explainer;
  /** All points, those of a curve in the order of their passes. */
  readonly points: readonly Point[];
  /** Releases the sessions. */
  dispose(): Promise<void>;
}

/** Which numbers of passes are tried. */
export interface CurveOptions {
  readonly threads: number;
  /** Path of an .onnx classifier with a head beside it; by default the shipped network and head. */
  readonly model: string | undefined;
  /** Steps of refining by the gradient. */
  readonly refine: readonly number[];
  /** Steps of refining without gradients. */
  readonly tried: readonly number[];
  /** Masks of RISE, from few to many. */
  readonly masks: readonly number[];
  /** Channels of Score-CAM. */
  readonly channels: readonly number[];
  /** Steps of extremal perturbations for each area. */
  readonly steps: readonly number[];
}

/** The classifiers and the head. */
async function loadSubject(path: string | undefined) {
  const model = path === undefined ? undefined : await readOnnxModel(path);
  const kept = model && await keptHead(path!, model);
  const given = kept && await readHead(kept.bytes, kept.path);
  const pair = await loadPair({ model }, given);
  return { pair, head: await headFor(pair, given) };
}

/** Opens a classifier and its head once for all points. */
export async function openMakers(options: CurveOptions): Promise<Makers> {
  const runtime = { device: "native", threads: options.threads } as const;
  const { pair, head } = await loadSubject(options.model);
  const explainer = await explainerOver(pair, head, runtime);
  const opened: { dispose(): Promise<void> }[] = [explainer];
  const classifier = await classifierOver(pair.backbone, runtime);
  opened.push(classifier);
  const refined = (from: Explainer, steps: number): MapMethod => (image, target, signal) =>
    from.refinedMask(image, target, { steps, ...(signal === undefined ? {} : { signal }) });

  const points: Point[] = [{ curve: "head", passes: 1, make: (...given) => explainer.mask(...given) }];
  for (const steps of options.refine) {
    points.push({
      curve: "refined",
      passes: BOTH * VIEWS * (steps + 1),
      make: refined(explainer, steps),
    });
  }
  if (options.tried.length > 0) {
    const blind = await explainerOver({ ...pair, backbone: withoutGraph(pair.backbone) }, head, runtime);
    opened.push(blind);
    for (const steps of options.tried) {
      const passes = VIEWS * (2 * steps + 1);
      points.push({ curve: "refined without gradients", passes, make: refined(blind, steps) });
    }
  }
  // Before global average pooling and a linear layer, Grad-CAM is the class activation map, but for a factor and ReLU.
  const ranged = (attribute: Attribute) => createMapMethod({ view: "range", signed: false }, attribute);
  points.push({ curve: "class activation", passes: BOTH, make: ranged(gradCam(classifier)) });
  for (const channels of options.channels) {
    points.push({
      curve: "Score-CAM",
      passes: 1 + channels,
      make: ranged(scoreCam(classifier, { channels })),
    });
  }
  const sums = riseSums(classifier, options.masks);
  for (const masks of options.masks) {
    const attribute: Attribute = async (pixels, target, given) =>
      (await sums(pixels, target, given?.signal)).get(masks)!;
    points.push({ curve: "RISE", passes: masks, make: ranged(attribute) });
  }
  for (const steps of options.steps) {
    points.push({
      curve: "extremal perturbations",
      passes: BOTH * EXTREMAL_AREAS.length * steps,
      make: ranged(extremal(classifier, { steps })),
    });
  }
  return {
    explainer,
    points,
    dispose: async () => {
      for (const each of opened.reverse()) await each.dispose();
    },
  };
}

/** A classifier that gives scores alone. */
function withoutGraph<C extends { part(): unknown }>(classifier: C): C {
  return {
    ...classifier,
    part: () => {
      throw new TypeError("A classifier without gradients");
    },
  };
}

/** RISE's maps after each number of masks, from one run; the last image's are kept. */
function riseSums(classifier: OpenClassifier, counts: readonly number[]) {
  let last: { pixels: Float32Array; target: number; maps: Map<number, ValueMap> } | undefined;
  return async (pixels: Float32Array, target: number, signal: AbortSignal | undefined) => {
    if (last?.pixels === pixels && last.target === target) return last.maps;
    const size = imageSides(pixels, classifier.facts.preprocessing.width);
    const sums = new Float64Array(size.width * size.height);
    const maps = new Map<number, ValueMap>();
    for (let at = 0; at < Math.max(...counts); at++) {
      const mask = riseMask(size, at);
      const seen = maskedImage(pixels, mask, classifier.facts.preprocessing);
      const weight = (await classifier.probabilities([seen], signal))[0]![target]!;
      for (let p = 0; p < sums.length; p++) sums[p]! += weight * mask[p]!;
      if (counts.includes(at + 1)) {
        maps.set(at + 1, { ...size, values: Float32Array.from(sums) });
      }
    }
    last = { pixels, target, maps };
    return maps;
  };
}
