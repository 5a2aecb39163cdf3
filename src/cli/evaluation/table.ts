/**
 * An evaluation as a table for the terminal: one row per method, one column per measure, in several blocks if the
 * terminal is narrow.
 *
 * @module
 */
import { bestMethods } from "../../faithfulness/report/best.ts";
import {
  directionArrow,
  keyTitle,
  listKeys,
  shownInterval,
  shownMilliseconds,
} from "../../faithfulness/report/labels.ts";
import type { MeasureStatistics, PairStatistics } from "../../faithfulness/statistics/compare.ts";
import type { Evaluation, ImageRecord } from "../../faithfulness/summary.ts";

interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  /** Rows marked as the best. */
  readonly best: ReadonlySet<number>;
}

function tableColumns(evaluation: Evaluation, records: readonly ImageRecord[], seed: number): Column[] {
  const best = bestMethods(evaluation, records, { seed });
  const methods = Object.entries(evaluation.methods);
  const measured = listKeys(evaluation).map((key) => ({
    title: `${keyTitle(key)} ${directionArrow(key)}`,
    cells: methods.map(([, { measures }]) =>
      measures[key] === undefined ? "–" : shownInterval(key, measures[key])
    ),
    best: new Set(methods.flatMap(([name], row) => best.get(key)!.has(name) ? [row] : [])),
  }));
  return [
    ...measured,
    {
      title: "map area",
      cells: methods.map(([, { maskArea }]) => maskArea.value.toFixed(2)),
      best: new Set<number>(),
    },
    {
      title: "per map",
      cells: methods.map(([, { millisecondsPerImage }]) => shownMilliseconds(millisecondsPerImage.value)),
      best: new Set<number>(),
    },
  ];
}

/** Lines on maps that show nothing and are left out of the table. */
export function blankLines({ methods, images }: Evaluation): string[] {
  return Object.entries(methods).flatMap(([name, { blank }]) => {
    if (blank === undefined) return [];
    const reasons = Object.entries(blank).map(([reason, count]) => `${count} ${reason}`);
    const total = Object.values(blank).reduce((sum, count) => sum + count, 0);
    return [
      `${name}: ${total} of ${images} maps show nothing (${
        reasons.join(", ")
      }) and are left out of its means`,
    ];
  });
}

/**
 * Lines of the table.
 *
 * @param records The records of the evaluation: best is what is ahead of others beyond noise.
 * @param width Columns of the terminal.
 * @param bold Marks the best of a column, and those that it does not beat.
 * @param seed Seed of the comparisons.
 */
export function tableLines(
  evaluation: Evaluation,
  records: readonly ImageRecord[],
  width: number,
  bold: (text: string) => string,
  seed = 0,
): string[] {
  const names = Object.keys(evaluation.methods);
  const first = Math.max(...names.map((name) => name.length));
  const lines: string[] = [];
  let block: Column[] = [];
  const columnWidth = ({ title, cells }: Column) =>
    Math.max(title.length, ...cells.map((cell) => cell.length + 2));
  const flush = () => {
    if (block.length === 0) return;
    if (lines.length > 0) lines.push("");
    const head = block.map((column) => column.title.padEnd(columnWidth(column)));
    lines.push(`${"".padEnd(first)}  ${head.join("  ")}`.trimEnd());
    names.forEach((name, row) => {
      const cells = block.map((column) => {
        const best = column.best.has(row);
        // A star marks the best if bold is not available.
        const text = (column.cells[row]! + (best ? " *" : "")).padEnd(columnWidth(column));
        return best ? bold(text) : text;
      });
      lines.push(`${name.padEnd(first)}  ${cells.join("  ")}`.trimEnd());
    });
    block = [];
  };
  for (const column of tableColumns(evaluation, records, seed)) {
    const used = first + block.reduce((sum, each) => sum + 2 + columnWidth(each), 0);
    if (block.length > 0 && used + 2 + columnWidth(column) > width) flush();
    block.push(column);
  }
  flush();
  return lines;
}

/**
 * How many images a difference of one point needs, of the pair of methods that needs most; what is not known, if a pair
 * differs by the same on all images.
 */
function neededImages(pairs: readonly PairStatistics[]): string {
  const known = pairs.flatMap(({ imagesForPoint }) => imagesForPoint === undefined ? [] : [imagesForPoint]);
  const equal = pairs.length - known.length;
  if (known.length === 0) return "unknown (no difference varies)";
  return `${Math.max(...known)}${equal === 0 ? "" : ` (${equal} of ${pairs.length} pairs: unknown)`}`;
}

/** Lines on how many images a difference of one point needs. */
export function powerLines(statistics: readonly MeasureStatistics[], width: number): string[] {
  const needs = statistics.filter(({ pairs }) => pairs.length > 0).map(({ key, pairs }) =>
    `${keyTitle(key)} ${neededImages(pairs)}`
  );
  if (needs.length === 0) return [];
  const lines = ["Images that show a difference of one point in every pair of methods (80 % power):"];
  for (const each of needs) {
    const last = lines.at(-1)!;
    if (lines.length > 1 && last.length + 2 + each.length <= width) {
      lines[lines.length - 1] = `${last}, ${each}`;
    } else lines.push(`  ${each}`);
  }
  return lines;
}
