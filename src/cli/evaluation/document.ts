/**
 * The document of an evaluation: what `--json` prints, and results.json holds.
 *
 * @module
 */
import type { EvaluateResult, SkippedImage } from "../../faithfulness/evaluate_options.ts";
import { allStatistics, type EvaluationStatistics } from "../../faithfulness/statistics/compare.ts";
import { evaluationJson } from "../../faithfulness/summary.ts";

/** What was measured, besides the values. */
export interface EvaluationFacts {
  readonly model: string;
  readonly device: string;
  /** Seed of noise and intervals. */
  readonly seed: number;
  /** Images that could not be read. */
  readonly skipped: readonly SkippedImage[];
  /** Classifier, auxiliary, head, held-out classes. */
  readonly [fact: string]: unknown;
}

/** The document: the facts, and values by method. */
export interface EvaluationDocument extends EvaluationFacts {
  readonly preset: string;
  /** Number of images. */
  readonly images: number;
  readonly methods: ReturnType<typeof evaluationJson>["methods"];
  /** Ranks and tests of each measure; absent for a single method. */
  readonly statistics?: EvaluationStatistics["statistics"];
  /** Agreement of measures on the order of methods; absent for fewer than three methods. */
  readonly agreement?: EvaluationStatistics["agreement"];
}

/** The document of an evaluation. */
export function evaluationDocument(
  result: Omit<EvaluateResult, "skipped">,
  facts: EvaluationFacts,
): EvaluationDocument {
  const { preset, images, methods } = evaluationJson(result);
  const { statistics, agreement } = allStatistics(result, result.records);
  return {
    ...{ preset, images, ...facts, methods },
    ...(statistics.length === 0 ? {} : { statistics }),
    ...(agreement.length === 0 ? {} : { agreement }),
  };
}

/** The statistics of a document, none where it has none. */
export function documentStatistics(
  { statistics = [], agreement = [] }: EvaluationDocument,
): EvaluationStatistics {
  return { statistics, agreement };
}

/** The facts of a document, without what is computed from its records. */
export function documentFacts(
  { preset: _, images: _images, methods: _methods, statistics: _statistics, agreement: _agreement, ...facts }:
    EvaluationDocument,
): EvaluationFacts {
  return facts;
}

/** The document as a file. */
export function documentText(document: EvaluationDocument): string {
  return JSON.stringify(document, null, 2) + "\n";
}
