/**
 * Average drop and increase in confidence (Chattopadhay et al. 2018): how much of the target's probability remains if
 * only the map's part of an image is shown. `AD = 100 · max(0, f(x) − f(x⊙m)) / f(x)`, `IC = 100 · [f(x⊙m) > f(x)]`,
 * per image; the means over images are taken by evaluate.ts. Average gain (Zhang et al. 2023, Opti-CAM) says how far a
 * rise goes: `AG = 100 · max(0, f(x⊙m) − f(x)) / (1 − f(x))`.
 *
 * @module
 */
import type { MeasureDefinition, ProbeContext } from "./measure.ts";
import type { MaskingProtocol, MeasurePreset } from "./presets.ts";
import { type Enlarged, meanValue, type PlainProbe, type Probe } from "./probe.ts";
import { keepTop } from "./threshold.ts";
import type { Normalization } from "./types.ts";

/**
 * An image under a mask: `x ⊙ m`, in the space that the protocol names. Multiplying a normalised image by m is,
 * in [0, 1], fading it to the mean colour: `mean + (x − mean) · m`.
 *
 * @param pixels `[3, S, S]` in [0, 1].
 * @param mask S × S values in [0, 1].
 * @param fade The colour of what is removed: black, or the mean that the classifier normalises with.
 */
export function maskImage(
  pixels: Float32Array,
  mask: Float32Array,
  fade: readonly [number, number, number] = [0, 0, 0],
): Float32Array {
  const area = mask.length;
  const out = new Float32Array(pixels.length);
  for (let colour = 0; colour < 3; colour++) {
    const base = fade[colour]!;
    for (let i = 0; i < area; i++) {
      out[colour * area + i] = base + (pixels[colour * area + i]! - base) * mask[i]!;
    }
  }
  return out;
}

/** Drop of one image in percent; 0 where the probability rose. */
export function dropPercent(
  clean: number,
  masked: number,
  protocol: Pick<MaskingProtocol, "drop" | "epsilon">,
): number {
  const drop = Math.max(0, clean - masked);
  return 100 * (protocol.drop === "absolute" ? drop : drop / (clean + protocol.epsilon));
}

/** Increase of one image in percent: 100 where the probability rose, 0 where it did not. */
export function increasePercent(clean: number, masked: number): number {
  return masked > clean ? 100 : 0;
}

/** Gain of one image in percent of what the probability could gain; 0 if it fell, or cannot rise. */
export function gainPercent(clean: number, masked: number): number {
  return clean >= 1 ? 0 : 100 * Math.max(0, masked - clean) / (1 - clean);
}

/**
 * AD, IC and AG of one map, at every percentage of the protocol: keys "AD50", "IC50", "AG50" and so on.
 *
 * @param normalization What the classifier normalises with; needed where the protocol masks normalised pixels.
 * @throws {TypeError} When that is missing.
 */
export function maskingProbe(
  sample: Enlarged,
  protocol: MaskingProtocol,
  normalization: Normalization | undefined,
): PlainProbe {
  const { percents, space } = protocol;
  if (space === "normalized" && normalization === undefined) {
    throw new TypeError("Cannot mask normalised pixels: no normalization is given");
  }
  // Each percentage gets a new mask, so that masks cannot be confused.
  const keepMask = (percent: number) => keepTop(sample.values, sample.order, percent, protocol.mask);
  const fade = space === "normalized" ? normalization!.mean : undefined;
  return {
    count: percents.length,
    *images() {
      for (const percent of percents) yield maskImage(sample.pixels, keepMask(percent), fade);
    },
    read(outcomes) {
      const values: Record<string, number> = {};
      const areas: Record<string, number> = {};
      percents.forEach((percent, index) => {
        const masked = outcomes[index]!.probability;
        values[`AD${percent}`] = dropPercent(sample.probability, masked, protocol);
        values[`IC${percent}`] = increasePercent(sample.probability, masked);
        values[`AG${percent}`] = gainPercent(sample.probability, masked);
        areas[`AD${percent}`] = areas[`IC${percent}`] = areas[`AG${percent}`] = meanValue(keepMask(percent));
      });
      return { values, areas };
    },
  };
}

/** Probe of AD, IC and AG: they need the same images. */
function maskingSource(
  sample: Enlarged,
  preset: MeasurePreset,
  { normalization }: ProbeContext,
  asked: readonly string[],
): Probe {
  const probe = maskingProbe(sample, preset.masking!, normalization);
  const wanted = [AVERAGE_DROP, INCREASE, AVERAGE_GAIN].filter(({ name }) => asked.includes(name));
  const pick = <T>(of: Readonly<Record<string, T>> = {}) =>
    Object.fromEntries(
      Object.entries(of).filter(([key]) => wanted.some((measure) => measure.describe(key) !== undefined)),
    );
  return {
    ...probe,
    read(outcomes) {
      const { values, areas } = probe.read(outcomes);
      return { values: pick(values), areas: pick(areas) };
    },
  };
}

const SHARED = {
  source: "Chattopadhay et al.: Grad-CAM++, WACV 2018",
  negative: "zero",
  part: "masking",
  standIn: "ptame-2025",
  probe: maskingSource,
} as const;

/** Keys like "AD50": the letters, and the percentage that is kept. */
function describeAs(letters: string, better: "higher" | "lower", meaning: (shown: string) => string) {
  return (key: string) => {
    const percent = key.startsWith(letters) ? key.slice(letters.length) : "";
    if (percent === "" || Number.isNaN(Number(percent))) return undefined;
    const part = percent === "100" ? "its map" : `the highest ${percent} % of its map`;
    return { title: `${letters} ${percent} %`, meaning: meaning(part), better, digits: 1 } as const;
  };
}

/** Average drop: keys "AD100", "AD50", … */
export const AVERAGE_DROP: MeasureDefinition<"ad"> = {
  ...SHARED,
  name: "ad",
  describe: describeAs(
    "AD",
    "lower",
    (part) =>
      `Average drop: the part of the class's probability, in percent, that is lost when the image is masked by ${part}.`,
  ),
};

/** Increase in confidence: keys "IC100", "IC50", … */
export const INCREASE: MeasureDefinition<"ic"> = {
  ...SHARED,
  name: "ic",
  describe: describeAs(
    "IC",
    "higher",
    (part) =>
      `Increase in confidence: the share of images, in percent, whose class becomes more probable when they are masked by ${part}.`,
  ),
};

/** Average gain: keys "AG100", "AG50", … */
export const AVERAGE_GAIN: MeasureDefinition<"ag"> = {
  ...SHARED,
  name: "ag",
  source: "Zhang et al.: Opti-CAM, CVIU 2024",
  describe: describeAs(
    "AG",
    "higher",
    (part) =>
      `Average gain: how much of the probability that other classes have the class gains, in percent, when the image is masked by ${part}.`,
  ),
};
