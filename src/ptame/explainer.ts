/**
 * P-TAME's explainer (Ntrougkas et al. 2025): the backbone names the class, the auxiliary reads the picture once,
 * the head turns what it read into a map of that class. Where backbone and auxiliary are the same network, one pass
 * serves both.
 *
 * @module
 */
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import type { NetworkDefinition } from "../../models/registry.ts";
import { type BackboneFacts, factsOf } from "../classifier/facts.ts";
import { type OnnxModel, openOnnxBackbone } from "../classifier/onnx_classifier.ts";
import { decodeImage } from "../image/decode.ts";
import { preprocess } from "../image/preprocess.ts";
import type { ImageSource, RgbImage, ValueMap } from "../image/types.ts";
import {
  type DeviceRequest,
  float32DataOf,
  float32Tensor,
  openSession,
  type Session,
  type Tensor,
} from "../runtime/mod.ts";
import { bindWeights } from "../weights/bind.ts";
import type { WeightSource } from "../weights/load_network.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { type Explanation, explanationOf, PTAME } from "./explanation.ts";
import { checkTopK, type ExplainOptions, type MapExplainer } from "./map_explanation.ts";
import { type Feature, fuseMap, minMax } from "./fuse.ts";
import { loadExplainerNetworks } from "./explainer_networks.ts";
import type { Head } from "./head_file.ts";
import { featureName, HEAD_PREFIX, NETWORK_PREFIX, passGraph } from "./observed_network.ts";
import { probabilitiesOf } from "../classifier/prediction.ts";

/** What to explain, with what, where. */
export interface ExplainerOptions extends WeightOptions {
  /** Backbone: the name of a network, or an .onnx file; "efficientnet_lite0" by default. */
  readonly model?: string | OnnxModel;
  /** File with the backbone's weights, safetensors or PyTorch's; by default the shipped or published one. */
  readonly weights?: WeightSource;
  /**
   * Auxiliary: the name of a network. By default the head's own; without a head the backbone itself where its scores are
   * a linear layer on its last tap's mean, else "efficientnet_lite0".
   */
  readonly auxiliary?: string;
  /** File with the auxiliary's weights, in the same way. */
  readonly auxiliaryWeights?: WeightSource;
  /** Head file; by default the shipped one, else the auxiliary's class-activation start where it shares the classes. */
  readonly head?: Uint8Array;
  /** Device; "auto" by default: WebGPU where a real adapter is there, else wasm. */
  readonly device?: DeviceRequest;
  /** Threads of the wasm and native runtimes; chosen by the machine by default. */
  readonly threads?: number;
}

/** A backbone, an auxiliary and a head, loaded and ready. */
export interface Explainer extends MapExplainer {
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head in use. */
  readonly head: Head;
  /**
   * Explains a picture.
   *
   * @throws {ImageError} When the picture cannot be read.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  explain(image: ImageSource, options?: ExplainOptions): Promise<Explanation>;
  /**
   * The mask of one class for a picture that is the backbone's input already, at the head's resolution, min–max in
   * [0, 1].
   *
   * @param auxiliaryPixels The same picture as the auxiliary reads it, where that is another cut.
   * @throws {TypeError} When it is another cut and not given.
   */
  maskOf(
    pixels: Float32Array,
    target: number,
    signal?: AbortSignal,
    auxiliaryPixels?: Float32Array,
  ): Promise<ValueMap>;
}

/**
 * Loads a backbone, an auxiliary and a head. Dispose of the explainer when it is not needed any more.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When head, auxiliary and backbone do not fit together.
 * @throws {DeviceError} When the device is not there.
 * @throws {DownloadError} When weights are not here and cannot be downloaded.
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
  const { signal } = options;
  const runtime = {
    device: options.device ?? "auto",
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const { backbone: explained, auxiliary, auxiliaryWeights, sharesPass, headFor } =
    await loadExplainerNetworks(options);
  const opened: Session[] = [];
  try {
    let backbone: BackboneFacts;
    let scores: ((pixels: Float32Array, signal?: AbortSignal) => Promise<Float32Array>) | undefined;
    if (explained.kind === "onnx") {
      const own = await openOnnxBackbone(explained.model, IMAGENET_1K, runtime);
      opened.push(own.session);
      backbone = own;
      scores = async (pixels, signal) => (await own.scores([pixels], signal))[0]!;
    } else {
      const { network, weights } = explained;
      backbone = factsOf(network, IMAGENET_1K);
      if (!sharesPass) {
        const unbound = passGraph(network, { logits: true, features: false });
        const bound = bindWeights({ graph: unbound, files: new Map() }, weights, {
          prefix: NETWORK_PREFIX,
          rename: network.weights.rename,
        });
        const session = await openSession(bound.graph, { ...runtime, files: bound.files });
        opened.push(session);
        scores = async (pixels, signal) => {
          const { logits } = await session.run({ image: imageTensor(pixels) }, { signal });
          return float32DataOf(logits!);
        };
      }
    }
    const head = await headFor(backbone);

    const unbound = passGraph(auxiliary, { logits: sharesPass, features: true });
    const withNetwork = bindWeights({ graph: unbound, files: new Map() }, auxiliaryWeights, {
      prefix: NETWORK_PREFIX,
      rename: auxiliary.weights.rename,
    });
    const bound = bindWeights(withNetwork, head.file, { prefix: HEAD_PREFIX });
    signal?.throwIfAborted();
    const session = await openSession(bound.graph, { ...runtime, files: bound.files });
    opened.push(session);
    return explainerOver({ backbone, auxiliary, head, session, scores, opened });
  } catch (error) {
    for (const session of opened) await session.dispose();
    throw error;
  }
}

function imageTensor(pixels: Float32Array): Tensor {
  const side = Math.sqrt(pixels.length / 3);
  return float32Tensor(pixels, [1, 3, side, side]);
}

interface Loaded {
  readonly backbone: BackboneFacts;
  readonly auxiliary: NetworkDefinition;
  readonly head: Head;
  /** Session of the auxiliary with the head; it gives the logits too where `scores` is undefined. */
  readonly session: Session;
  readonly scores: ((pixels: Float32Array, signal?: AbortSignal) => Promise<Float32Array>) | undefined;
  readonly opened: readonly Session[];
}

