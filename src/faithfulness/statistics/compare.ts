/**
 * Statistics of all methods in a measure: ranks, pairs with corrected probabilities, wins, and how many images a
 * difference needs; and how far measures agree on the order of methods.
 *
 * @module
 */
import { betterDirection, describeValue } from "../measures.ts";
import { meanValue } from "../probe.ts";
import { listKeys } from "../report/labels.ts";
import type { Evaluation, ImageRecord } from "../summary.ts";
import { UPPER_40TH, UPPER_5TH } from "./normal.ts";
import { averageRanks, criticalDifference, kendall } from "./ranks.ts";
import { holmCorrected, signedRankTest } from "./wilcoxon.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Two methods in a measure, image by image. */
export interface PairStatistics {
  /** First method. */
  readonly a: string;
  /** Second method. */
  readonly b: string;
  /** Images measured with both. */
  readonly images: number;
  /** Images on which the first is better, both are equal, the first is worse. */
  readonly wins: number;
  /** See `wins`. */
  readonly ties: number;
  /** See `wins`. */
  readonly losses: number;
  /** Probability of Wilcoxon's signed-rank test, two-sided. */
  readonly p: number;
  /** The same with Holm's correction for all pairs of the measure. */
  readonly corrected: number;
  /** The method that is better at a corrected level of 0.05; absent if neither is. */
  readonly ahead?: string;
  /**
   * Images that show a difference of one point (`MeasureStatistics.point`) with a probability of 80 %, at a level of
   * 0.05: ((1.96 + 0.84) σ / point)², σ being the deviation of the differences. Absent if all differences are equal, or
   * there is only one: then σ is unknown.
   */
  readonly imagesForPoint?: number;
}

/** All methods in a measure. */
export interface MeasureStatistics {
  /** The measure's key. */
  readonly key: string;
  /** Images measured with all methods, over which ranks are averaged. */
  readonly images: number;
  /** Average ranks by method, 1 for the best; absent without such images. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** Difference of average ranks above which two methods differ (Nemenyi, level 0.05). */
  readonly criticalDifference?: number;
  /** What counts as one point: one percent, or a hundredth of a share. */
  readonly point: number;
  /** All pairs of methods. */
  readonly pairs: readonly PairStatistics[];
}

/** One point of a measure: ten of the last digits that are shown. */
export function onePoint(key: string): number {
  return 10 ** (1 - describeValue(key).digits);
}

/** Images that show a difference with a probability of 80 %; undefined if all differences are equal. */
export function imagesForDifference(differences: readonly number[], difference: number): number | undefined {
  const count = differences.length;
  if (differences.every((value) => value === differences[0])) return undefined;
  const mean = meanValue(differences);
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.max(1, Math.ceil((UPPER_40TH + UPPER_5TH) ** 2 * variance / difference ** 2));
}

/** Values of a measure by method, of each image, greater is better; undefined if an image has none. */
function orientedValues(
  records: readonly ImageRecord[],
  methods: readonly string[],
  key: string,
): (number | undefined)[][] {
  const sign = betterDirection(key) === "higher" ? 1 : -1;
  return methods.map((method) =>
    records.map(({ methods: all }) => {
      const value = all[method]?.values[key];
      return value === undefined ? undefined : sign * value;
    })
  );
}

function pairDifferences(a: readonly (number | undefined)[], b: readonly (number | undefined)[]): number[] {
  return a.flatMap((value, i) => value === undefined || b[i] === undefined ? [] : [value - b[i]]);
}

/** A pair before the correction. */
function uncorrectedPair(a: string, b: string, differences: readonly number[], point: number) {
  const { p, direction } = signedRankTest(differences);
  const [wins, losses] = [1, -1].map((side) =>
    differences.filter((value) => Math.sign(value) === side).length
  );
  return {
    ...{ a, b, images: differences.length, wins: wins!, ties: differences.length - wins! - losses! },
    ...{ losses: losses!, p, direction },
    ...withoutUndefined({ imagesForPoint: imagesForDifference(differences, point) }),
  };
}

