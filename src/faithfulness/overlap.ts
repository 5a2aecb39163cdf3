/**
 * How much of a map's highest part lies on the object, whose boxes or mask are given: relevance rank accuracy (Arras et
 * al., CLEVR-XAI, Information Fusion 2022), top-k intersection (Theiner et al., WACV 2022) and mean IoU (Chefer et al.,
 * CVPR 2021). They need no classifier, and say nothing about it: a map of the object is best even if the classifier
 * reads the background. Relevance mass accuracy of the first paper is the measure `energy`.
 *
 * @module
 */
import { type MeasureDefinition, singleMeasure, type ValueDescription } from "./measure.ts";
import type { OverlapProtocol } from "./presets.ts";
import { type Enlarged, mapProbe, meanValue, type PlainProbe } from "./probe.ts";
import { regionMask } from "./pointing.ts";
import type { Region } from "./types.ts";

/** Share of the `count` highest pixels that are inside; undefined without any. */
export function insideShare(order: Uint32Array, inside: Uint8Array, count: number): number | undefined {
  const taken = Math.min(count, order.length);
  if (taken === 0) return undefined;
  let within = 0;
  for (let i = 0; i < taken; i++) within += inside[order[i]!]!;
  return within / taken;
}

/**
 * Mean of the intersection over union of the object and of the background with what a mask shows: above its mean, and
 * not.
 */
export function meanIou(values: Float32Array, inside: Uint8Array): number {
  const mean = meanValue(values);
  const [both, either] = [[0, 0], [0, 0]];
  for (let i = 0; i < values.length; i++) {
    const shown = values[i]! > mean ? 1 : 0;
    if (shown === inside[i]) {
      both[shown]!++;
      either[shown]!++;
    } else {
      either[0]!++;
      either[1]!++;
    }
  }
  return meanValue([0, 1].map((side) => either[side] === 0 ? 1 : both[side]! / either[side]!));
}

/** What each measure reads of a map and its object, which has at least one pixel. */
const READERS = {
  "relevance-rank": ({ order }: Enlarged, inside: Uint8Array) =>
    insideShare(order, inside, inside.reduce((sum, each) => sum + each, 0)),
  "top-k": ({ order }: Enlarged, inside: Uint8Array, { topShare }: OverlapProtocol) =>
    insideShare(order, inside, Math.max(1, Math.round(topShare * order.length))),
  "miou": ({ values }: Enlarged, inside: Uint8Array) => meanIou(values, inside),
} as const;

/** Names of the measures of overlap. */
type OverlapName = keyof typeof READERS;

/** A measure of overlap; without an object there is no value, and the image does not count. */
export function overlapProbe(
  sample: Enlarged,
  name: OverlapName,
  protocol: OverlapProtocol,
  region: Region | undefined,
): PlainProbe {
  return mapProbe(() => {
    const inside = region === undefined ? undefined : regionMask(region, sample);
    if (inside === undefined || !inside.includes(1)) return {};
    return { [name]: READERS[name](sample, inside, protocol) };
  });
}

function overlapMeasure<Name extends OverlapName>(
  name: Name,
  negative: "order" | "zero",
  source: string,
  description: Pick<ValueDescription, "title" | "meaning">,
): MeasureDefinition<Name> {
  return singleMeasure({
    name,
    source,
    negative,
    part: "overlap",
    standIn: "quantus",
    needs: ["region"],
    probe: (sample, preset, { region }) => overlapProbe(sample, name, preset.overlap!, region),
    description: { ...description, better: "higher", digits: 3 },
  });
}

/** Relevance rank accuracy: key "relevance-rank". */
export const RELEVANCE_RANK: MeasureDefinition<"relevance-rank"> = overlapMeasure(
  "relevance-rank",
  "order",
  "Arras, Osman, Samek: CLEVR-XAI, Information Fusion 2022",
  {
    title: "Relevance rank",
    meaning:
      "Relevance rank: of the map's highest pixels, as many as the object has, the share that lies on the object.",
  },
);

/** Top-k intersection: key "top-k". */
export const TOP_K: MeasureDefinition<"top-k"> = overlapMeasure(
  "top-k",
  "order",
  "Theiner, Müller-Budack, Ewerth: top-k of concept influence, WACV 2022",
  {
    title: "Top-k",
    meaning: "Top-k intersection: the share of the map's highest 2 % of the pixels that lies on the object.",
  },
);

/** Mean IoU: key "miou". */
export const MEAN_IOU: MeasureDefinition<"miou"> = overlapMeasure(
  "miou",
  "zero",
  "Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021",
  {
    title: "mIoU",
    meaning:
      "Mean IoU: overlap of the object, and of the background, with what the map shows above its mean and below, as shares of their unions.",
  },
);
