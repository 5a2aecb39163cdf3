/**
 * The explanation of an image by any method, P-TAME or a baseline: the prediction, one map per requested class, its
 * position in the image, and the duration. Plain data, and functions that draw it.
 *
 * @module
 */
import { uint8ArrayToBase64 } from "uint8array-extras";
import {
  BLANK_WORDS,
  type BlankMap,
  type Completeness,
  type MaskMap,
  type RawMap,
  type Settling,
} from "./blank_map.ts";
import type { MapScale, ScaledMask, ScaleEnds } from "./map_scale.ts";
import type { CroppedImage, PreparedImage, PrepareOptions } from "../classifier/prepared_image.ts";
import type { ClassifierFacts } from "../classifier/types.ts";
import type { ScoreReading } from "../classifier/score_meaning.ts";
import type { OutputActivation } from "../graph/onnx_file.ts";
import { type DrawingLooks, renderOverlay } from "../image/overlay.ts";
import { encodePng } from "../image/png.ts";
import { valueRange } from "../image/range.ts";
import type { CropWindow, ImageSource, RgbImage, ValueMap } from "../image/types.ts";
import { placeMap, scaledWindow } from "../image/upsample.ts";
import type { Device, DeviceChoice, Session } from "../runtime/mod.ts";
import type { Refinement } from "./refinement.ts";
import { type ClassScore, topClasses } from "../classifier/prediction.ts";
import { resolveTarget, type Target } from "../classifier/target.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** What to explain in an image. */
export interface ExplainOptions extends PrepareOptions {
  /** The class or classes to explain; the backbone's own top class by default. */
  readonly target?: Target | readonly Target[];
  /** Number of most probable classes to explain if no target is named; 1 by default. */
  readonly topK?: number;
  /** Size of the up-sampled maps in pixels; the image's own by default. */
  readonly size?: { readonly width: number; readonly height: number };
  /**
   * How values become masks: each map by its own least and greatest value (the default), the maps of the explanation by
   * common ones, or by given ones. Masks of controls stay what they are.
   */
  readonly scale?: MapScale;
  /** Stops the work between its steps. */
  readonly signal?: AbortSignal;
}

