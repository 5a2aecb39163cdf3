/**
 * A baseline as an explainer of images. It implements the same interface as P-TAME's explainer, so a program can
 * replace one by the other.
 *
 * @module
 */
import { scoreReading } from "../classifier/score_meaning.ts";
import { cropImage, prepareImage, readImage } from "../classifier/prepared_image.ts";
import { layerFacts } from "../classifier/tap.ts";
import type { RawMap } from "../explanation/blank_map.ts";
import { scaledMasks } from "../explanation/map_scale.ts";
import type { ImageSource } from "../image/types.ts";
import {
  askedClasses,
  checkTopK,
  type ClassifiedImage,
  createMapExplanation,
  createTargetMap,
  displayed,
  type ExplainOptions,
  type MapExplainer,
  type MapExplanation,
} from "../explanation/map_explanation.ts";
import { openClassifier, type OpenClassifierOptions } from "../classifier/open.ts";
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
export interface BaselineExplainOptions extends ExplainOptions {
  /** Called with the progress of methods that need many passes; it starts again for each class. */
  readonly onProgress?: (progress: MapProgress) => void;
}

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
  options: BaselineOptions = {},
): Promise<BaselineExplainer> {
  const method = baselineNamed(name);
  const classifier = await openClassifier(options);
  try {
    const tap = method.tapped ? classifier.tap() : undefined;
    const layer = tap === undefined ? undefined : layerFacts(tap);
    const attribute = await method.create(classifier, options);
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
        threads: session.threads,
        labels: facts.labels,
        probabilities: probabilities!,
        image: decoded,
        window,
        size: options.size,
        layer,
      };
      const asked = askedClasses(options, seen);
      const raws: RawMap[] = [];
      for (const index of asked) raws.push(await attribute(pixels, index, { signal, onProgress }));
      const scale = method.view === "mask" ? { low: 0, high: 1 } : options.scale ?? "own";
      const masks = scaledMasks(raws, scale, (raw) => shownValues(raw, method.view));
      const maps = asked.map((index, i) => createTargetMap(seen, index, raws[i]!, masks[i]!));
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
      passes: method.passes(tap?.channels ?? 0, options),
      backbone: facts,
      session,
      explain,
      prepare: (image, options) => prepareImage(image, [facts.preprocessing], options),
      probabilities: async (pixels, signal) => (await classifier.probabilities([pixels], signal))[0]!,
      mask: async ({ pixels }, target, signal) =>
        maskFrom(await attribute(pixels, target, { signal }), method.view),
      dispose: classifier.dispose,
      [Symbol.asyncDispose]: classifier.dispose,
    };
  } catch (error) {
    await classifier.dispose();
    throw error;
  }
}
