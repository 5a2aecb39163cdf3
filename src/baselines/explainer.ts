/**
 * A baseline as an explainer of images. It implements the same interface as P-TAME's explainer, so a program can
 * replace one by the other.
 *
 * @module
 */
import { scoreReading } from "../classifier/score_meaning.ts";
import { cropImage, prepareImage, readImage } from "../classifier/prepared_image.ts";
import { layerFacts } from "../classifier/taps/tap.ts";
import type { RawMap } from "../explanation/blank_map.ts";
import { scaledMasks } from "../explanation/map_scale.ts";
import type { ImageSource } from "../image/types.ts";
import {
  askedClasses,
  checkTopK,
  type ClassifiedImage,
  createFunctionMap,
  createMapExplanation,
  createTargetMap,
  displayed,
  type ExplainOptions,
  type MapExplainer,
  type MapExplanation,
  type TargetMap,
} from "../explanation/map_explanation.ts";
import { FOCUS, focusedOn } from "../classifier/focused.ts";
import { isScoreFunction, type ScoreFunction } from "../classifier/score_function.ts";
import type { Target } from "../classifier/target.ts";
import { type OpenClassifier, openClassifier, type OpenClassifierOptions } from "../classifier/open.ts";
import { baselineNamed } from "./methods.ts";
import {
  type BaselineDefinition,
  type MapProgress,
  maskFrom,
  type MethodOptions,
  shownValues,
} from "./types.ts";

/** Options of a baseline: its classifier and settings. */
export interface BaselineOptions extends OpenClassifierOptions, MethodOptions {}

/** What to explain of an image by a baseline. */
export interface BaselineExplainOptions extends Omit<ExplainOptions, "target"> {
  /**
   * The class or classes to explain, the backbone's own top class by default; or functions of its outputs, built with
   * `targets`. The map of a function has the index −1, its text as label and its value as probability.
   */
  readonly target?: BaselineTarget | readonly BaselineTarget[];
  /** Called with the progress of methods that need many passes; it starts again for each class. */
  readonly onProgress?: (progress: MapProgress) => void;
}

/** A class, or a function of the outputs. */
export type BaselineTarget = Target | ScoreFunction;

/** A baseline over a loaded classifier. */
export interface BaselineExplainer extends MapExplainer {
  /** The method. */
  readonly method: BaselineDefinition;
  /** The tap, if the method needs activations. */
  readonly layer: string | undefined;
  /**
   * Explains an image.
   *
   * @throws {ImageError} When the image cannot be read.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  explain(image: ImageSource, options?: BaselineExplainOptions): Promise<MapExplanation>;
}

/**
 * Loads a classifier and a baseline that explains it. Dispose of it when it is no longer needed.
 *
 * @param name Of `METHODS`: "gradcam", "rise", … and all others but P-TAME, see {@linkcode createExplainer}.
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When the classifier does not support the method: an invalid tap, or (on the first run) an
 * operator that cannot be differentiated.
 */
export async function createBaseline(
  name: string,
  settings: BaselineOptions = {},
): Promise<BaselineExplainer> {
  baselineNamed(name);
  const classifier = await openClassifier(settings);
  try {
    return await baselineOver(classifier, name, settings);
  } catch (error) {
    await classifier.dispose();
    throw error;
  }
}

/**
 * The same over an open classifier, which several baselines may share: disposing of any of them disposes of it.
 *
 * @throws As {@linkcode createBaseline}.
 */
export async function baselineOver(
  classifier: OpenClassifier,
  name: string,
  settings: MethodOptions = {},
): Promise<BaselineExplainer> {
  const method = baselineNamed(name);
  const tap = method.tapped ? classifier.tap() : undefined;
  const layer = tap === undefined ? undefined : layerFacts(tap);
  const attribute = await method.create(classifier, settings);
  const session = await classifier.session();
  const { facts } = classifier;

  const explain = async (
    image: ImageSource,
    options: BaselineExplainOptions = {},
  ): Promise<MapExplanation> => {
    const { signal, onProgress } = options;
    checkTopK(options.topK ?? 1, facts);
    const started = performance.now();
    const decoded = await readImage(image, options);
    signal?.throwIfAborted();
    const { pixels, window } = cropImage(decoded, facts.preprocessing);
    const prepared = performance.now();
    const [probabilities] = await classifier.probabilities([pixels], signal);
    const predicted = performance.now();
    const seen: ClassifiedImage = {
      model: facts.name,
      method: method.name,
      activation: facts.activation,
      reading: scoreReading(facts, await classifier.recognised()),
      device: session.device,
      deviceChoice: session.choice,
      threads: session.threads,
      labels: facts.labels,
      probabilities: probabilities!,
      image: decoded,
      window,
      size: options.size,
      layer,
    };
    const maps: TargetMap[] = [];
    const asked = [options.target ?? []].flat() as BaselineTarget[];
    const target = asked.filter((each): each is Target => !isScoreFunction(each));
    const own = method.view === "mask" ? { low: 0, high: 1 } : "own";
    for (const of of asked.filter(isScoreFunction)) {
      const focused = focusedOn(classifier, of);
      const value = (await focused.logits([pixels], signal))[0]![FOCUS]!;
      const raw = await (await method.create(focused, settings))(pixels, FOCUS, { signal, onProgress });
      const [mask] = scaledMasks([raw], own, (each) => shownValues(each, method.view));
      const measured = maskFrom(raw, method);
      const said = { text: focused.facts.labels[FOCUS]!, value };
      maps.push(createFunctionMap(seen, said, raw, mask!, measured));
    }
    const classes = asked.length > 0 && target.length === 0 ? [] : askedClasses({ ...options, target }, seen);
    const raws: RawMap[] = [];
    for (const index of classes) raws.push(await attribute(pixels, index, { signal, onProgress }));
    const scale = own === "own" ? options.scale ?? own : own;
    const masks = scaledMasks(raws, scale, (raw) => shownValues(raw, method.view));
    maps.push(
      ...classes.map((index, i) =>
        createTargetMap(seen, index, raws[i]!, masks[i]!, maskFrom(raws[i]!, method))
      ),
    );
    const milliseconds = {
      prepare: prepared - started,
      predict: predicted - prepared,
      explain: performance.now() - predicted,
    };
    return displayed(createMapExplanation(seen, maps, milliseconds, `${facts.name}, ${method.title}`));
  };

  return {
    method,
    layer: tap?.name,
    passes: method.passes(tap?.channels ?? 0, settings),
    backbone: facts,
    session,
    explain,
    prepare: (image, options) => prepareImage(image, [facts.preprocessing], options),
    probabilities: async (pixels, signal) => (await classifier.probabilities([pixels], signal))[0]!,
    mask: async ({ pixels }, target, signal) => maskFrom(await attribute(pixels, target, { signal }), method),
    dispose: classifier.dispose,
    [Symbol.asyncDispose]: classifier.dispose,
  };
}
