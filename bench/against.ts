/**
 * Compares a benchmark with a recorded one: by ratios alone, because times of two days or machines say nothing about each
 * other.
 *
 * @module
 */
import type { Row } from "./measure.ts";

/** What a ratio may differ from one run to the next, if the runs themselves show less. */
const LEAST_NOISE = 0.1;

/** A row that became worse by more than the noise of both runs. */
export interface Regression {
  /** Part, network and device. */
  readonly name: string;
  /** How many times worse the ratio is. */
  readonly times: number;
  /** How many times worse it may be. */
  readonly allowed: number;
  /** The line for a person. */
  readonly line: string;
}

/** What a row is of. */
function rowName({ name, device, model, against }: Row): string {
  return `${name}, ${model}, ${device} : ${against}`;
}

/**
 * The rows that became worse than recorded. Rows that only one of the two has are left out, as are those that others are
 * compared with.
 */
export function regressions(rows: readonly Row[], recorded: readonly Row[]): Regression[] {
  const before = new Map(recorded.map((row) => [rowName(row), row]));
  const found: Regression[] = [];
  for (const row of rows) {
    const name = rowName(row);
    const then = before.get(name);
    if (row.against === "" || then === undefined) continue;
    // More images a second are better, more of anything else is worse.
    const times = row.unit === "images/s" ? then.ratio / row.ratio : row.ratio / then.ratio;
    const allowed = 1 + Math.max(LEAST_NOISE, row.spread + (then.spread ?? 0));
    if (times <= allowed) continue;
    const line = `${name}: ${row.ratio.toFixed(3)}, recorded ${then.ratio.toFixed(3)}; ` +
      `${times.toFixed(2)} times worse, and noise explains ${allowed.toFixed(2)}`;
    found.push({ name, times, allowed, line });
  }
  return found;
}

/**
 * Reads the file that `deno task bench --json` wrote.
 *
 * @throws {SyntaxError} When it is another one.
 */
export function parseRecorded(text: string, path: string): Row[] {
  const rows: unknown = JSON.parse(text);
  const isRow = (each: unknown) => typeof (each as Row | null)?.ratio === "number";
  if (Array.isArray(rows) && rows.every(isRow)) return rows;
  throw new SyntaxError(`Cannot compare with ${path}: it is not what deno task bench --json writes`);
}
