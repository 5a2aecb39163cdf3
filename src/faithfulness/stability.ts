/**
 * How much a map changes when the image hardly does: max-sensitivity and avg-sensitivity (Yeh et al., On the
 * (In)fidelity and Sensitivity of Explanations, NeurIPS 2019; Bhatt et al. 2020 take the mean).
 *
 *     SENS(Φ, f, x) = max or mean over ‖y − x‖∞ ≤ r of ‖Φ(f, y) − Φ(f, x)‖ / ‖Φ(f, x)‖
 *
 * As in Captum's `sensitivity_max` the norms are Euclidean, the noise is uniform, and the same class is explained. The
 * radius is one of the classifier's own input, so a colour moves by r times its deviation. Maps with a sign are compared
 * as they are, others as masks. The maximum is one of few draws: a lower bound.
 *
 * @module
 */
import type { MaskMap } from "../explanation/blank_map.ts";
import { createStream } from "../random/generator.ts";
import { hashText } from "../random/hash.ts";
import {
  type MeasureDefinition,
  type ProbeContext,
  singleMeasure,
  type ValueDescription,
} from "./measure.ts";
import type { StabilityProtocol } from "./presets.ts";
import { askedValues, type Enlarged, meanValue, type Probe } from "./probe.ts";
import type { Normalization } from "./types.ts";

/** What is compared of a map. */
function comparedValues({ values, raw, signed }: MaskMap): Float32Array {
  return signed ? raw! : values;
}

function norm(values: Float32Array, minus?: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - (minus?.[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/** Change of maps relative to the length of the first; NaN if that is 0. */
export function relativeChanges(own: MaskMap, others: readonly MaskMap[]): number[] {
  const base = comparedValues(own);
  const length = norm(base);
  return others.map((other) => norm(comparedValues(other), base) / length);
}

/**
 * A noisy image: uniform noise of ±radius in units of the classifier's input.
 *
 * @param pixels `[3, H, W]` in [0, 1]; noise may lead outside.
 */
export function shaken(
  pixels: Float32Array,
  radius: number,
  normalization: Normalization | undefined,
  seed: number,
  index: number,
): Float32Array {
  const generator = createStream(seed, hashText(`stability/${index}`));
  const deviation = normalization?.std ?? [1, 1, 1];
  const area = pixels.length / 3;
  return pixels.map((value, i) =>
    value + radius * deviation[Math.floor(i / area)]! * (2 * generator.uniform() - 1)
  );
}

/** Runs the method on noisy images; keys "max-sensitivity" and "avg-sensitivity", those that are requested. */
export function stabilityProbe(
  { map }: Pick<Enlarged, "map">,
  protocol: StabilityProtocol,
  { explainAgain, normalization, seed }: ProbeContext,
  asked: readonly string[],
): Probe {
  let changes: number[] = [];
  return {
    count: 0,
    images: () => [],
    async prepare() {
      const others: MaskMap[] = [];
      for (let i = 0; i < protocol.samples; i++) {
        others.push(
          await explainAgain!((pixels) => shaken(pixels, protocol.radius, normalization, seed, i)),
        );
      }
      changes = relativeChanges(map, others);
    },
    read() {
      const values = { "max-sensitivity": Math.max(...changes), "avg-sensitivity": meanValue(changes) };
      return { values: askedValues(values, asked) };
    },
  };
}

/** Both measures take the same maps. */
const probe: MeasureDefinition["probe"] = (sample, preset, context, asked) =>
  stabilityProbe(sample, preset.stability!, context, asked);

const description = (title: string, word: string): ValueDescription => ({
  title,
  meaning:
    `${title}: the ${word} change of the map, as a share of its length, when a little noise is added to the image.`,
  better: "lower",
  digits: 3,
});

const SHARED = {
  source: "Yeh et al.: On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019",
  negative: "sign",
  part: "stability",
  standIn: "captum",
  needs: ["explainAgain"],
  probe,
} as const;

/** Max-sensitivity: key "max-sensitivity". */
export const MAX_SENSITIVITY: MeasureDefinition<"max-sensitivity"> = singleMeasure({
  ...SHARED,
  name: "max-sensitivity",
  description: description("Max-sensitivity", "greatest"),
});

/** Avg-sensitivity: key "avg-sensitivity". */
export const AVG_SENSITIVITY: MeasureDefinition<"avg-sensitivity"> = singleMeasure({
  ...SHARED,
  name: "avg-sensitivity",
  source: "Bhatt et al.: Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020",
  description: description("Avg-sensitivity", "mean"),
});
