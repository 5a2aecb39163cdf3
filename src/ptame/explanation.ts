/**
 * P-TAME's explanation: maps of any class, computed from the features of one pass.
 *
 * @module
 */
import { type Contrast, createContrast } from "./contrast.ts";
import { maskOrBlank } from "../explanation/blank_map.ts";
import { type ScaledMask, scaledMasks } from "../explanation/map_scale.ts";
import type { ValueMap } from "../image/types.ts";
import { type Feature, fuseMap, LEAST_SPAN, minMax } from "./fuse.ts";
import { fitWarning } from "./fit/fit_record.ts";
import type { Head, HeadRecord } from "./head_file.ts";
import {
  askedClasses,
  type ClassifiedImage,
  createFunctionMap,
  createMapExplanation,
  createTargetMap,
  displayed,
  type ExplainOptions,
  type ExplainTimings,
  type MapExplanation,
  type TargetMap,
} from "../explanation/map_explanation.ts";
import { functionText, type ScoreFunction, type ScoreValue } from "../classifier/score_function.ts";
import { resolveTarget, type Target } from "../classifier/target.ts";
import type { RefinedMap, RefinedRow, RefineOptions, RefineRunOptions } from "./refine/types.ts";
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
   * The map of a function of the outputs, from the same pass: the fuser is linear, so it is the map of the classes' rows,
   * each weighted by the function's slope at this image's scores. The map of a difference of two scores is that of
   * `contrast`. Its `index` is −1, its label is the function's text, and its `probability` is the function's value.
   *
   * Where backbone and auxiliary are different networks behind a softmax, scores are known up to a constant: the value
   * of a single `score` is then the logarithm of its probability, less the mean of all logarithms.
   *
   * @throws {RangeError} When a class does not exist, or a logarithm is that of a number that is not positive.
   * @throws {TypeError} When the function is built from nothing.
   */
  explainFunction(of: ScoreFunction): TargetMap;
  /**
   * Sharpens the map of a class for this image: steps on the head's weights for the class that lower the loss with which
   * heads are trained. The explainer must still be open. Every step's map is usable; an aborted run gives the best.
   *
   * @throws {RangeError} When the class or the number of steps is invalid.
   * @throws The signal's reason, when it is aborted before the first loss is known.
   */
  refine(options?: RefineOptions): Promise<RefinedMap>;
  /**
   * The same explanation with refined maps as its `targets`, which its overlays draw. After an abort, the maps that were
   * not begun stay the head's own.
   *
   * @throws As `refine`.
   */
  refineTargets(options?: RefineRunOptions): Promise<Explanation>;
  /** The same explanation with these maps as its `targets`, for example refined ones. */
  withTargets(targets: readonly TargetMap[]): Explanation;
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
  /** Value and slopes of a function of this image's scores. */
  readonly valueOf: (of: ScoreFunction) => ScoreValue;
  /** Refines the head's row of a class for this image. */
  readonly refineRow: (target: number, options: RefineRunOptions) => Promise<RefinedRow>;
}

/** A map of P-TAME: measures take its own scale. */
function targetMap(pass: PassResult, index: number, raw: ValueMap, mask: ScaledMask): TargetMap {
  return createTargetMap(pass, index, raw, mask, maskOrBlank(raw, minMax));
}

/** A map on its own scale. */
const ownMask = (raw: ValueMap): ScaledMask => scaledMasks([raw], "own", undefined, LEAST_SPAN)[0]!;

/** The map of a class from a row of the fuser. */
function rowMap(pass: PassResult, index: number, row: Float32Array): TargetMap {
  const raw = fuseMap(pass.features, row);
  return targetMap(pass, index, raw, ownMask(raw));
}

/** The map of a class from the features of a pass. */
function fuseTarget(pass: PassResult, index: number): TargetMap {
  return rowMap(pass, index, pass.head.row(index));
}

/** The map of a function of the outputs. */
function functionMap(pass: PassResult, of: ScoreFunction): TargetMap {
  const { value, gradient } = pass.valueOf(of);
  const row = new Float64Array(pass.head.row(0).length);
  gradient.forEach((slope, index) => {
    if (slope === 0) return;
    pass.head.row(index).forEach((weight, i) => row[i]! += slope * weight);
  });
  const raw = fuseMap(pass.features, Float32Array.from(row));
  const said = { text: functionText(of, pass.labels), value };
  return createFunctionMap(pass, said, raw, ownMask(raw), maskOrBlank(raw, minMax));
}

/** The map of a class from its refined row. */
async function refineTarget(
  pass: PassResult,
  index: number,
  options: RefineRunOptions,
): Promise<RefinedMap> {
  const { row, refinement } = await pass.refineRow(index, options);
  return Object.assign(rowMap(pass, index, row), { refinement });
}

/** Refines the maps of an explanation one after the other. */
async function refineTargets(
  pass: PassResult,
  maps: readonly TargetMap[],
  milliseconds: ExplainTimings,
  options: RefineRunOptions,
): Promise<Explanation> {
  const started = performance.now();
  const refined: TargetMap[] = [];
  for (const map of maps) {
    const begin = refined.length === 0 || !options.signal?.aborted;
    refined.push(begin ? await refineTarget(pass, map.index, options) : map);
  }
  const explain = milliseconds.explain + performance.now() - started;
  return explanationWith(pass, refined, { ...milliseconds, explain });
}

/** Builds the explanation of a pass for the requested classes; by default for the `topK` most probable. */
export function createExplanation(
  pass: PassResult,
  asked: Pick<ExplainOptions, "target" | "topK" | "scale">,
  timings: (mapsDone: number) => ExplainTimings,
): Explanation {
  const classes = askedClasses(asked, pass);
  const raws = classes.map((index) => fuseMap(pass.features, pass.head.row(index)));
  const masks = scaledMasks(raws, asked.scale ?? "own", undefined, LEAST_SPAN);
  const maps = classes.map((index, i) => targetMap(pass, index, raws[i]!, masks[i]!));
  return explanationWith(pass, maps, timings(performance.now()));
}

/** The explanation of a pass with these maps. */
function explanationWith(
  pass: PassResult,
  maps: readonly TargetMap[],
  milliseconds: ExplainTimings,
): Explanation {
  const { record } = pass.head;
  const further = (index: number) => fuseTarget(pass, index);
  const warning = fitWarning(record.fit);
  const subtitle = warning !== undefined
    ? `${pass.model}, the map may mean nothing`
    : record.trained
    ? pass.model
    : record.fit !== undefined
    ? `${pass.model}, fitted head`
    : `${pass.model}, untrained head`;
  return displayed({
    ...createMapExplanation(pass, maps, milliseconds, subtitle, further),
    auxiliary: pass.auxiliary,
    head: record,
    ...withoutUndefined({ warning }),
    explainTarget: (target) => fuseTarget(pass, resolveTarget(target, pass.labels)),
    explainFunction: (of) => functionMap(pass, of),
    refine: async ({ target, ...options } = {}) =>
      await refineTarget(
        pass,
        target === undefined ? maps[0]!.index : resolveTarget(target, pass.labels),
        options,
      ),
    withTargets: (targets) => explanationWith(pass, targets, milliseconds),
    refineTargets: (options = {}) => refineTargets(pass, maps, milliseconds, options),
    contrast: (target, against) => createContrast(pass, target, against, subtitle),
  });
}
