/**
 * Contrasts by any method: the evidence for the explained class over the most probable other class, as the difference of
 * the method's values for the two.
 *
 * For P-TAME that is its own contrast, because the fuser is linear; for methods that are linear in the class's score (input
 * × gradient, integrated gradients), it is the map of the difference of the two scores. Methods that cut values off, such
 * as Grad-CAM, give two maps whose difference is taken, too. Each class's map has a level of its own, so the difference is
 * centred on its mean (src/ptame/contrast.ts says why). A changed image, such as the noisy ones of max-sensitivity, has
 * another class of its own.
 *
 * @module
 */
import { maskFrom } from "../baselines/types.ts";
import type { PreparedImage } from "../classifier/prepared_image.ts";
import type { MaskMap } from "../explanation/blank_map.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import { runnerUp } from "./scoring.ts";
import type { ScoreBatch } from "./types.ts";

/** The difference of two maps of one size, as a signed map; blank if it is the same everywhere. */
export function contrastMap(first: MaskMap, second: MaskMap): MaskMap {
  const infinite = [first, second].find(({ blank }) => blank?.reason === "not-finite");
  if (infinite !== undefined) return infinite;
  // A map that shows nothing is zeros in the formula's values, too.
  const valuesOf = ({ values, raw }: MaskMap) => raw ?? values;
  const [mine, other] = [valuesOf(first), valuesOf(second)];
  const difference = mine.map((value, i) => value - other[i]!);
  const mean = difference.reduce((sum, value) => sum + value, 0) / difference.length;
  const size = Math.max(
    ...[mine, other].map((each) => each.reduce((most, v) => Math.max(most, Math.abs(v)), 0)),
  );
  const centred = difference.map((value) => value - mean);
  // Rounding errors must not be amplified to a map.
  const flat = centred.every((value) => Math.abs(value) <= 1e-5 * size);
  const { width, height } = first;
  return maskFrom({ width, height, values: flat ? new Float32Array(difference.length) : centred }, {
    view: "range",
    signed: true,
  });
}

/**
 * Methods that give contrasts in place of maps.
 *
 * @param methods The methods, by name.
 * @param score The classifier, which says what the other class is.
 * @param keep Names of methods that stay as they are, such as controls.
 */
export function contrastMethods(
  methods: Readonly<Record<string, MapMethod>>,
  score: ScoreBatch,
  keep: (name: string) => boolean = () => false,
): Record<string, MapMethod> {
  // One pass for an image, not one for each of its maps.
  const rivals = new WeakMap<PreparedImage, Promise<Float32Array[]>>();
  const rivalOf = async (image: PreparedImage, target: number, signal: AbortSignal | undefined) => {
    const scored = rivals.get(image) ?? score([image.pixels], signal);
    rivals.set(image, scored);
    return runnerUp((await scored)[0]!, target);
  };
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]): [string, MapMethod] => [
      name,
      keep(name) ? method : async (image, target, signal) => {
        const rival = await rivalOf(image, target, signal);
        return contrastMap(await method(image, target, signal), await method(image, rival, signal));
      },
    ]),
  );
}
