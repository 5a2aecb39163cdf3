/**
 * What every method's explanation of a picture holds, P-TAME's and the baselines': the prediction, one map per class
 * asked for, where on the picture it lies, and how long it took. Plain data, with the pictures that can be made of it.
 *
 * @module
 */
import { uint8ArrayToBase64 } from "uint8array-extras";
import type { CutImage, PreparedImage, PrepareOptions } from "../classifier/prepared_image.ts";
import type { ClassifierFacts } from "../classifier/types.ts";
import type { OutputActivation } from "../graph/onnx_file.ts";
import { type OverlayLooks, renderOverlay } from "../image/overlay.ts";
import { encodePng } from "../image/png.ts";
import { rangeOf } from "../image/range.ts";
import type { CropWindow, ImageSource, RgbImage, ValueMap } from "../image/types.ts";
import { placeMap } from "../image/upsample.ts";
import type { Device, Session } from "../runtime/mod.ts";
import { type ClassScore, resolveTarget, type Target, topClasses } from "../classifier/prediction.ts";

/** What to explain of a picture. */
export interface ExplainOptions extends PrepareOptions {
  /** The class or classes to explain; the backbone's own top class by default. */
  readonly target?: Target | readonly Target[];
  /** How many of the most probable classes to explain, where no target is named; 1 by default. */
  readonly topK?: number;
  /** Size of the up-sampled maps in pixels; the picture's own by default. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Stops the work between its parts. */
  readonly signal?: AbortSignal;
}

