/**
 * P-TAME's explanation: maps of any class, computed from the features of one pass.
 *
 * @module
 */
import { type Contrast, createContrast } from "./contrast.ts";
import { type Feature, fuseMap, minMax } from "./fuse.ts";
import { fitWarning } from "./fit/fit_record.ts";
import type { Head, HeadRecord } from "./head_file.ts";
import {
  askedClasses,
  type ClassifiedImage,
  createMapExplanation,
  createTargetMap,
  displayed,
  type ExplainOptions,
  type ExplainTimings,
  type MapExplanation,
  type TargetMap,
} from "../explanation/map_explanation.ts";
import { resolveTarget, type Target } from "../classifier/prediction.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** An explanation of one image. */
export interface Explanation extends MapExplanation {
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record; `trained: false` means that its maps are only a starting point. */
  readonly head: HeadRecord;
  /** A sentence that says why the maps may mean nothing; absent if nothing is known against them. */
  readonly warning?: string;
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
export interface PassResult extends ClassifiedImage {
  readonly auxiliary: string;
  readonly head: Head;
  readonly features: readonly Feature[];
}

/** The map of a class from the features of a pass. */
function fuseTarget(pass: PassResult, index: number): TargetMap {
  const raw = fuseMap(pass.features, pass.head.row(index));
  return createTargetMap(pass, index, raw, minMax(raw));
}

/** Builds the explanation of a pass for the requested classes; by default for the `topK` most probable. */
export function createExplanation(
  pass: PassResult,
  asked: Pick<ExplainOptions, "target" | "topK">,
  timings: (mapsDone: number) => ExplainTimings,
): Explanation {
  const maps = askedClasses(asked, pass).map((index) => fuseTarget(pass, index));
  const { record } = pass.head;
  const warning = fitWarning(record.fit);
  const subtitle = warning !== undefined
    ? `${pass.model}, the map may mean nothing`
    : record.trained
    ? pass.model
    : record.fit !== undefined
    ? `${pass.model}, fitted head`
    : `${pass.model}, untrained head`;
  return displayed({
    ...createMapExplanation(
      pass,
      maps,
      timings(performance.now()),
      subtitle,
      (index) => fuseTarget(pass, index),
    ),
    auxiliary: pass.auxiliary,
    head: record,
    ...withoutUndefined({ warning }),
    explainTarget: (target) => fuseTarget(pass, resolveTarget(target, pass.labels)),
    contrast: (target, against) => createContrast(pass, target, against, subtitle),
  });
}
