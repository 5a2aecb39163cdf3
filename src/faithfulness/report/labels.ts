/**
 * Formats measures for people, in the same way in the terminal, in tables and in reports.
 *
 * @module
 */
import { betterDirection, describeValue, MEASURE_NAMES, measureWithKey } from "../measures.ts";
import type { Evaluation } from "../summary.ts";
import type { Interval } from "../types.ts";

/** Keys of measures, each once, in the order of reports. */
export function inOrder(keys: Iterable<string>): string[] {
  const place = (key: string) => MEASURE_NAMES.indexOf(measureWithKey(key).name);
  // Stable: keys of one measure keep their order, 100 % first.
  return [...new Set(keys)].sort((a, b) => place(a) - place(b));
}

/** The keys of measures that any method has, in the order of reports. */
export function listKeys(evaluation: Pick<Evaluation, "methods">): string[] {
  return inOrder(Object.values(evaluation.methods).flatMap(({ measures }) => Object.keys(measures)));
}

/** "AD50" as "AD 50 %", "ROAD-MoRF" as "ROAD MoRF", "insertion" as "Insertion". */
export function keyTitle(key: string): string {
  return describeValue(key).title;
}

/** What a measure means, and what is better, in one or two sentences. */
export function keyMeaning(key: string): string {
  const { meaning, better } = describeValue(key);
  return `${meaning} ${better === "higher" ? "Higher" : "Lower"} is better.`;
}

/** An arrow in the better direction. */
export function directionArrow(key: string): "↑" | "↓" {
  return betterDirection(key) === "higher" ? "↑" : "↓";
}

/** A value with its significant digits: one for percentages, three for shares. */
export function shownValue(key: string, value: number): string {
  const text = value.toFixed(describeValue(key).digits);
  // No minus sign before zero.
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text;
}

/** The ends of an interval; a single number where they are shown alike. */
export function shownSpread(key: string, { low, high }: Omit<Interval, "value">): string {
  const [from, to] = [low, high].map((each) => shownValue(key, each));
  // A dash before a minus sign reads as two.
  return from === to ? from! : low < 0 ? `${from} to ${to}` : `${from}–${to}`;
}

/** An interval as "12.3 (10.1–14.2)". */
export function shownInterval(key: string, interval: Interval): string {
  return `${shownValue(key, interval.value)} (${shownSpread(key, interval)})`;
}

/** Milliseconds with their significant digits. */
export function shownMilliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0)} ms`;
}
