/**
 * What files say about a classifier, in this project's terms: the metadata inside an .onnx file, or the files that its
 * makers put beside it. Settings of the caller take precedence.
 *
 * @module
 */
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { OnnxPreprocessing } from "../onnx/image_input.ts";
import type { ScoreActivation } from "../score_meaning.ts";

/** What a file says about a classifier. */
export interface ModelDescription {
  /** How an image becomes its input. */
  readonly preprocessing?: OnnxPreprocessing;
  /** Class names by index. */
  readonly labels?: readonly string[];
  /** Name of the output with its scores. */
  readonly output?: string;
  /** What turns its scores into probabilities. */
  readonly activation?: ScoreActivation;
  /** What was found and could not be used, one line each. */
  readonly notes?: readonly string[];
}

/** Joins descriptions; the first that says something decides. */
export function joinDescriptions(descriptions: readonly ModelDescription[]): ModelDescription {
  return descriptions.reduceRight<ModelDescription>((weaker, stronger) => {
    const preprocessing = joinPreprocessing(stronger.preprocessing, weaker.preprocessing);
    const notes = [...stronger.notes ?? [], ...weaker.notes ?? []];
    return {
      ...weaker,
      ...withoutUndefined({ ...stronger }),
      ...(Object.keys(preprocessing).length === 0 ? {} : { preprocessing }),
      ...(notes.length === 0 ? {} : { notes }),
    };
  }, {});
}

/**
 * Joins preprocessing. Numbers that belong together come from one of them: what is resized belongs to a size and a fit,
 * mean and std to a range.
 */
export function joinPreprocessing(
  stronger: OnnxPreprocessing = {},
  weaker: OnnxPreprocessing = {},
): OnnxPreprocessing {
  const { resize, range, mean, std, fill, ...rest } = weaker;
  const sameFit = stronger.fit === undefined || stronger.fit === (weaker.fit ?? "crop");
  const sameRange = stronger.range === undefined || String(stronger.range) === String(range ?? [0, 1]);
  return {
    ...rest,
    ...withoutUndefined(sameFit ? { resize: scaledResize(resize, weaker.size, stronger.size), fill } : {}),
    ...withoutUndefined(sameRange ? { range, mean, std } : {}),
    ...withoutUndefined({ ...stronger }),
  };
}

/** The short side for another size, in the same proportion. */
function scaledResize(
  resize: number | undefined,
  of: OnnxPreprocessing["size"],
  size: OnnxPreprocessing["size"],
): number | undefined {
  if (resize === undefined || of === undefined || size === undefined) return resize;
  const short = (sides: NonNullable<OnnxPreprocessing["size"]>) => Math.min(...[sides].flat());
  return Math.round(resize * short(size) / short(of));
}
