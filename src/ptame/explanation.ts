/**
 * What an explanation holds: the prediction, one map per class asked for, where on the picture it lies, and how
 * long it took. Plain data, with the pictures that can be made of it.
 *
 * @module
 */
import type { OutputActivation } from "../graph/onnx_file.ts";
import { renderOverlay } from "../image/overlay.ts";
import { encodePng } from "../image/png.ts";
import type { CropWindow, RgbImage, ValueMap } from "../image/types.ts";
import { placeMap } from "../image/upsample.ts";
import type { Device } from "../runtime/mod.ts";
import { type Feature, fuseMap, minMax } from "./fuse.ts";
import type { Head, HeadRecord } from "./head_file.ts";
import { type ClassScore, resolveTarget, type Target, topClasses } from "./prediction.ts";

/** The map of one class. */
export interface TargetMap extends ClassScore {
  /** The mask at the head's resolution (56² for the networks here), min–max in [0, 1]. */
  readonly map: ValueMap;
  /** Least and greatest value before min–max: how strongly the head speaks. */
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
  /** The auxiliary's own pass, where there is one, and the maps. */
  readonly explain: number;
}

/** An explanation of one picture. */
export interface Explanation {
  /** Name of the backbone. */
  readonly model: string;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** What the backbone's scores have been through inside it; a sigmoid's probabilities do not sum to one. */
  readonly activation: OutputActivation;
  /** What the head is; `trained: false` means that its maps are a start only. */
  readonly head: HeadRecord;
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
  /** Explains another class from the same pass: no network runs. */
  explainTarget(target: Target): TargetMap;
  /** The photo with the heatmap of target `which` (its place in `targets`, 0 by default) over it. */
  overlay(which?: number): Promise<RgbImage>;
  /** The same as the bytes of a PNG file. */
  overlayPng(which?: number): Promise<Uint8Array>;
}

/** What one pass gives, from which any class can be explained. */
export interface PassResult {
  readonly model: string;
  readonly activation: OutputActivation;
  readonly auxiliary: string;
  readonly head: Head;
  readonly device: Device;
  readonly threads: number;
  readonly labels: readonly string[];
  readonly probabilities: Float32Array;
  readonly features: readonly Feature[];
  readonly picture: RgbImage;
  readonly window: CropWindow;
  /** Size of `pictureMap`; the picture's own by default. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
}

/** How many classes a prediction lists. */
const PREDICTION_CLASSES = 5;

/** The map of a class from the features of a pass. */
function mapOf(pass: PassResult, index: number): TargetMap {
  const raw = fuseMap(pass.features, pass.head.row(index));
  const map = minMax(raw);
  let placed: ValueMap | undefined;
  return {
    index,
    label: pass.labels[index]!,
    probability: pass.probabilities[index]!,
    map,
    range: {
      low: raw.values.reduce((a, b) => Math.min(a, b)),
      high: raw.values.reduce((a, b) => Math.max(a, b)),
    },
    // Made when first read: a large picture's map costs more than the explanation itself.
    get pictureMap() {
      return placed ??= placeOver(map, pass);
    },
  };
}

function placeOver(map: ValueMap, { picture, window, size }: PassResult): ValueMap {
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

/** Builds the explanation of a pass for the classes asked for; the `topK` most probable where none is named. */
export function explanationOf(
  pass: PassResult,
  targets: readonly Target[],
  topK: number,
  timings: (mapsDone: number) => ExplainTimings,
): Explanation {
  const indices = targets.length > 0
    ? [...new Set(targets.map((target) => resolveTarget(target, pass.labels)))]
    : topClasses(pass.probabilities, pass.labels, topK).map((score) => score.index);
  const maps = indices.map((index) => mapOf(pass, index));
  const milliseconds = timings(performance.now());

  const overlay = (which = 0): Promise<RgbImage> => {
    const target = maps[which];
    if (target === undefined) {
      return Promise.reject(
        new RangeError(`Cannot draw target ${which}: the explanation has ${maps.length} target(s)`),
      );
    }
    const percent = (100 * target.probability).toFixed(target.probability < 0.001 ? 3 : 1);
    const { record } = pass.head;
    return renderOverlay(pass.picture, target.map, pass.window, {
      caption: `${target.label} ${percent} %`,
      subtitle: record.trained ? pass.model : `${pass.model}, untrained head`,
    });
  };
  const overlayPng = async (which = 0) => await encodePng(await overlay(which));

  const explanation: Explanation = {
    model: pass.model,
    activation: pass.activation,
    auxiliary: pass.auxiliary,
    head: pass.head.record,
    device: pass.device,
    threads: pass.threads,
    prediction: topClasses(pass.probabilities, pass.labels, PREDICTION_CLASSES),
    targets: maps,
    picture: pass.picture,
    window: pass.window,
    milliseconds,
    explainTarget: (target) => mapOf(pass, resolveTarget(target, pass.labels)),
    overlay,
    overlayPng,
  };
  // A Deno notebook shows whatever answers to this symbol.
  Object.defineProperty(explanation, Symbol.for("Jupyter.display"), {
    enumerable: false,
    value: async () => ({
      "image/png": base64(await overlayPng()),
      "text/plain": explanation.prediction
        .map(({ label, probability }) => `${(100 * probability).toFixed(1)} %  ${label}`).join("\n"),
    }),
  });
  return explanation;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
