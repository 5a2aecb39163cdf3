/**
 * What people read of an evaluation on the terminal: the table, and what it does not show.
 *
 * @module
 */
import type { MeasureStatistics } from "../../faithfulness/statistics/compare.ts";
import type { Evaluation, ImageRecord } from "../../faithfulness/summary.ts";
import { bold, terminalWidth } from "../terminal.ts";
import { blankLines, powerLines, tableLines } from "./table.ts";

/** What the lines need besides the values. */
export interface ShownEvaluation {
  /** Name of the classifier. */
  readonly model: string;
  /** Ranks and tests of each measure; none of a single method. */
  readonly statistics?: readonly MeasureStatistics[] | undefined;
  /** Seed of the comparisons. */
  readonly seed: number;
  /** Which images, if not all: " of part 2/8". */
  readonly part?: string;
  /** A line about the head, if there is one. */
  readonly remark?: string | undefined;
}

/** The lines. */
export function resultLines(
  result: Evaluation,
  records: readonly ImageRecord[],
  { model, statistics = [], seed, part = "", remark }: ShownEvaluation,
): string[] {
  const { images, preset } = result;
  return [
    "",
    `${model}, ${images} images${part}, preset ${preset}; 95 % intervals, * best beyond noise`,
    ...(remark === undefined ? [] : [remark]),
    "",
    ...tableLines(result, records, terminalWidth(), bold, seed),
    ...blankLines(result),
    ...powerLines(statistics, terminalWidth()),
  ];
}
