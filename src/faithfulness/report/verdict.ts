/**
 * Does a method beat the controls, maps that ignore the classifier? In sentences, because a method that does not beat
 * them explains nothing, and a table of numbers hides that.
 *
 * @module
 */
import type { BootstrapOptions } from "../bootstrap.ts";
import { compareMethods, type ImageRecord } from "../summary.ts";
import { keyTitle } from "./labels.ts";

/** A method compared with the controls, by the keys of measures. */
export interface Verdict {
  /** Measures in which it is better than every control. */
  readonly ahead: readonly string[];
  /** The other measures, and the controls that it does not beat in them. */
  readonly notAhead: readonly { readonly key: string; readonly controls: readonly string[] }[];
}

function writeVerdict(
  keys: readonly string[],
  controls: readonly string[],
  aheadOf: (key: string, control: string) => boolean,
): Verdict {
  const judged = keys.map((key) => ({ key, controls: controls.filter((each) => !aheadOf(key, each)) }));
  return {
    ahead: judged.filter((each) => each.controls.length === 0).map(({ key }) => key),
    notAhead: judged.filter((each) => each.controls.length > 0),
  };
}

/** For many images: better means better beyond noise (paired bootstrap). */
export function verdictOver(
  records: readonly ImageRecord[],
  method: string,
  controls: readonly string[],
  options: BootstrapOptions = {},
): Verdict {
  const comparisons = new Map(
    controls.map((control) => [control, compareMethods(records, method, control, options)]),
  );
  const keys = [...new Set([...comparisons.values()].flatMap((each) => Object.keys(each)))];
  return writeVerdict(keys, controls, (key, control) => comparisons.get(control)![key]?.ahead === method);
}

function listed(words: readonly string[], last = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/**
 * The verdict in one or two sentences.
 *
 * @param name Name of the method.
 * @param beyond Text after "ahead of every control": "beyond noise", or "".
 */
export function verdictText({ ahead, notAhead }: Verdict, name: string, beyond: string): string {
  const suffix = beyond === "" ? "" : ` ${beyond}`;
  const where = ahead.length === 0 ? "no measure" : listed(ahead.map(keyTitle));
  const first = `${name} is ahead of every control${suffix} in ${where}.`;
  if (notAhead.length === 0) return first;
  // Measures that fail against the same controls share a clause.
  const groups = new Map<string, string[]>();
  for (const { key, controls } of notAhead) {
    const who = listed(controls, "or");
    groups.set(who, [...(groups.get(who) ?? []), keyTitle(key)]);
  }
  const clauses = [...groups].map(([who, keys]) => `of ${who} in ${listed(keys)}`);
  return `${first} It is not ahead ${clauses.join("; not ")}.`;
}
