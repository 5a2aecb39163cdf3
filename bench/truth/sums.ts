/**
 * Sums up the records of the benchmark with known truth: means, intervals over scenes, and paired differences.
 *
 * @module
 */
import { bootstrapDifference, bootstrapInterval } from "../../src/faithfulness/bootstrap.ts";
import type { Interval } from "../../src/faithfulness/types.ts";
import type { TruthCheck } from "./check.ts";
import type { TruthScores } from "./measures.ts";

/** The scores of a map. */
export interface TruthRecord extends TruthScores {
  readonly scene: number;
  readonly method: string;
}

/** A method's means, and how far they are from the best method's, scene by scene. */
export interface TruthRow {
  readonly method: string;
  readonly mass: Interval;
  readonly rank: Interval;
  readonly distractor: Interval;
  /** Mass less that of the method with the most; it holds 0 where the two are within noise. */
  readonly massBehind: Interval;
  /** Rank accuracy less that of the method with the most. */
  readonly rankBehind: Interval;
}

/** Rows in the order of mass, the best first. */
export interface TruthSums {
  readonly scenes: number;
  readonly rows: readonly TruthRow[];
}

/** What is written down. */
export interface Results extends TruthSums {
  readonly check: TruthCheck;
}

/**
 * Sums up records.
 *
 * @throws {RangeError} When a method lacks scenes that another has.
 */
export function sumUp(records: readonly TruthRecord[], methods: readonly string[]): TruthSums {
  const scenes = [...new Set(records.map(({ scene }) => scene))].sort((a, b) => a - b);
  const found = new Map(records.map((record) => [`${record.scene} ${record.method}`, record]));
  const column = (method: string, measure: keyof TruthScores) =>
    scenes.map((scene) => {
      const record = found.get(`${scene} ${method}`);
      if (record === undefined) throw new RangeError(`Cannot sum up: scene ${scene} lacks ${method}`);
      return record[measure];
    });
  /** The values of the method with the greatest mean. */
  const best = (measure: "mass" | "rank") => {
    const means = methods.map((method) => bootstrapInterval(column(method, measure)).value);
    return column(methods[means.indexOf(Math.max(...means))]!, measure);
  };
  const [mostMass, mostRank] = [best("mass"), best("rank")];
  const rows = methods.map((method) => ({
    method,
    mass: bootstrapInterval(column(method, "mass")),
    rank: bootstrapInterval(column(method, "rank")),
    distractor: bootstrapInterval(column(method, "distractor")),
    massBehind: bootstrapDifference(column(method, "mass"), mostMass),
    rankBehind: bootstrapDifference(column(method, "rank"), mostRank),
  }));
  return { scenes: scenes.length, rows: rows.sort((a, b) => b.mass.value - a.mass.value) };
}
