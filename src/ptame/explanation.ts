/**
 * P-TAME's explanation: maps of any class, computed from the features of one pass.
 *
 * @module
 */
import { type Contrast, contrastOf } from "./contrast.ts";
import { type Feature, fuseMap, minMax } from "./fuse.ts";
import type { Head, HeadRecord } from "./head_file.ts";
import {
  askedClasses,
  displayed,
  type ExplainOptions,
  type ExplainTimings,
  type MapExplanation,
  mapExplanationOf,
  type SeenPicture,
  type TargetMap,
  targetMapOf,
} from "../explanation/map_explanation.ts";
import { resolveTarget, type Target } from "../classifier/prediction.ts";

/** An explanation of one image. */
export interface Explanation extends MapExplanation {
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record; `trained: false` means that its maps are only a starting point. */
  readonly head: HeadRecord;
  /** Explains another class from the same pass, without running a network. */
  explainTarget(target: Target): TargetMap;
  /**
   * The evidence for one class over another, from the same pass.
   *
   * @throws {RangeError} When a class is unknown, or both are the same.
   */
  contrast(target: Target, against: Target): Contrast;
}

/** P-TAME's name among the methods. */
export const PTAME = "ptame";

/** Whether an explanation is P-TAME's. */
export function isPtame(explanation: MapExplanation): explanation is Explanation {
  return explanation.method === PTAME;
}

/** The result of one pass, from which any class can be explained. */
export interface PassResult extends SeenPicture {
  readonly auxiliary: string;
  readonly head: Head;
  readonly features: readonly Feature[];
}

/** The map of a class from the features of a pass. */
function mapOf(pass: PassResult, index: number): TargetMap {
  const raw = fuseMap(pass.features, pass.head.row(index));
  return targetMapOf(pass, index, raw, minMax(raw));
}

/** Builds the explanation of a pass for the requested classes; by default for the `topK` most probable. */
export function explanationOf(
  pass: PassResult,
  asked: Pick<ExplainOptions, "target" | "topK">,
  timings: (mapsDone: number) => ExplainTimings,
): Explanation {
  const maps = askedClasses(asked, pass).map((index) => mapOf(pass, index));
  const { record } = pass.head;
  const subtitle = record.trained ? pass.model : `${pass.model}, untrained head`;
  return displayed({
    ...mapExplanationOf(pass, maps, timings(performance.now()), subtitle, (index) => mapOf(pass, index)),
    auxiliary: pass.auxiliary,
    head: record,
    explainTarget: (target) => mapOf(pass, resolveTarget(target, pass.labels)),
    contrast: (target, against) => contrastOf(pass, target, against, subtitle),
  });
}
