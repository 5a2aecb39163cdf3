/**
 * What is explained: the classifier that comes with the page, or a person's own. Its explainers with heads, and for every
 * other method the classifier itself, opened when it is first asked for.
 *
 * @module
 */
import type {
  OpenedModel,
  RemoteClassifier,
  RemoteExplainer,
  RemoteLibrary,
  RemoteModelOptions,
} from "@ptame/ptame/worker";
import type { TrainProgress, TrainResult } from "@ptame/ptame/train";
import type { Which } from "./dom.ts";

/** Images per training step; more than this takes long on one thread. */
const MOST_PER_STEP = 4;
/** Settings for another classifier: rows that all classes share, and masks with a budget. */
const PRESET = "efficientnet_lite0";
/** Above the presets', which are made for thousands of steps: a few steps are to show. */
const LEARNING_RATE = 1e-3;

/** Progress of a fit: photographs done, and how long the rest takes. */
export interface FitProgress {
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

/** A classifier in use. */
export interface Classifier {
  /** Its facts, and where an own one's were found. */
  readonly facts: RemoteExplainer["backbone"];
  /** Whether it is a person's own. */
  readonly foreign: boolean;
  readonly device: string;
  readonly threads: number;
  /** The explainer with a head; an own classifier may have none, and one after teaching is not always there. */
  explainer(which: Which): RemoteExplainer | undefined;
  /** The classifier for methods that need no head. */
  bare(): Promise<RemoteClassifier>;
  /** Probabilities of prepared pixels. */
  probabilities(pixels: Float32Array): Promise<Float32Array>;
  /** The head taught, made or loaded here, as a file. */
  readonly head: Blob | undefined;
  /** Takes a head file into use: beside the one that is there, or as the first. */
  useHead(head: Blob): Promise<void>;
  /** Goes back to the head that it came with. */
  dropHead(): Promise<void>;
  /** Makes a head for it from photographs, and takes it into use. */
  fit(options: {
    readonly photos: readonly Blob[];
    readonly signal: AbortSignal;
    readonly onProgress: (progress: FitProgress) => void;
  }): Promise<void>;
  /** Goes on training the head in use, and takes the result into use. */
  teach(options: {
    readonly images: readonly Blob[];
    readonly steps: number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: TrainProgress) => void;
  }): Promise<TrainResult>;
  /** Releases it. */
  dispose(): Promise<void>;
}

/** What all classifiers of a worker share. */
export interface Surroundings {
  readonly remote: RemoteLibrary;
  readonly runtime: { readonly device: "webgpu" | "wasm"; readonly threads?: number };
  /** Weights of the page's classifier, which is the auxiliary of the heads made here. */
  readonly weights: Blob;
  /** The head that the page comes with. */
  readonly head: Blob;
}

/** Opens the classifier that comes with the page. */
export async function openPageClassifier(around: Surroundings): Promise<Classifier> {
  const { remote, runtime, weights, head } = around;
  const open = (head: Blob) => remote.createExplainer({ ...runtime, head, weights });
  const before = await open(head);
  return classifierOver(around, {
    facts: before.backbone,
    before,
    open,
    openBare: () => remote.openClassifier({ ...runtime, weights }),
  });
}

/**
 * Opens a person's classifier, with a head where one is given or fits.
 *
 * @throws {Error} When it is no image classifier, cannot be loaded, or does not fit the head.
 */
export async function openForeignClassifier(
  around: Surroundings,
  source: RemoteModelOptions,
  head: Blob | undefined,
): Promise<Classifier> {
  const { remote, runtime, weights: auxiliaryWeights } = around;
  const model = await remote.openModel(source);
  const open = (head?: Blob) =>
    remote.createExplainer({ ...runtime, model, auxiliaryWeights, ...(head === undefined ? {} : { head }) });
  const before = await open(head).catch((error) => {
    // It has a way without one.
    if (head === undefined && error.name === "NoHeadError") return undefined;
    throw error;
  });
  return classifierOver(around, {
    facts: model,
    model,
    before,
    given: head,
    open,
    openBare: () => remote.openClassifier({ ...runtime, model }),
    forget: model.dispose,
  });
}

interface Parts {
  readonly facts: RemoteExplainer["backbone"];
  readonly model?: OpenedModel;
  readonly before: RemoteExplainer | undefined;
  /** The head that came with it. */
  readonly given?: Blob | undefined;
  readonly open: (head: Blob) => Promise<RemoteExplainer>;
  readonly openBare: () => Promise<RemoteClassifier>;
  readonly forget?: () => Promise<void>;
}

function classifierOver(
  { remote, runtime, weights, head: pageHead }: Surroundings,
  parts: Parts,
): Classifier {
  const { facts, model, open, openBare, forget } = parts;
  let { before } = parts;
  let head = parts.given;
  let after: RemoteExplainer | undefined;
  let bare: Promise<RemoteClassifier> | undefined;
  const openOnce = () =>
    bare ??= openBare().catch((error) => {
      // A failed attempt may be repeated.
      bare = undefined;
      throw error;
    });
  const take = async (explainer: RemoteExplainer, file: Blob) => {
    if (before === undefined) before = explainer;
    else {
      await after?.dispose();
      after = explainer;
    }
    head = file;
  };
  const useHead = async (file: Blob) => await take(await open(file), file);
  return {
    facts,
    foreign: model !== undefined,
    device: before?.device ?? runtime.device,
    threads: before?.threads ?? runtime.threads ?? 1,
    explainer: (which) => which === "before" ? before : after,
    bare: openOnce,
    probabilities: async (pixels) => await (before ?? await openOnce()).probabilities(pixels),
    get head() {
      return head;
    },
    useHead,
    dropHead: async () => {
      const old = after;
      after = undefined;
      head = parts.given;
      await old?.dispose();
    },
    fit: async ({ photos, signal, onProgress }) => {
      const made = await remote.createExplainer({
        ...runtime,
        model: model!,
        auxiliary: "efficientnet_lite0",
        auxiliaryWeights: weights,
        photos,
        signal,
        onFit: onProgress,
      });
      await take(made, new Blob([await made.headFile()]));
    },
    teach: async ({ images, steps, signal, onProgress }) => {
      const result = await remote.train({
        ...runtime,
        ...model === undefined
          ? { backbone: facts.name, backboneWeights: weights }
          : { backbone: model, preset: PRESET, form: { edges: 0 } },
        auxiliaryWeights: weights,
        images,
        batch: Math.min(MOST_PER_STEP, images.length),
        // The bundle holds no worker for images, and they are few.
        imageWorkers: 0,
        steps,
        start: head ?? pageHead,
        hyperParameters: { learningRate: LEARNING_RATE },
        name: "taught in a page",
        signal,
        onProgress,
      });
      await useHead(new Blob([result.head as Uint8Array<ArrayBuffer>]));
      return result;
    },
    dispose: async () => {
      await after?.dispose();
      await before?.dispose();
      await (await bare?.catch(() => undefined))?.dispose();
      await forget?.();
    },
  };
}
