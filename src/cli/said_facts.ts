/**
 * What a classifier from an .onnx file sees and gives, for people: all of it in columns, or in one line what was assumed.
 *
 * @module
 */
import { IMAGENET_PREPROCESSING } from "../../models/network.ts";
import { areImageNets } from "../classifier/labels.ts";
import type { ClassifierFacts, DescribedFact } from "../classifier/types.ts";
import { printable, table, type Terminal } from "./terminal.ts";

/** Lines of facts in columns: name, value, and where it was found. */
export function factLines(facts: readonly DescribedFact[]): string[] {
  return table(facts.map(({ name, value, from }) => [name, printable(value), from])).split("\n");
}

/**
 * What was assumed because nothing says it, in one line; `undefined` if nothing was.
 */
export function assumedLine(
  { name, labels, preprocessing, described = [] }: ClassifierFacts,
): string | undefined {
  const { mean } = preprocessing;
  const words: Readonly<Record<string, string>> = {
    mean: String(mean) === String(IMAGENET_PREPROCESSING.mean)
      ? "ImageNet's normalisation"
      : "no normalisation",
    labels: areImageNets(labels) ? "ImageNet's labels" : "numbers for labels",
  };
  const assumed = described.filter((fact) => fact.from === "assumed" && fact.name !== "std");
  if (assumed.length === 0) return undefined;
  const listed = assumed.map((fact) => words[fact.name] ?? `${fact.name} ${fact.value}`).join("; ");
  return `Assumed, because nothing says it: ${listed} (options or ${name}.json say otherwise)`;
}

/** Says once for each classifier what was assumed, and what was found and not used. */
export function sayFactsOnce({ say }: Pick<Terminal, "say">): (facts: ClassifierFacts) => void {
  const said = new Set<string>();
  return (facts) => {
    const lines = [assumedLine(facts), ...(facts.notes ?? []).map((note) => `Note: ${note}`)];
    for (const line of lines) {
      const whole = line === undefined ? undefined : `${facts.name}: ${line}`;
      if (whole === undefined || said.has(whole)) continue;
      said.add(whole);
      say(printable(whole));
    }
  };
}