/**
 * Statistics of methods in one measure.
 *
 * @param methods Names, in the order of reports.
 * @param key The measure's key, such as "AD50".
 */
export function measureStatistics(
  records: readonly ImageRecord[],
  methods: readonly string[],
  key: string,
): MeasureStatistics {
  const columns = orientedValues(records, methods, key);
  const measured = methods.map((_, i) => i).filter((i) => columns[i]!.some((value) => value !== undefined));
  const names = measured.map((i) => methods[i]!);
  const rows = records.map((_, image) => measured.map((i) => columns[i]![image]))
    .filter((row): row is number[] => row.every((value) => value !== undefined));
  const point = onePoint(key);
  const found = measured.flatMap((first, i) =>
    measured.slice(i + 1).flatMap((second) => {
      const differences = pairDifferences(columns[first]!, columns[second]!);
      if (differences.length === 0) return [];
      return [uncorrectedPair(methods[first]!, methods[second]!, differences, point)];
    })
  );
  const corrected = holmCorrected(found.map(({ p }) => p));
  const pairs = found.map(({ direction, ...pair }, i) => ({
    ...pair,
    corrected: corrected[i]!,
    ...(corrected[i]! < 0.05 && direction !== 0 ? { ahead: direction > 0 ? pair.a : pair.b } : {}),
  }));
  if (rows.length === 0 || names.length < 2) return { key, images: rows.length, point, pairs };
  const ranks = averageRanks(rows);
  const critical = criticalDifference(names.length, rows.length);
  return {
    ...{ key, images: rows.length, point, pairs },
    ranks: Object.fromEntries(names.map((name, i) => [name, ranks[i]!])),
    ...withoutUndefined({ criticalDifference: critical }),
  };
}

/** How far two measures agree on the order of methods. */
export interface MeasureAgreement {
  /** Key of one measure. */
  readonly a: string;
  /** Key of the other. */
  readonly b: string;
  /** Kendall's τ-b of the methods' means, 1 if both order them alike, −1 if in reverse. */
  readonly tau: number;
}

/** Agreement of all pairs of measures on the methods that have both; pairs with fewer than three methods are left out. */
export function measureAgreement(
  { methods }: Pick<Evaluation, "methods">,
  keys: readonly string[],
): MeasureAgreement[] {
  const means = (key: string) =>
    Object.values(methods).map(({ measures }) => {
      const value = measures[key]?.value;
      return value === undefined || betterDirection(key) === "higher" ? value : -value;
    });
  const columns = keys.map(means);
  return keys.flatMap((a, i) =>
    keys.slice(i + 1).flatMap((b, j) => {
      const both = columns[i]!.flatMap((value, method) => {
        const other = columns[i + 1 + j]![method];
        return value === undefined || other === undefined ? [] : [[value, other] as const];
      });
      const tau = kendall(both.map(([value]) => value), both.map(([, value]) => value));
      return both.length < 3 || Number.isNaN(tau) ? [] : [{ a, b, tau }];
    })
  );
}

/** Statistics of an evaluation: of each measure, and of measures with each other. */
export interface EvaluationStatistics {
  /** Of each measure. */
  readonly statistics: readonly MeasureStatistics[];
  /** Of pairs of measures. */
  readonly agreement: readonly MeasureAgreement[];
}

/** All statistics of an evaluation, in the order of reports. */
export function allStatistics(
  evaluation: Pick<Evaluation, "methods">,
  records: readonly ImageRecord[],
): EvaluationStatistics {
  const keys = listKeys(evaluation);
  const methods = Object.keys(evaluation.methods);
  return {
    statistics: methods.length < 2 ? [] : keys.map((key) => measureStatistics(records, methods, key)),
    agreement: measureAgreement(evaluation, keys),
  };
}
