/**
 * A classifier opened for methods: scores, and on request activations and gradients. Each has its own session, created
 * on first use.
 *
 * @module
 */
import type { Graph } from "../graph/types.ts";
import type { ValueMap } from "../image/types.ts";
import {
  type DeviceRequest,
  float32Data,
  float32Tensor,
  openSession,
  resolveDevice,
  type Session,
  type Tensor,
} from "../runtime/mod.ts";
import { attentionGraph, type AttentionKind, type Attentions } from "./graphs/attention.ts";
import { type Backward, inputGradientGraph, layersGraph, tappedGraph } from "./graphs/gradient.ts";
import {
  activationsGraph,
  behindTapGraph,
  findLayers,
  findTap,
  partSize,
  PREFIX,
  scoresGraph,
} from "./graphs/forward.ts";
import { loadClassifier, type LoadClassifierOptions } from "./load.ts";
import { imagesTensor, scoreRows } from "./graphs/scores.ts";
import { channelPlanes, type Tap } from "./taps/tap.ts";
import type { Classifier, ClassifierFacts, Scores } from "./types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

export type { AttentionKind } from "./graphs/attention.ts";
export type { Backward } from "./graphs/gradient.ts";

/** Device and tap of an open classifier. */
export interface OpenOptions {
  /** Device; "auto" by default. */
  readonly device?: DeviceRequest | undefined;
  /** Threads of the wasm and native runtimes; by default it depends on the machine. */
  readonly threads?: number | undefined;
  /** Module, value or node to tap; the deepest with positions by default. */
  readonly layer?: string;
  /**
   * Images per run, for methods that need many; on WebGPU the file's own or 8, elsewhere 1, because larger batches have no
   * benefit there.
   */
  readonly batch?: number;
}

/** Which classifier to open, and how. */
export interface OpenClassifierOptions extends OpenOptions, LoadClassifierOptions {}

/** Activations at the tap, and their gradient if requested: [channels, height · width] each. */
export interface TappedPass {
  /** Number of positions horizontally. */
  readonly width: number;
  /** Number of positions vertically. */
  readonly height: number;
  /** Number of channels. */
  readonly channels: number;
  /** The activations. */
  readonly activations: Float32Array;
  /** Scores before softmax, one per class. */
  readonly logits: Float32Array;
}

/** The same with the gradient of the target's score. */
export interface TappedGradient extends TappedPass {
  /** Gradient of the target's score before softmax with respect to the activations. */
  readonly gradients: Float32Array;
}

/**
 * A classifier whose scores, activations and gradients methods can request. Images are [3, H, W] in [0, 1], not
 * normalised.
 */
