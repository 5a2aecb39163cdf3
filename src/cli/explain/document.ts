/**
 * The document that `--json` prints for an image.
 *
 * @module
 */
import type { DeviceChoice } from "../../runtime/mod.ts";
import type { Contrast } from "../../ptame/contrast.ts";
import type { BlankMap, Completeness, Settling } from "../../explanation/blank_map.ts";
import type { LayerFacts } from "../../explanation/map_explanation.ts";
import type { ScaleEnds } from "../../explanation/map_scale.ts";
import type { MapRegion } from "../../explanation/regions.ts";
import type { Refinement } from "../../explanation/refinement.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { type Explanation, isPtame } from "../../ptame/explanation.ts";
import type { FitRecord } from "../../ptame/fit/fit_record.ts";
import type { ClassifierFacts, DescribedFact } from "../../classifier/types.ts";
import type { WrittenAnimation } from "./animate.ts";
import type { TargetCheck } from "./check.ts";
import type { ExplainedFile } from "./image.ts";
import { valueRange } from "../../image/range.ts";

/** The document of one image. */
export interface ExplainedImage {
  image: string;
  model: string;
  method: string;
  /** P-TAME alone. */
  auxiliary?: string;
  device: string;
  /** What was requested, and which devices were not taken and why. */
  deviceChoice?: DeviceChoice;
  threads: number;
  /** P-TAME alone. */
  head?: { name: string; trained: boolean; backbone: string; fit?: FitRecord };
  /** Why the maps may mean nothing; omitted if nothing is known against them. */
  warning?: string;
  /** The layer that the method reads; omitted if it reads none. */
  layer?: LayerFacts;
  /** The output with the scores, of an .onnx file. */
  output?: string;
  /** What an .onnx file sees and gives, and where each entry was found. */
  classifier?: readonly DescribedFact[];
  /** The activation at the end of the network; omitted if there is none. */
  activation?: string;
  /** How the probabilities came from the scores: "given", "recognised", "softmax", "sigmoid" or "none" (scores). */
  reading: string;
  prediction: { index: number; label: string; probability: number }[];
  targets: {
    index: number;
    label: string;
    probability: number;
    map: { width: number; height: number; min: number; max: number; mean: number };
    /** Why the map shows nothing; omitted if it tells something. */
    blank?: BlankMap;
    /** Of integrated gradients: the sum of the values, and the difference of the scores that it should be. */
    completeness?: Completeness;
    /** Of RISE with --settle. */
    settling?: Settling;
    /** Least and greatest value before scaling, with their sign. */
    raw: { min: number; max: number };
    /** The values that 0 and 1 of the map stand for. */
    scale: ScaleEnds;
    /** With --refine. */
    refinement?: Refinement;
    /** With --boxes: [x, y, width, height] in pixels of the image, the strongest first, and its share of the map's sum. */
    boxes?: { box: [number, number, number, number]; weight: number }[];
    out: string;
    /** With --against: the other class, and the difference of the two maps before centring and scaling. */
    contrast?: { index: number; label: string; probability: number; mean: number; unit: number };
  }[];
  /** What changes with the image's content, such as its entity tag, where its source says it. */
  identity?: string;
  /** Facts of the image from its data set. */
  sample?: Readonly<Record<string, unknown>>;
  /** With --check. */
  checks?: TargetCheck[];
  /** With --animate. */
  animation?: WrittenAnimation;
  out: string;
  milliseconds: { load: number; prepare: number; predict: number; explain: number };
}

/** The document of an image. `load` is how many milliseconds the networks took to open. */
export function explanationDocument(
  { explanation, milliseconds, contrasts, outs, regions }: ExplainedFile,
  image: string,
  load: number,
  { output, described: classifier }: Pick<ClassifierFacts, "output" | "described">,
): ExplainedImage {
  const rounded = (value: number) => Math.round(value * 10) / 10;
  const { prepare, predict, explain } = milliseconds;
  return {
    image,
    model: explanation.model,
    method: explanation.method,
    ...(isPtame(explanation) ? { auxiliary: explanation.auxiliary } : {}),
    device: explanation.device,
    ...withoutUndefined({ deviceChoice: explanation.deviceChoice }),
    threads: explanation.threads,
    ...(isPtame(explanation)
      ? { head: headDocument(explanation), ...withoutUndefined({ warning: explanation.warning }) }
      : {}),
    ...withoutUndefined({ layer: explanation.layer, output, classifier }),
    ...(explanation.activation === "none" ? {} : { activation: explanation.activation }),
    reading: explanation.reading,
    prediction: explanation.prediction.map(({ index, label, probability }) => ({
      index,
      label,
      probability,
    })),
    targets: explanation.targets.map((
      { index, label, probability, map, raw, scale, blank, completeness, settling, refinement },
      which,
    ) => ({
      index,
      label,
      probability,
      map: { width: map.width, height: map.height, ...summary(map.values) },
      raw: extremes(raw.values),
      scale,
      ...withoutUndefined({
        blank,
        completeness,
        settling,
        refinement,
        boxes: regions?.[which]?.map(boxEntry),
      }),
      out: outs[which]!,
      ...contrastWith(contrasts?.[which]),
    })),
    out: outs[0]!,
    milliseconds: {
      load: rounded(load),
      prepare: rounded(prepare),
      predict: rounded(predict),
      explain: rounded(explain),
    },
  };
}

function boxEntry({ box, weight }: MapRegion): { box: [number, number, number, number]; weight: number } {
  const tenths = (value: number) => Math.round(10 * value) / 10;
  return {
    box: [tenths(box.x), tenths(box.y), tenths(box.width), tenths(box.height)],
    weight: Math.round(1000 * weight) / 1000,
  };
}

function contrastWith(contrast: Contrast | undefined) {
  if (contrast === undefined) return {};
  const { index, label, probability } = contrast.against;
  return { contrast: { index, label, probability, ...contrast.scale } };
}

function headDocument({ head: { name, trained, backbone, fit } }: Explanation) {
  return { name, trained, backbone, ...withoutUndefined({ fit }) };
}

function extremes(values: Float32Array): { min: number; max: number } {
  const { low, high } = valueRange(values);
  return { min: low, max: high };
}

function summary(values: Float32Array): { min: number; max: number; mean: number } {
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}
