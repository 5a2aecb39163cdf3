/**
 * The methods that `evaluate` compares: P-TAME, the baselines, and the controls that ignore the classifier.
 *
 * @module
 */
import { openClassifier, type OpenClassifierOptions } from "../../classifier/open.ts";
import { prepareImage } from "../../classifier/prepared_image.ts";
import { methodNamed, METHODS } from "../../baselines/methods.ts";
import type { DecodeSettings } from "../../image/decode.ts";
import { createMapMethod, type MapProgress, type MethodOptions } from "../../baselines/types.ts";
import { layerFacts } from "../../classifier/taps/tap.ts";
import type { LayerFacts } from "../../explanation/map_explanation.ts";
import type { MapMethod } from "../../explanation/map_method.ts";
import { contrastMethods } from "../../faithfulness/contrast_method.ts";
import type { ScoreBatch } from "../../faithfulness/types.ts";
import { explainerMethod, explainerScores, type ImageReader } from "../../faithfulness/evaluation_images.ts";
import type { Explainer } from "../../ptame/explainer.ts";
import type { Head } from "../../ptame/head_file.ts";
import type { Session } from "../../runtime/mod.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** All names, in the order of reports. */
export const METHOD_NAMES: readonly string[] = METHODS.map(({ name }) => name);

/** Whether a method ignores the classifier. */
export function isControl(name: string): boolean {
  return METHODS.some((method) => method.name === name && method.needs === "image");
}

/** The default methods: those that need one pass or less. */
export const USUAL_METHODS: readonly string[] = METHODS.filter(({ needs }) =>
  needs === "head" || needs === "image"
).map(({ name }) => name);

/** Opened methods, and the classifier that scores their maps. */
export interface OpenMethods extends ImageReader {
  /** Name of the auxiliary, if P-TAME is among the methods. */
  readonly auxiliary?: string;
  /** By name. */
  readonly methods: Readonly<Record<string, MapMethod>>;
  /** The classifier. */
  readonly score: ScoreBatch;
  /** Where it runs. */
  readonly session: Pick<Session, "device" | "threads">;
  /** The head of ptame, if ptame is among the methods. */
  readonly head: Head | undefined;
  /** The layer that CAM methods read, if one is among the methods. */
  readonly layer?: LayerFacts;
  /** Frees what they hold. */
  dispose(): Promise<void>;
}

/** Options for opening methods. */
export interface OpenMethodsOptions extends MethodOptions {
  /** The layer that CAM methods use. */
  readonly layer?: string | undefined;
  /** Makes the maps contrasts of the top class with the second. Controls stay as they are. */
  readonly against?: "second" | undefined;
  /** Number of steps to refine each map of ptame. */
  readonly refine?: number | undefined;
  /** How images are read. */
  readonly decode?: DecodeSettings;
  /** Called with the progress of a map that needs many passes. */
  readonly onProgress?: (method: string, progress: MapProgress) => void;
}

/** P-TAME's maps, refined if requested. */
function headMethod(explainer: Explainer, { refine, seed }: OpenMethodsOptions): MapMethod {
  if (refine === undefined) return explainerMethod(explainer);
  return async (image, target, signal) => {
    const options = { steps: refine, ...withoutUndefined({ seed, signal }) };
    const map = await explainer.refinedMask(image, target, options);
    // A stopped run has a map, but not the one to measure.
    signal?.throwIfAborted();
    return map;
  };
}

/**
 * Opens methods over a classifier. Only ptame needs a head. If ptame is among the methods, the classifier is opened a
 * second time only for methods that need its activations or gradients.
 *
 * @param withHead Opens the explainer of the method that needs a head.
 */
export async function openMethods(
  names: readonly string[],
  classifierOptions: OpenClassifierOptions,
  options: OpenMethodsOptions & { readonly withHead: () => Promise<Explainer> },
): Promise<OpenMethods> {
  const { onProgress } = options;
  const chosen = names.map(methodNamed);
  const opened: { dispose(): Promise<void> }[] = [];
  const dispose = async () => {
    for (const each of opened.splice(0).reverse()) await each.dispose();
  };
  try {
    const explainer = chosen.some(({ needs }) => needs === "head") ? await options.withHead() : undefined;
    if (explainer !== undefined) opened.push(explainer);
    // On a GPU a batch takes little more time than one image; elsewhere batches have no benefit.
    const batched = explainer?.session.device === "webgpu";
    const looked = explainer === undefined || batched ||
      chosen.some(({ needs }) => needs !== "image" && needs !== "head");
    const classifier = looked
      ? await openClassifier({ ...classifierOptions, ...withoutUndefined({ layer: options.layer }) })
      : undefined;
    if (classifier !== undefined) opened.push(classifier);
    const methods: Record<string, MapMethod> = {};
    for (const definition of chosen) {
      const { name } = definition;
      methods[name] = definition.needs === "head"
        ? headMethod(explainer!, options)
        // A control does not use the classifier.
        : createMapMethod(definition, await definition.create(classifier!, options), {
          onProgress: (progress) => onProgress?.(name, progress),
        });
    }
    const prepare: OpenMethods["prepare"] = explainer?.prepare ??
      ((image, more) => prepareImage(image, [classifier!.facts.preprocessing], more));
    const layer = chosen.some(({ tapped }) => tapped) ? layerFacts(classifier!.tap()) : undefined;
    const session = explainer?.session ?? await classifier!.session();
    const score: ScoreBatch = explainer !== undefined && !batched
      ? explainerScores(explainer)
      : (images, signal) => classifier!.probabilities(images, signal);
    return {
      backbone: explainer?.backbone ?? classifier!.facts,
      ...withoutUndefined({ auxiliary: explainer?.auxiliary, layer }),
      prepare: (image, more) => prepare(image, { ...withoutUndefined({ decode: options.decode }), ...more }),
      head: explainer?.head,
      session,
      methods: options.against === undefined ? methods : contrastMethods(methods, score, isControl),
      score,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