export interface OpenClassifier {
  /** Facts about it. */
  readonly facts: ClassifierFacts;
  /**
   * One of its sessions, to find the actual device.
   *
   * @throws {ModelError} When the runtime refuses the model.
   */
  session(): Promise<Session>;
  /** Its tap; throws if no layer is found, or none with the requested name. */
  tap(): Tap;
  /** Probabilities of each image. */
  probabilities(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Whether the last scores were taken for probabilities because they look like them. */
  recognised(): Promise<boolean>;
  /** Scores of each image before softmax. */
  logits(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** How many images run at once. */
  readonly batch: number;
  /** Activations at the tap. */
  activations(image: Float32Array, signal?: AbortSignal): Promise<TappedPass>;
  /**
   * Activations at the tap, and the gradient of a class's score there.
   *
   * @param target The class, or the factor of each class's score in a weighted sum.
   */
  tapped(image: Float32Array, target: number | Float32Array, signal?: AbortSignal): Promise<TappedGradient>;
  /**
   * The same at several layers in one pass: the deepest of each size of the grid, four at most, deep to shallow. A named
   * layer has no part in it.
   */
  tappedLayers(
    image: Float32Array,
    target: number | Float32Array,
    signal?: AbortSignal,
  ): Promise<TappedGradient[]>;
  /**
   * Scores with single channels at the tap set to 0.
   *
   * @returns The scores without each channel, in order.
   */
  withoutChannels(image: Float32Array, signal?: AbortSignal): AsyncGenerator<Float32Array>;
  /**
   * Gradient of a class's score with respect to each image.
   *
   * @param target The class, or for each image the factor of each class's score in a weighted sum.
   * @param backward What goes back in place of the gradient.
   */
  inputGradients(
    images: readonly Float32Array[],
    target: number | readonly Float32Array[],
    signal?: AbortSignal,
    backward?: Backward,
  ): Promise<Float32Array[]>;
  /**
   * A value of each place of the image by the attentions of a transformer.
   *
   * @param kind Attention rollout, which asks for no class, or LeGrad.
   * @param target As for `tapped`.
   * @throws {TypeError} When the classifier has no attention over all tokens.
   */
  attention(
    kind: AttentionKind,
    image: Float32Array,
    target: number | Float32Array,
    signal?: AbortSignal,
  ): Promise<ValueMap>;
  /** Releases its sessions. */
  dispose(): Promise<void>;
  /** Does the same at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a classifier. Its weights are loaded now; its sessions are created when a method needs them.
 *
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When an .onnx file is not an image classifier.
 */
export async function openClassifier(options: OpenClassifierOptions = {}): Promise<OpenClassifier> {
  return await classifierOver(await loadClassifier(options), options);
}

/** The same over a loaded classifier, which may be opened several times. */
export async function classifierOver(
  classifier: Classifier,
  options: OpenOptions = {},
): Promise<OpenClassifier> {
  const { facts } = classifier;
  const { threads, device: asked } = options;
  // Graphs are made for the device that is likely; their sessions choose for themselves.
  const device = await resolveDevice(asked);
  // A file that fixes its number of images may not be rebuilt for others.
  const batch = options.batch ?? (device === "webgpu" ? Math.min(classifier.fixedBatch ?? 8, 8) : 1);
  const opened = new Map<string, Promise<Session>>();
  let scoring: Promise<Scores> | undefined;
  let found: Tap | undefined;
  let layers: Tap[] | undefined;
  let tokenGrid: Attentions["grid"] | undefined;
  const size = () => partSize(classifier.part());
  const tap = () => found ??= findTap(classifier.part(), options.layer);

  function openOnce(kind: string, buildGraph: () => Graph): Promise<Session> {
    const present = opened.get(kind);
    if (present !== undefined) return present;
    const open = async () => {
      const bound = classifier.part().bind({ graph: buildGraph(), files: new Map() }, PREFIX);
      return await openSession(bound.graph, {
        files: bound.files,
        ...withoutUndefined({ device: asked, threads }),
      });
    };
    const session = open();
    opened.set(kind, session);
    // A failed attempt may be repeated.
    session.catch(() => opened.delete(kind));
    return session;
  }

  function scores(): Promise<Scores> {
    if (scoring === undefined) {
      scoring = classifier.openScores({ device: asked, threads, batch });
      scoring.catch(() => scoring = undefined);
    }
    return scoring;
  }

  async function run(
    session: Promise<Session>,
    feeds: Readonly<Record<string, Tensor>>,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor>> {
    return await (await session).run(feeds, { signal });
  }

  async function logits(images: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]> {
    const own = await scores();
    if (own.plain) return await own.scores(images, signal);
    // A file may end with a softmax; the scores before it come from its graph.
    const session = await openOnce("scores", () => scoresGraph(classifier.part(), batch));
    return await scoreRows(session, images, { batch, size: size(), output: "logits", signal });
  }

  const planes = (outputs: Record<string, Tensor>): TappedPass => ({
    ...sides(tap()),
    activations: channelPlanes(float32Data(outputs["activations"]!), tap()),
    logits: float32Data(outputs["logits"]!),
  });

  const withTarget = (image: Float32Array, target: number | Float32Array) => ({
    images: imagesTensor([image], 1, size()),
    target: float32Tensor(factors(target, facts.classes), [1, facts.classes]),
  });

  const dispose = async () => {
    await scoring?.then(({ session }) => session.dispose(), () => undefined);
    for (const session of await Promise.allSettled(opened.values())) {
      if (session.status === "fulfilled") await session.value.dispose();
    }
  };

  return {
    facts,
    batch,
    session: async () => (await scores()).session,
    tap,
    recognised: async () => (await scores()).recognised,
    logits,
    probabilities: async (images, signal) => await (await scores()).probabilities(images, signal),
    activations: async (image, signal) =>
      planes(
        await run(openOnce("activations", () => activationsGraph(classifier.part(), tap())), {
          images: imagesTensor([image], 1, size()),
        }, signal),
      ),
    tapped: async (image, target, signal) => {
      const session = openOnce("tapped", () => tappedGraph(classifier.part(), tap(), device));
      const outputs = await run(session, withTarget(image, target), signal);
      return { ...planes(outputs), gradients: channelPlanes(float32Data(outputs["gradients"]!), tap()) };
    },
    tappedLayers: async (image, target, signal) => {
      layers ??= findLayers(classifier.part());
      const found = layers;
      const session = openOnce("layers", () => layersGraph(classifier.part(), found, device));
      const outputs = await run(session, withTarget(image, target), signal);
      const at = (name: string, layer: Tap) => channelPlanes(float32Data(outputs[name]!), layer);
      return found.map((layer, i) => ({
        ...sides(layer),
        activations: at(`activations${i}`, layer),
        gradients: at(`gradients${i}`, layer),
        logits: float32Data(outputs["logits"]!),
      }));
    },
    async *withoutChannels(image, signal) {
      const images = imagesTensor([image], 1, size());
      const first = openOnce("activations", () => activationsGraph(classifier.part(), tap()));
      const { activations } = await run(first, { images }, signal);
      const behind = openOnce("behind", () => behindTapGraph(classifier.part(), tap()));
      const whole = float32Data(activations!);
      const { channels, channelStride, places } = tap();
      for (let channel = 0; channel < channels; channel++) {
        const ablated = whole.slice();
        for (const place of places) ablated[channel * channelStride + place] = 0;
        const feeds = { images, activations: float32Tensor(ablated, activations!.shape) };
        yield float32Data((await run(behind, feeds, signal))["logits"]!);
      }
    },
    attention: async (kind, image, target, signal) => {
      const session = openOnce(kind, () => {
        const built = attentionGraph(classifier.part(), kind, device);
        tokenGrid = built.grid;
        return built;
      });
      const { images, ...asked } = withTarget(image, target);
      const outputs = await run(session, kind === "rollout" ? { images } : { images, ...asked }, signal);
      const tokens = float32Data(outputs["tokens"]!);
      const { width, height, places } = tokenGrid!;
      return { width, height, values: Float32Array.from(places, (place) => tokens[place]!) };
    },
    inputGradients: async (images, target, signal, backward = "gradient") => {
      const buildGraph = () => inputGradientGraph(classifier.part(), batch, device, backward);
      const session = await openOnce(`input ${backward}`, buildGraph);
      const { classes } = facts;
      /** The factors of the images from `at` on. */
      const more = (at: number) => {
        const data = new Float32Array(batch * classes);
        images.slice(at, at + batch).forEach((_, i) => {
          const row = typeof target === "number" ? target : target[at + i]!;
          data.set(factors(row, classes), i * classes);
        });
        return { target: float32Tensor(data, [batch, classes]) };
      };
      return await scoreRows(session, images, { batch, size: size(), output: "gradients", more, signal });
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * The factors of the scores: 1 for a class alone.
 *
 * @throws {RangeError} When the class does not exist.
 */
function factors(target: number | Float32Array, classes: number): Float32Array {
  if (typeof target !== "number") return target;
  if (!Number.isInteger(target) || target < 0 || target >= classes) {
    throw new RangeError(`Unknown class ${target}: classes are numbered 0 to ${classes - 1}`);
  }
  const data = new Float32Array(classes);
  data[target] = 1;
  return data;
}

/** The sides of a layer's grid, and its channels. */
function sides({ width, height, channels }: Tap): Pick<TappedPass, "width" | "height" | "channels"> {
  return { width, height, channels };
}
