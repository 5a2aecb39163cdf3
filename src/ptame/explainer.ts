/**
 * P-TAME's explainer (Ntrougkas et al. 2025). The backbone predicts the class, the auxiliary reads the image once, and
 * the head turns its feature maps into a map of that class. If backbone and auxiliary are the same network, one pass
 * serves both.
 *
 * @module
 */
import type { ClassifierSource, LoadClassifierOptions } from "../classifier/load.ts";
import {
  cropImage,
  type PreparedImage,
  prepareImage,
  readImage,
  sameCrop,
} from "../classifier/prepared_image.ts";
import { scoreReading } from "../classifier/score_meaning.ts";
import { probabilitiesOfPlain } from "../classifier/prediction.ts";
import { type ScoreFunction, scoreValue } from "../classifier/score_function.ts";
import { scoresBehind } from "./fit/plain_scores.ts";
import { partSize } from "../classifier/graphs/forward.ts";
import { imagesTensor } from "../classifier/graphs/scores.ts";
import type { Scores } from "../classifier/types.ts";
import type { ImageSource } from "../image/types.ts";
import { type DeviceRequest, float32Data, openSession, type Session, type Tensor } from "../runtime/mod.ts";
import { bindWeights } from "../weights/bind.ts";
import type { WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { type ClassifierPair, headFor, loadPair } from "./classifier_pair.ts";
import { createExplanation, type Explanation, PTAME } from "./explanation.ts";
import type { FitProgress } from "./fit/fit_rows.ts";
import { type MaskMap, maskOrBlank } from "../explanation/blank_map.ts";
import { type Feature, fuseMap, minMax } from "./fuse.ts";
import { type Head, readHead } from "./head_file.ts";
import { checkTopK, type ExplainOptions, type MapExplainer } from "../explanation/map_explanation.ts";
import type { Refinement } from "../explanation/refinement.ts";
import type { Refiner, RowStart } from "./refine/refiner.ts";
import type { RefinedRow, RefineRunOptions } from "./refine/types.ts";
import { explainerGraph, featureName, HEAD_PREFIX, NETWORK_PREFIX } from "./explainer_graph.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** What to explain, and with which networks and device. */
export interface ExplainerOptions extends WeightOptions {
  /** Backbone: the name of a network, an .onnx file, or a network function; "efficientnet_lite0" by default. */
  readonly model?: ClassifierSource;
  /** File with the backbone's weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly weights?: WeightSource;
  /**
   * Auxiliary: the name of a network, an .onnx file, or a network function; the same object as `model` if one pass
   * should serve both. By default that of the head. Without a head, the backbone itself if its scores are a linear
   * layer on the mean of its last tap, else "efficientnet_lite0".
   */
  readonly auxiliary?: ClassifierSource;
  /** File with the auxiliary's weights, like `weights`. */
  readonly auxiliaryWeights?: WeightSource;
  /** Head file; by default the shipped head, else the auxiliary's class-activation start if it has the same classes. */
  readonly head?: Uint8Array;
  /**
   * Photographs, without labels, from which a head is made if `head` names none: a regression of the classifier's scores
   * on the auxiliary's features. At least 20, a few hundred are good; 400 are used at most. The result is
   * `explainer.head`: keep its `bytes` and give them as `head` the next time. `head.record.fit` says how well it fits.
   * It is also a start for training: `train({ start: head.bytes, … })`.
   */
  readonly photos?: Iterable<ImageSource>;
  /** Told what each classifier turned out to be, before it runs; `described` has what was assumed. */
  readonly onFacts?: LoadClassifierOptions["onFacts"];
  /** Called after each of the photographs. */
  readonly onFit?: (progress: FitProgress) => void;
  /** Device; "auto" by default: WebGPU if there is a hardware adapter, else native if it is installed, else wasm. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes; by default it depends on the machine. */
  readonly threads?: number;
}

/** A backbone, an auxiliary and a head, loaded and ready. */
export interface Explainer extends MapExplainer {
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head in use. */
  readonly head: Head;
  /**
   * Explains an image.
   *
   * @throws {ImageError} When the image cannot be read.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  explain(image: ImageSource, options?: ExplainOptions): Promise<Explanation>;
  /**
   * The mask of one class, at the head's resolution, min–max in [0, 1].
   *
   * @param image Result of `prepare`; if backbone and auxiliary read the same crop, `{ pixels }` is enough.
   * @throws {TypeError} When the auxiliary reads another crop and that crop is missing.
   */
  mask(image: PreparedImage, target: number, signal?: AbortSignal): Promise<MaskMap>;
  /**
   * The mask of one class after refining its row for the image; see `Explanation.refine`.
   *
   * @throws As `mask` and `Explanation.refine`.
   */
  refinedMask(
    image: PreparedImage,
    target: number,
    options?: RefineRunOptions,
  ): Promise<MaskMap & { readonly refinement: Refinement }>;
  /**
   * Opens another explainer with another head over the same classifiers, which are not loaded again.
   *
   * @throws {TypeError} When the head does not fit them.
   */
  withHead(head: Uint8Array): Promise<Explainer>;
}

/**
 * Loads a backbone, an auxiliary and a head. Dispose of the explainer when it is no longer needed.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When head, auxiliary and backbone do not fit together.
 * @throws {DeviceError} When the device is not available.
 * @throws {DownloadError} When weights are missing and cannot be downloaded.
 * @throws {ImageError} When fewer than 20 of the `photos` can be read.
 *
 * @example Explain the shipped sample
 * ```ts
 * import { createExplainer } from "./explainer.ts";
 *
 * await using explainer = await createExplainer({ device: "wasm" });
 * const cat = new URL("../../models/sample/chelsea.jpg", import.meta.url);
 * const { prediction, targets } = await explainer.explain(cat);
 * console.assert(prediction[0]!.index === targets[0]!.index);
 * console.assert(targets[0]!.map.values.length === 56 * 56);
 * ```
 */
export async function createExplainer(options: ExplainerOptions = {}): Promise<Explainer> {
  const given = options.head === undefined ? undefined : await readHead(options.head, "");
  const pair = await loadPair(options, given);
  return await explainerOver(pair, await chooseHead(pair, given, options), options);
}

/** The given head, else one fitted to the photographs, else the default. */
async function chooseHead(
  pair: ClassifierPair,
  given: Head | undefined,
  options: ExplainerOptions,
): Promise<Head> {
  if (given !== undefined || options.photos === undefined) return await headFor(pair, given, options);
  // Its linear algebra is loaded only for a fit.
  const { fitHead } = await import("./fit/fitted_head.ts");
  return await fitHead(pair, options.photos, options);
}

/**
 * Downloads the files that `createExplainer` needs and opens no session.
 *
 * @throws As `createExplainer` does, of names, heads that do not fit, and downloads.
 */
export async function fetchForExplainer(options: ExplainerOptions = {}): Promise<void> {
  await loadPair(options, options.head === undefined ? undefined : await readHead(options.head, ""));
}

/** The device of an explainer. */
export type ExplainerRuntime = Pick<ExplainerOptions, "device" | "threads" | "signal">;

/** An explainer over loaded classifiers, which may serve several explainers. */
export async function explainerOver(
  pair: ClassifierPair,
  head: Head,
  { device = "auto", threads, signal }: ExplainerRuntime = {},
): Promise<Explainer> {
  const runtime = { device, ...withoutUndefined({ threads }) };
  const shared = pair.backbone === pair.auxiliary;
  const part = pair.auxiliary.part();
  const scores = shared ? undefined : await pair.backbone.openScores(runtime);
  try {
    const unbound = explainerGraph(part, { logits: shared, features: true });
    const withNetwork = part.bind({ graph: unbound, files: new Map() }, NETWORK_PREFIX);
    const bound = bindWeights(withNetwork, head.file, { prefix: HEAD_PREFIX });
    signal?.throwIfAborted();
    const session = await openSession(bound.graph, { ...runtime, files: bound.files });
    return opened({ pair, head, session, scores, runtime });
  } catch (error) {
    await scores?.session.dispose();
    throw error;
  }
}

interface Opened {
  readonly pair: ClassifierPair;
  readonly head: Head;
  /** Session of the auxiliary with the head; it also gives the logits if `scores` is undefined. */
  readonly session: Session;
  readonly scores: Scores | undefined;
  readonly runtime: Omit<ExplainerRuntime, "signal">;
}

function opened({ pair, head, session, scores, runtime }: Opened): Explainer {
  const backbone = pair.backbone.facts;
  const auxiliary = pair.auxiliary.facts;
  const reader = pair.auxiliary.part();
  const taps = reader.taps();
  const own = scores?.session ?? session;
  const run = (pixels: Float32Array, signal?: AbortSignal) =>
    session.run({ image: imagesTensor([pixels], 1, partSize(reader)) }, { signal });
  let disposed = false;
  const dispose = async () => {
    disposed = true;
    await (await refining?.catch(() => undefined))?.dispose();
    await scores?.session.dispose();
    await session.dispose();
  };
  const crops = [backbone.preprocessing, auxiliary.preprocessing] as const;
  // Opened when a map is refined, with the code of gradients, which nothing else here needs.
  let refining: Promise<Refiner> | undefined;

  function refiner(): Promise<Refiner> {
    if (refining === undefined) {
      const open = async () =>
        (await import("./refine/refiner.ts")).openRefiner({
          backbone: pair.backbone,
          shape: pair.shape,
          probabilities: classify,
          ...runtime,
        });
      refining = open();
      // A failed attempt may be repeated.
      refining.catch(() => refining = undefined);
    }
    return refining;
  }

  async function refineRow(
    pass: Pick<RowStart, "features" | "pixels" | "target" | "clean">,
    options: RefineRunOptions,
  ): Promise<RefinedRow> {
    if (disposed) throw new TypeError("Cannot refine: the explainer has been disposed of");
    options.signal?.throwIfAborted();
    const opened = await refiner();
    options.signal?.throwIfAborted();
    return await opened.refine({ ...pass, row: head.row(pass.target) }, options);
  }

  function readFeatures(outputs: Record<string, Tensor>): Feature[] {
    return taps.map((_, index) => {
      const tensor = outputs[featureName(index)]!;
      return { channels: tensor.shape[1]!, size: tensor.shape[2]!, data: float32Data(tensor) };
    });
  }

  async function classify(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    if (scores !== undefined) return (await scores.probabilities([pixels], signal))[0]!;
    const { logits } = await run(pixels, signal);
    return probabilitiesOfPlain(float32Data(logits!), backbone);
  }

  async function featuresIn(image: PreparedImage, signal?: AbortSignal): Promise<Feature[]> {
    if (image.auxiliaryPixels === undefined && !sameCrop(...crops)) {
      throw new TypeError(
        `Cannot explain pixels: ${backbone.name} and ${auxiliary.name} do not read the same crop of an image`,
      );
    }
    return readFeatures(await run(image.auxiliaryPixels ?? image.pixels, signal));
  }

  async function mask(image: PreparedImage, target: number, signal?: AbortSignal): Promise<MaskMap> {
    return maskOrBlank(fuseMap(await featuresIn(image, signal), head.row(target)), minMax);
  }

  async function refinedMask(image: PreparedImage, target: number, options: RefineRunOptions = {}) {
    const features = await featuresIn(image, options.signal);
    const { pixels } = image;
    const clean = (await classify(pixels, options.signal))[target]!;
    const { row, refinement } = await refineRow({ features, pixels, target, clean }, options);
    const fused = fuseMap(features, row);
    return { ...minMax(fused), raw: fused.values, refinement };
  }

  async function explain(image: ImageSource, options: ExplainOptions = {}): Promise<Explanation> {
    const { signal, topK = 1 } = options;
    checkTopK(topK, backbone);
    const started = performance.now();
    const decoded = await readImage(image, options);
    signal?.throwIfAborted();
    const { pixels, auxiliaryPixels, auxiliaryWindow } = cropImage(decoded, ...crops);
    const prepared = performance.now();

    const predictions = await scores?.probabilities([pixels], signal);
    const predicted = performance.now();
    const outputs = await run(auxiliaryPixels ?? pixels, signal);
    const passed = performance.now();
    const features = readFeatures(outputs);
    const logits = scores === undefined ? float32Data(outputs["logits"]!) : undefined;
    const probabilities = predictions?.[0] ?? probabilitiesOfPlain(logits!, backbone);
    const pass = {
      model: backbone.name,
      method: PTAME,
      activation: backbone.activation,
      reading: scoreReading(backbone, scores?.recognised),
      auxiliary: auxiliary.name,
      head,
      device: own.device,
      deviceChoice: own.choice,
      threads: own.threads,
      labels: backbone.labels,
      probabilities,
      features,
      valueOf: (of: ScoreFunction) =>
        scoreValue(of, logits ?? scoresBehind(probabilities, backbone), backbone),
      image: decoded,
      window: auxiliaryWindow,
      size: options.size,
      refineRow: (target: number, options: RefineRunOptions) =>
        refineRow({ features, pixels, target, clean: probabilities[target]! }, options),
    };
    return createExplanation(pass, options, (done) => {
      const auxiliaryTime = passed - predicted;
      const maps = done - passed;
      return scores === undefined
        ? { prepare: prepared - started, predict: auxiliaryTime, explain: maps }
        : { prepare: prepared - started, predict: predicted - prepared, explain: auxiliaryTime + maps };
    });
  }

  return {
    backbone,
    auxiliary: auxiliary.name,
    head,
    session: own,
    passes: 1,
    explain,
    prepare: (image, options) => prepareImage(image, crops, options),
    withHead: async (bytes) =>
      await explainerOver(pair, await headFor(pair, await readHead(bytes, "")), runtime),
    probabilities: classify,
    mask,
    refinedMask,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * Explains one image and then releases the networks; for several images, keep an explainer.
 *
 * @example
 * ```ts
 * import { explain } from "./explainer.ts";
 *
 * const { prediction } = await explain("models/sample/chelsea.jpg", { device: "wasm", topK: 2 });
 * console.assert(prediction.length === 5);
 * ```
 */
export async function explain(
  image: ImageSource,
  options: ExplainOptions & ExplainerOptions = {},
): Promise<Explanation> {
  const explainer = await createExplainer(options);
  try {
    return await explainer.explain(image, options);
  } finally {
    await explainer.dispose();
  }
}