/** An explainer of images, with any method. */
export interface MapExplainer {
  /** Facts about the backbone. */
  readonly backbone: ClassifierFacts;
  /** Device and threads on which the backbone actually runs. */
  readonly session: Session;
  /** Number of passes for one map, through the network that the method uses; a backward pass counts as one, too. */
  readonly passes: number;
  /**
   * Explains an image.
   *
   * @throws {ImageError} When the image cannot be read.
   * @throws {RangeError} When a target is not a class of the backbone.
   */
  explain(image: ImageSource, options?: ExplainOptions): Promise<MapExplanation>;
  /**
   * Decodes an image and crops it for the backbone, and for the auxiliary if that reads another crop.
   *
   * @throws {ImageError} When the image cannot be read.
   */
  prepare(image: ImageSource, options?: PrepareOptions): Promise<CroppedImage>;
  /**
   * The backbone's softmax probabilities for prepared pixels.
   *
   * @param pixels [3, crop, crop] in [0, 1], not normalised: `pixels` of the result of `prepare`.
   */
  probabilities(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
  /** The mask of one class for a prepared image, in [0, 1]. */
  mask(image: PreparedImage, target: number, signal?: AbortSignal): Promise<MaskMap>;
  /** Releases its sessions. */
  dispose(): Promise<void>;
  /** Does the same at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The layer that a method reads. */
export interface LayerFacts {
  /** Its name, for `--layer`. */
  readonly name: string;
  /** Number of channels. */
  readonly channels: number;
  /** Number of positions vertically. */
  readonly height: number;
  /** Number of positions horizontally. */
  readonly width: number;
}

/** A layer in words. */
export function layerText({ name, channels, height, width }: LayerFacts): string {
  return `${name}: ${channels} channels of ${height} x ${width}`;
}

/** The map of one class. */
export interface TargetMap extends ClassScore {
  /** The mask at the method's own resolution (56² for the heads here), in [0, 1]. */
  readonly map: ValueMap;
  /** Minimum and maximum before scaling to [0, 1]: the strength of the map. */
  readonly range: { readonly low: number; readonly high: number };
  /** The values before scaling, of the size of `map`, with their sign: a ReLU at the end of a formula is left out. */
  readonly raw: ValueMap;
  /** The values that 0 and 1 of `map` stand for: of magnitudes, for methods that show those. */
  readonly scale: ScaleEnds;
  /** The map as measures take it: its own values, neither capped nor scaled with those of other classes. */
  readonly measured: MaskMap;
  /** Why the map shows nothing, if it does not; `map` is all 0 then. */
  readonly blank?: BlankMap;
  /** What its values add up to, of methods that promise a sum: integrated gradients. */
  readonly completeness?: Completeness;
  /** How far the map has settled, of RISE with `settle`. */
  readonly settling?: Settling;
  /** The mask up-sampled bilinearly over the image; 0 outside the window that the classifier saw. */
  readonly imageMap: ValueMap;
  /** What refining did, if the map was refined for the image. */
  readonly refinement?: Refinement;
}

/** Duration of the parts in milliseconds. */
export interface ExplainTimings {
  /** Decoding and preprocessing. */
  readonly prepare: number;
  /** The classifier's pass (and the auxiliary's, if one pass serves both). */
  readonly predict: number;
  /** Everything else for the maps: the auxiliary's pass, or the passes of a baseline. */
  readonly explain: number;
}

/** Which map to draw over an image, and how. */
export interface OverlayRequest extends DrawingLooks {
  /** The class whose map is drawn; by default the first requested class. */
  readonly target?: Target;
}

/** An explanation of one image by any method. */
export interface MapExplanation {
  /** Name of the backbone. */
  readonly model: string;
  /** Name of the method on the command line. */
  readonly method: string;
  /** The activation at the end of the backbone; a sigmoid's probabilities do not sum to one. */
  readonly activation: OutputActivation;
  /** How the shown probabilities came from the scores; with "none" they are scores. */
  readonly reading: ScoreReading;
  /** Device of the backbone. */
  readonly device: Device;
  /** Why it is this device; absent where an explanation was made without a session. */
  readonly deviceChoice?: DeviceChoice | undefined;
  /** Number of threads. */
  readonly threads: number;
  /** The five most probable classes, best first. */
  readonly prediction: readonly ClassScore[];
  /** One map per requested class. */
  readonly targets: readonly TargetMap[];
  /** The layer that the method reads, if it reads one. */
  readonly layer?: LayerFacts | undefined;
  /** The image, upright. */
  readonly image: RgbImage;
  /** The part of the image that the classifier saw, in its pixels. */
  readonly window: CropWindow;
  /** Duration of the parts. */
  readonly milliseconds: ExplainTimings;
  /**
   * The image with a class's heatmap over it.
   *
   * @throws {RangeError} When the target is not a class, or its map would need another pass.
   */
  overlay(request?: OverlayRequest): Promise<RgbImage>;
  /** The overlay as the bytes of a PNG file. */
  overlayPng(request?: OverlayRequest): Promise<Uint8Array<ArrayBuffer>>;
}

/** An image that a classifier has seen. */
export interface ClassifiedImage extends
  Pick<
    MapExplanation,
    | ("model" | "method" | "activation" | "reading" | "device" | "deviceChoice" | "threads")
    | ("image" | "window" | "layer")
  > {
  readonly labels: readonly string[];
  readonly probabilities: Float32Array;
  /** Size of `imageMap`; the image's own by default. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
}

/** Number of classes in a prediction. */
const PREDICTION_CLASSES = 5;

/**
 * The classes to explain: the requested ones, else the most probable.
 *
 * @throws {RangeError} When a target is not a class of the backbone.
 */
export function askedClasses(
  { target, topK = 1 }: Pick<ExplainOptions, "target" | "topK">,
  { labels, probabilities }: Pick<ClassifiedImage, "labels" | "probabilities">,
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
 * Checks the number of classes to explain.
 *
 * @throws {RangeError} When it is not a whole number from 1 to the number of classes.
 */
export function checkTopK(topK: number, { classes }: Pick<ClassifierFacts, "classes">): void {
  if (!Number.isInteger(topK) || topK < 1 || topK > classes) {
    throw new RangeError(`Cannot explain the top ${topK} classes: the backbone has ${classes}`);
  }
}

/** The map of class `index`: its raw values, its mask, and what measures take. */
export function createTargetMap(
  seen: ClassifiedImage,
  index: number,
  raw: RawMap,
  map: ScaledMask,
  measured: MaskMap,
): TargetMap {
  let placed: ValueMap | undefined;
  const { width, height, values, blank } = map;
  return {
    index,
    label: seen.labels[index]!,
    probability: seen.probabilities[index]!,
    map: { width, height, values },
    range: valueRange(raw.values),
    raw: { width: raw.width, height: raw.height, values: raw.signed ?? raw.values },
    scale: map.scale,
    measured,
    ...withoutUndefined({ blank, completeness: raw.completeness, settling: raw.settling }),
    // Computed when first read: the map of a large image costs more than the explanation itself.
    get imageMap() {
      return placed ??= placeOver(map, seen);
    },
  };
}

/**
 * The map of a function of the outputs, as `createTargetMap` makes that of a class: with the function's text and value in
 * place of a name and a probability, and with the index −1.
 */
export function createFunctionMap(
  seen: ClassifiedImage,
  { text, value }: { readonly text: string; readonly value: number },
  raw: RawMap,
  map: ScaledMask,
  measured: MaskMap,
): TargetMap {
  const named = { ...seen, labels: [text], probabilities: Float32Array.of(value) };
  return Object.assign(createTargetMap(named, 0, raw, map, measured), { index: -1 });
}

/** A map over the image at the requested size; 0 outside the window that the classifier saw. */
export function placeOver(map: ValueMap, { image: image, window, size }: ClassifiedImage): ValueMap {
  const [width, height] = [size?.width ?? image.width, size?.height ?? image.height];
  const scaled = scaledWindow(window, image, { width, height });
  return { width, height, values: placeMap(map.values, map.width, map.height, scaled, width, height) };
}

/** A class and its probability, in the format of overlays; a score without probabilities is a number. */
export function captionText(
  { label, probability }: Pick<ClassScore, "label" | "probability">,
  reading?: ScoreReading,
): string {
  if (reading === "none") return `${label} ${Number(probability.toPrecision(4))}`;
  return `${label} ${(100 * probability).toFixed(probability < 0.001 ? 3 : 1)} %`;
}

/**
 * Builds the explanation of an image from its maps.
 *
 * @param subtitle Text below the class on the overlay.
 * @param further Computes the map of a class that was not requested, if the method needs no further pass.
 */
export function createMapExplanation(
  seen: ClassifiedImage,
  targets: readonly TargetMap[],
  milliseconds: ExplainTimings,
  subtitle: string,
  further?: (index: number) => TargetMap,
): MapExplanation {
  const findTarget = (target: Target): TargetMap => {
    const index = resolveTarget(target, seen.labels);
    const found = targets.find((each) => each.index === index) ?? further?.(index);
    if (found !== undefined) return found;
    const made = targets.map(({ label }) => label).join(", ");
    throw new RangeError(`Cannot draw ${seen.labels[index]}: the explanation has maps of ${made} alone`);
  };
  // Two maps have the same ends only where they were scaled together.
  const drawn = targets.filter(({ blank }) => blank === undefined);
  const ends = new Set(drawn.map(({ scale }) => `${scale.low} ${scale.high}`));
  const together = drawn.length > 1 && ends.size === 1;
  const overlay = async ({ target, ...looks }: OverlayRequest = {}): Promise<RgbImage> => {
    const chosen = target === undefined ? targets[0]! : findTarget(target);
    return await renderOverlay(seen.image, chosen.map, seen.window, {
      // The value of a function is not a probability.
      caption: captionText(chosen, chosen.index < 0 ? "none" : seen.reading),
      sharedScale: together && drawn.includes(chosen),
      subtitle: chosen.blank === undefined ? subtitle : `No map: ${BLANK_WORDS[chosen.blank.reason]}`,
      ...looks,
    });
  };
  const { model, method, activation, reading, device, threads, image: image, window, layer } = seen;
  const { deviceChoice } = seen;
  return {
    ...withoutUndefined({ layer, deviceChoice }),
    model,
    method,
    activation,
    reading,
    device,
    threads,
    prediction: topClasses(seen.probabilities, seen.labels, PREDICTION_CLASSES),
    targets,
    image: image,
    window,
    milliseconds,
    overlay,
    overlayPng: async (request) => await encodePng(await overlay(request)),
  };
}

/** Makes a Deno notebook display an explanation: its overlay and its most probable classes. */
export function displayed<T extends MapExplanation>(explanation: T): T {
  const { prediction, reading } = explanation;
  return displayedAs(explanation, prediction.map((score) => captionText(score, reading)).join("\n"));
}

/**
 * Makes a Deno notebook display an object by its overlay: the kernel looks for this symbol.
 *
 * @param text What is displayed where no image can be.
 */
export function displayedAs<T extends Pick<MapExplanation, "overlayPng">>(shown: T, text: string): T {
  return Object.defineProperty(shown, Symbol.for("Jupyter.display"), {
    enumerable: false,
    value: async () => ({
      "image/png": uint8ArrayToBase64(await shown.overlayPng()),
      "text/plain": text,
    }),
  });
}