/** What explains pictures, by whichever method. */
export interface MapExplainer {
  /** What is known of the backbone. */
  readonly backbone: ClassifierFacts;
  /** Session of the backbone: device and threads that really run. */
  readonly session: Session;
  /**
   * Explains a picture.
   *
   * @throws {ImageError} When the picture cannot be read.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  explain(image: ImageSource, options?: ExplainOptions): Promise<MapExplanation>;
  /**
   * Decodes an image and cuts it as the backbone reads it, and as the auxiliary does where it reads another cut.
   *
   * @throws {ImageError} When the image cannot be read.
   */
  prepare(image: ImageSource, options?: PrepareOptions): Promise<CutImage>;
  /**
   * The backbone's softmax probabilities for a picture that is its input already.
   *
   * @param pixels [3, crop, crop] in [0, 1], not normalised: `pixels` of what `prepare` gives.
   */
  classify(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
  /** The mask of one class for a prepared image, in [0, 1]. */
  maskOf(image: PreparedImage, target: number, signal?: AbortSignal): Promise<ValueMap>;
  /** Frees what it holds. */
  dispose(): Promise<void>;
  /** The same, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The map of one class. */
export interface TargetMap extends ClassScore {
  /** The mask at the method's own resolution (56² for the heads here), in [0, 1]. */
  readonly map: ValueMap;
  /** Least and greatest value before that: how strongly the method speaks. */
  readonly range: { readonly low: number; readonly high: number };
  /** The mask up-sampled bilinearly over the picture; 0 outside the window that the classifier saw. */
  readonly pictureMap: ValueMap;
}

/** Milliseconds that the parts took. */
export interface ExplainTimings {
  /** Decoding and preprocessing. */
  readonly prepare: number;
  /** The classifier's pass (and the auxiliary's, where one pass serves both). */
  readonly predict: number;
  /** All that the maps took beside it: the auxiliary's own pass, or a baseline's many. */
  readonly explain: number;
}

/** What is drawn over a picture, and how. */
export interface OverlayRequest extends OverlayLooks {
  /** The class whose map is drawn; the first that was asked for by default. */
  readonly target?: Target;
}

/** An explanation of one picture by any method. */
export interface MapExplanation {
  /** Name of the backbone. */
  readonly model: string;
  /** Name of the method, as the command line spells it. */
  readonly method: string;
  /** What the backbone's scores have been through inside it; a sigmoid's probabilities do not sum to one. */
  readonly activation: OutputActivation;
  /** Device that the backbone ran on. */
  readonly device: Device;
  /** Threads that it ran on. */
  readonly threads: number;
  /** The five most probable classes, best first. */
  readonly prediction: readonly ClassScore[];
  /** One map per class asked for. */
  readonly targets: readonly TargetMap[];
  /** The picture, upright. */
  readonly picture: RgbImage;
  /** The part of the picture that the classifier saw, in its pixels. */
  readonly window: CropWindow;
  /** How long its parts took. */
  readonly milliseconds: ExplainTimings;
  /**
   * The photo with a class's heatmap over it.
   *
   * @throws {RangeError} When the target is not a class, or one whose map the method would have to make first.
   */
  overlay(request?: OverlayRequest): Promise<RgbImage>;
  /** The same as the bytes of a PNG file. */
  overlayPng(request?: OverlayRequest): Promise<Uint8Array<ArrayBuffer>>;
}

/** A picture that a classifier has seen. */
export interface SeenPicture {
  readonly model: string;
  readonly method: string;
  readonly activation: OutputActivation;
  readonly device: Device;
  readonly threads: number;
  readonly labels: readonly string[];
  readonly probabilities: Float32Array;
  readonly picture: RgbImage;
  readonly window: CropWindow;
  /** Size of `pictureMap`; the picture's own by default. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
}

/** How many classes a prediction lists. */
const PREDICTION_CLASSES = 5;

/**
 * The classes to explain: those asked for, else the most probable.
 *
 * @throws {RangeError} When a target is not a class of the backbone.
 */
export function askedClasses(
  { target, topK = 1 }: Pick<ExplainOptions, "target" | "topK">,
  { labels, probabilities }: Pick<SeenPicture, "labels" | "probabilities">,
): number[] {
  const asked = target === undefined
    ? []
    : Array.isArray(target)
    ? target as readonly Target[]
    : [target as Target];
  if (asked.length === 0) return topClasses(probabilities, labels, topK).map((score) => score.index);
  return [...new Set(asked.map((each) => resolveTarget(each, labels)))];
}

/**
 * Refuses a number of classes that the backbone does not have.
 *
 * @throws {RangeError} When it is no whole number from 1 to the number of classes.
 */
export function checkTopK(topK: number, { classes }: Pick<ClassifierFacts, "classes">): void {
  if (!Number.isInteger(topK) || topK < 1 || topK > classes) {
    throw new RangeError(`Cannot explain the top ${topK} classes: the backbone has ${classes}`);
  }
}

/** The map of class `index`: its raw values, and the mask made of them. */
export function targetMapOf(seen: SeenPicture, index: number, raw: ValueMap, map: ValueMap): TargetMap {
  let placed: ValueMap | undefined;
  return {
    index,
    label: seen.labels[index]!,
    probability: seen.probabilities[index]!,
    map,
    range: rangeOf(raw.values),
    // Made when first read: a large picture's map costs more than the explanation itself.
    get pictureMap() {
      return placed ??= placeOver(map, seen);
    },
  };
}

/** A map over the picture at the size asked for; 0 outside what was seen. */
export function placeOver(map: ValueMap, { picture, window, size }: SeenPicture): ValueMap {
  const [width, height] = [size?.width ?? picture.width, size?.height ?? picture.height];
  const [across, down] = [width / picture.width, height / picture.height];
  const scaled = {
    x: window.x * across,
    y: window.y * down,
    width: window.width * across,
    height: window.height * down,
  };
  return { width, height, values: placeMap(map.values, map.width, map.height, scaled, width, height) };
}

/** A class and its probability, as overlays say it. */
export function captionOf({ label, probability }: Pick<ClassScore, "label" | "probability">): string {
  return `${label} ${(100 * probability).toFixed(probability < 0.001 ? 3 : 1)} %`;
}

/**
 * Builds the explanation of a picture from its maps.
 *
 * @param subtitle Stands below the class on the overlay.
 * @param further Makes the map of a class that was not asked for, where the method can do so without another pass.
 */
export function mapExplanationOf(
  seen: SeenPicture,
  targets: readonly TargetMap[],
  milliseconds: ExplainTimings,
  subtitle: string,
  further?: (index: number) => TargetMap,
): MapExplanation {
  const targetOf = (target: Target): TargetMap => {
    const index = resolveTarget(target, seen.labels);
    const found = targets.find((each) => each.index === index) ?? further?.(index);
    if (found !== undefined) return found;
    const made = targets.map(({ label }) => label).join(", ");
    throw new RangeError(`Cannot draw ${seen.labels[index]}: the explanation has maps of ${made} alone`);
  };
  const overlay = async ({ target, ...looks }: OverlayRequest = {}): Promise<RgbImage> => {
    const chosen = target === undefined ? targets[0]! : targetOf(target);
    return await renderOverlay(seen.picture, chosen.map, seen.window, {
      caption: captionOf(chosen),
      subtitle,
      ...looks,
    });
  };
  const { model, method, activation, device, threads, picture, window } = seen;
  return {
    model,
    method,
    activation,
    device,
    threads,
    prediction: topClasses(seen.probabilities, seen.labels, PREDICTION_CLASSES),
    targets,
    picture,
    window,
    milliseconds,
    overlay,
    overlayPng: async (request) => await encodePng(await overlay(request)),
  };
}

/** Makes a Deno notebook show an explanation: it shows whatever answers to this symbol. */
export function displayed<T extends MapExplanation>(explanation: T): T {
  return Object.defineProperty(explanation, Symbol.for("Jupyter.display"), {
    enumerable: false,
    value: async () => ({
      "image/png": uint8ArrayToBase64(await explanation.overlayPng()),
      "text/plain": explanation.prediction
        .map(({ label, probability }) => `${(100 * probability).toFixed(1)} %  ${label}`).join("\n"),
    }),
  });
}
