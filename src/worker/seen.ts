/**
 * Images that a classifier has named, in the worker: the prediction first, then the maps of any method, class by class.
 * The code of a method is loaded with its first map.
 *
 * @module
 */
import type { BaselineExplainer } from "../baselines/explainer.ts";
import type { MapProgress, MethodOptions } from "../baselines/types.ts";
import type { OpenClassifier } from "../classifier/open.ts";
import { cropImage, readImage } from "../classifier/prepared_image.ts";
import { scoreReading } from "../classifier/score_meaning.ts";
import { resolveTarget, type Target } from "../classifier/target.ts";
import { createMapExplanation, type MapExplanation } from "../explanation/map_explanation.ts";
import type { ImageSource } from "../image/types.ts";
import type { PlainMethodMap, PlainTarget } from "./methods.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** What a map may be told and tell. */
interface MapOptions {
  readonly settings: MethodOptions;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MapProgress) => void;
}

/** An open classifier that makes maps by any method. */
export interface MappingClassifier {
  /** Names an image; the explanation has no maps yet. */
  classify(image: ImageSource, signal: AbortSignal): Promise<MapExplanation>;
  /** Explains a class of an image by a method; the explanation has that one map. */
  explainBy(
    seen: MapExplanation,
    method: string,
    target: Target,
    options: MapOptions,
  ): Promise<MapExplanation>;
}

/** Milliseconds after which a worker listens: a stop is felt at once, and listening costs nothing. */
const LISTENING = 100;

/**
 * The same classifier, but a worker hears its page between the passes: on wasm they block its thread, and what follows
 * them without a pause does not let its loop turn.
 */
function listening(classifier: OpenClassifier): OpenClassifier {
  let last = performance.now();
  const listen = async (signal: AbortSignal | undefined) => {
    const now = performance.now();
    if (now - last < LISTENING) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = performance.now();
    signal?.throwIfAborted();
  };
  return {
    ...classifier,
    probabilities: async (images, signal) => {
      await listen(signal);
      return await classifier.probabilities(images, signal);
    },
    logits: async (images, signal) => {
      await listen(signal);
      return await classifier.logits(images, signal);
    },
    inputGradients: async (images, target, signal) => {
      await listen(signal);
      return await classifier.inputGradients(images, target, signal);
    },
  };
}

/** Makes an open classifier name images and map them. */
export function mappingClassifier(open: OpenClassifier): MappingClassifier {
  const classifier = listening(open);
  const { facts } = classifier;
  const opened = new Map<string, Promise<BaselineExplainer>>();

  /** Opened once for each method and its settings. */
  function explainerBy(method: string, settings: MethodOptions): Promise<BaselineExplainer> {
    const key = JSON.stringify([method, settings]);
    const present = opened.get(key);
    if (present !== undefined) return present;
    const opening = import("../baselines/explainer.ts").then(({ baselineOver }) =>
      baselineOver(classifier, method, settings)
    );
    opened.set(key, opening);
    // A failed attempt may be repeated.
    opening.catch(() => opened.delete(key));
    return opening;
  }

  return {
    classify: async (source, signal) => {
      const started = performance.now();
      const image = await readImage(source, { signal });
      const { pixels, window } = cropImage(image, facts.preprocessing);
      const prepared = performance.now();
      const [probabilities] = await classifier.probabilities([pixels], signal);
      const { device, threads } = await classifier.session();
      const seen = {
        ...{
          model: facts.name,
          method: "none",
          activation: facts.activation,
          device,
          threads,
          image,
          window,
        },
        reading: scoreReading(facts, await classifier.recognised()),
        labels: facts.labels,
        probabilities: probabilities!,
      };
      const milliseconds = {
        prepare: prepared - started,
        predict: performance.now() - prepared,
        explain: 0,
      };
      return createMapExplanation(seen, [], milliseconds, facts.name);
    },
    explainBy: async ({ image }, method, target, { settings, ...options }) => {
      const index = resolveTarget(target, facts.labels);
      return await (await explainerBy(method, settings)).explain(image, { target: index, ...options });
    },
  };
}

/** A map by a method as plain data. */
export function plainMethodMap(explanation: MapExplanation, plain: PlainTarget): PlainMethodMap {
  const { method, layer, milliseconds } = explanation;
  return { ...plain, method, milliseconds: milliseconds.explain, ...withoutUndefined({ layer }) };
}