function explainerOver({ backbone, auxiliary, head, session, scores, opened }: Loaded): Explainer {
  const dispose = async () => {
    for (const each of opened) await each.dispose();
  };
  const sameInput = backbone.preprocessing.crop === auxiliary.preprocessing.crop &&
    backbone.preprocessing.resize === auxiliary.preprocessing.resize;

  function featuresOf(outputs: Record<string, Tensor>): Feature[] {
    return auxiliary.taps.map((_, index) => {
      const tensor = outputs[featureName(index)]!;
      return { channels: tensor.shape[1]!, size: tensor.shape[2]!, data: float32DataOf(tensor) };
    });
  }

  async function classify(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    if (scores !== undefined) return probabilitiesOf(await scores(pixels, signal), backbone.activation);
    const { logits } = await session.run({ image: imageTensor(pixels) }, { signal });
    return probabilitiesOf(float32DataOf(logits!));
  }

  async function maskOf(
    pixels: Float32Array,
    target: number,
    signal?: AbortSignal,
    auxiliaryPixels?: Float32Array,
  ): Promise<ValueMap> {
    if (!sameInput && auxiliaryPixels === undefined) {
      throw new TypeError(
        `Cannot explain pixels: ${backbone.name} and ${auxiliary.name} do not read the same cut of a picture`,
      );
    }
    const outputs = await session.run({ image: imageTensor(auxiliaryPixels ?? pixels) }, { signal });
    return minMax(fuseMap(featuresOf(outputs), head.row(target)));
  }

  async function explain(image: ImageSource, options: ExplainOptions = {}): Promise<Explanation> {
    const { signal, topK = 1 } = options;
    checkTopK(topK, backbone);
    const started = performance.now();
    const picture: RgbImage = await decodeImage(image, {
      ...(options.maxPixels === undefined ? {} : { maxPixels: options.maxPixels }),
      ...(signal === undefined ? {} : { signal }),
    });
    signal?.throwIfAborted();
    const seen = preprocess(picture, backbone.preprocessing);
    const read = sameInput ? seen : preprocess(picture, auxiliary.preprocessing);
    const prepared = performance.now();

    const own = scores === undefined ? undefined : await scores(seen.pixels, signal);
    const predicted = performance.now();
    const outputs = await session.run({ image: imageTensor(read.pixels) }, { signal });
    const passed = performance.now();
    const features = featuresOf(outputs);
    const probabilities = probabilitiesOf(own ?? float32DataOf(outputs["logits"]!), backbone.activation);
    const pass = {
      model: backbone.name,
      method: PTAME,
      activation: backbone.activation,
      auxiliary: auxiliary.name,
      head,
      device: (opened[0] ?? session).device,
      threads: (opened[0] ?? session).threads,
      labels: backbone.labels,
      probabilities,
      features,
      picture,
      window: read.window,
      size: options.size,
    };
    return explanationOf(pass, options, (done) => {
      const auxiliaryTime = passed - predicted;
      const maps = done - passed;
      return own === undefined
        ? { prepare: prepared - started, predict: auxiliaryTime, explain: maps }
        : { prepare: prepared - started, predict: predicted - prepared, explain: auxiliaryTime + maps };
    });
  }

  return {
    backbone,
    auxiliary: auxiliary.name,
    head,
    session: opened[0] ?? session,
    explain,
    classify,
    maskOf,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * Explains one picture and forgets the networks again; for more than one, keep an explainer.
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
