/**
 * Which methods are best in a measure, beyond noise: a difference that could be chance does not count, and methods that
 * cannot be told from the best share its mark.
 *
 * @module
 */
import type { BootstrapOptions } from "../bootstrap.ts";
import { betterDirection } from "../measures.ts";
import { compareMethods, type Comparison, type Evaluation, type ImageRecord } from "../summary.ts";
import { listKeys } from "./labels.ts";

/**
 * The best methods by the key of a measure: the one with the best mean, and those that it does not beat beyond noise (95 %
 * interval of the difference, image by image). None if that is all of them.
 */
export function bestMethods(
  evaluation: Pick<Evaluation, "methods">,
  records: readonly ImageRecord[],
  options: BootstrapOptions = {},
): ReadonlyMap<string, ReadonlySet<string>> {
  const compared = new Map<string, Readonly<Record<string, Comparison>>>();
  const compare = (first: string, second: string) => {
    const pair = JSON.stringify([first, second]);
    const found = compared.get(pair) ?? compareMethods(records, first, second, options);
    compared.set(pair, found);
    return found;
  };
  return new Map(
    listKeys(evaluation).map((key) => {
      const having = Object.entries(evaluation.methods).filter(([, { measures }]) =>
        measures[key] !== undefined
      );
      const sign = betterDirection(key) === "higher" ? 1 : -1;
      const mean = (name: string) => sign * evaluation.methods[name]!.measures[key]!.value;
      const names = having.map(([name]) => name);
      const first = names.reduce((best, name) => mean(name) > mean(best) ? name : best, names[0]!);
      const best = names.filter((name) => name === first || compare(first, name)[key]?.ahead !== first);
      return [key, new Set(best.length === names.length ? [] : best)];
    }),
  );
}
