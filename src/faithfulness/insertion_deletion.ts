/**
 * Insertion and deletion (RISE, Petsiuk et al. 2018): pixels come back into a blurred image, or fade out of the
 * clean one, in the map's order; the area under the target's probability is the score.
 *
 * RISE works on normalised pixels. Its deleted pixels become 0, which is the mean colour here. Its blur treats the
 * outside of the image as 0, which is also the mean colour here. TorchCAM restores pixels into the mean colour, in fewer
 * steps.
 *
 * @module
 */
import type { Size } from "../image/preprocess.ts";
import { type MeasureDefinition, singleMeasure, type ValueDescription } from "./measure.ts";
import type { StepsProtocol } from "./presets.ts";
import { type Enlarged, type PlainProbe, shortCurve } from "./probe.ts";
import { removalColour, restorePixels } from "./removal.ts";
import type { Normalization } from "./types.ts";

/**
 * RISE's blurring kernel along one axis: a unit impulse in `side` places under a Gaussian (cut at 4 sigma), reflected
 * at the ends, like scipy's `gaussian_filter`. With sigma 5 on 11 positions it is close to a plain mean, and far from a
 * truncated Gaussian.
 */
export function blurKernel(side: number, sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = new Float64Array(side);
  let sum = 0;
  for (let offset = -radius; offset <= radius; offset++) sum += Math.exp(-0.5 * (offset / sigma) ** 2);
  const middle = Math.floor(side / 2);
  for (let offset = -radius; offset <= radius; offset++) {
    const period = 2 * side;
    const place = ((middle + offset) % period + period) % period;
    kernel[place < side ? place : period - 1 - place]! += Math.exp(-0.5 * (offset / sigma) ** 2) / sum;
  }
  return kernel;
}

/**
 * Blurs an image along both axes; the outside has the mean colour.
 *
 * @param pixels `[3, height, width]` in [0, 1].
 */
export function blurImage(
  pixels: Float32Array,
  { width, height }: Size,
  kernel: Float64Array,
  mean: readonly [number, number, number],
): Float32Array {
  const area = width * height;
  const reach = Math.floor(kernel.length / 2);
  const out = new Float32Array(pixels.length);
  const across = new Float64Array(area);
  for (let colour = 0; colour < 3; colour++) {
    const base = mean[colour]!;
    const from = colour * area;
    for (let i = 0; i < area; i++) {
      const x = i % width;
      let sum = 0;
      for (let k = Math.max(0, reach - x); k < kernel.length && x + k - reach < width; k++) {
        sum += kernel[k]! * (pixels[from + i + k - reach]! - base);
      }
      across[i] = sum;
    }
    for (let i = 0; i < area; i++) {
      const y = Math.floor(i / width);
      let sum = 0;
      for (let k = Math.max(0, reach - y); k < kernel.length && y + k - reach < height; k++) {
        sum += kernel[k]! * across[i + (k - reach) * width]!;
      }
      out[from + i] = base + sum;
    }
  }
  return out;
}

/** Area under a curve of evenly spaced points over a unit interval, by trapezoids. */
export function areaUnder(scores: readonly number[]): number {
  const last = scores.length - 1;
  let sum = (scores[0]! + scores[last]!) / 2;
  for (let i = 1; i < last; i++) sum += scores[i]!;
  return sum / last;
}

/** The same with steps of a share of the interval, of which the last one takes what is left. */
function areaUnderSteps(scores: readonly number[], share: number): number {
  const even = areaUnder(scores.slice(0, -1)) * (scores.length - 2) * share;
  return even + (scores.at(-2)! + scores.at(-1)!) / 2 * (1 - share * (scores.length - 2));
}

/**
 * The area under the insertion or deletion curve of one map: keys "insertion" and "deletion".
 *
 * @param normalization What the classifier normalises with: its mean is what deleted pixels become.
 * @throws {TypeError} When that is missing.
 */
export function stepsProbe(
  sample: Enlarged,
  kind: "insertion" | "deletion",
  protocol: StepsProtocol,
  normalization: Normalization | undefined,
): PlainProbe {
  const mean = removalColour(kind, "normalized", normalization);
  const { pixels, order } = sample;
  const area = sample.width * sample.height;
  const size = Math.max(protocol.pixelsPerStep, Math.ceil(area / (protocol.steps ?? area)));
  const steps = Math.ceil(area / size);

  function* images(): Iterable<Float32Array> {
    const { blur } = protocol;
    const other = kind === "deletion" || blur === undefined
      ? pixels.map((_, i) => mean[Math.floor(i / area)]!)
      : blurImage(pixels, sample, blurKernel(blur.side, blur.sigma), mean);
    const [start, finish] = kind === "deletion" ? [pixels, other] : [other, pixels];
    const current = start.slice();
    yield current.slice();
    for (let step = 0; step < steps; step++) {
      restorePixels(current, order.subarray(step * size, (step + 1) * size), finish);
      yield current.slice();
    }
  }
  return {
    count: steps + 1,
    images: images,
    read(outcomes) {
      const curve = outcomes.map((outcome) => outcome.probability);
      return {
        values: { [kind]: protocol.byPixels ? areaUnderSteps(curve, size / area) : areaUnder(curve) },
        curves: { [kind]: shortCurve(curve) },
      };
    },
  };
}

/** One of the two: its name is its only key. */
function stepsMeasure<Kind extends "insertion" | "deletion">(
  kind: Kind,
  description: ValueDescription,
): MeasureDefinition<Kind> {
  return singleMeasure({
    name: kind,
    source: "Petsiuk, Das, Saenko: RISE, BMVC 2018",
    negative: "order",
    part: "steps",
    standIn: "rise",
    probe: (sample, preset, { normalization }) => stepsProbe(sample, kind, preset.steps!, normalization),
    description,
    axis: (_key, _preset, points) => ({
      percents: Array.from({ length: points }, (_, i) => 100 * i / (points - 1)),
      means: kind === "insertion" ? "kept" : "removed",
      height: "probability",
    }),
  });
}

/** Insertion: key "insertion". */
export const INSERTION: MeasureDefinition<"insertion"> = stepsMeasure("insertion", {
  title: "Insertion",
  meaning:
    "Insertion: the mean probability of the class while pixels come back into a blurred or an empty image, the map's highest first.",
  better: "higher",
  digits: 3,
});

/** Deletion: key "deletion". */
export const DELETION: MeasureDefinition<"deletion"> = stepsMeasure("deletion", {
  title: "Deletion",
  meaning: "Deletion: the mean probability of the class while pixels are removed, the map's highest first.",
  better: "lower",
  digits: 3,
});
