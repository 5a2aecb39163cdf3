/**
 * The methods that `evaluate` knows by name: P-TAME and what it is compared with.
 *
 * @module
 */
import { controls } from "../../baselines/controls.ts";
import type { MapMethod } from "../../faithfulness/types.ts";
import { type AuxiliaryPixels, explainerMethod } from "../../ptame/evaluation_images.ts";
import type { Explainer } from "../../ptame/explainer.ts";
import { suggestion } from "../../text/nearest.ts";
import { UsageError } from "../usage.ts";

/** Names of the controls: maps that know nothing of the classifier. */
export const CONTROL_NAMES = ["random", "gaussian", "edges"] as const;

/** All names, in the order of reports. */
export const METHOD_NAMES: readonly string[] = ["ptame", ...CONTROL_NAMES];

/** Whether a method knows nothing of the classifier. */
export function isControl(name: string): boolean {
  return CONTROL_NAMES.some((control) => control === name);
}

/**
 * Names in lists with commas, each once.
 *
 * @param option The option that they come from, in errors.
 * @throws {UsageError} When one is unknown; the nearest is suggested.
 */
export function namesIn<T extends string>(
  option: string,
  given: readonly string[],
  known: readonly T[],
): T[] {
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  return [...new Set(names)].map((name) => {
    const found = known.find((each) => each === name);
    if (found !== undefined) return found;
    throw new UsageError(
      `Option --${option} takes some of ${known.join(", ")}, not ${name}${suggestion(name, known)}`,
    );
  });
}

/** The methods over an explainer. */
export function methodsOf(
  names: readonly string[],
  explainer: Explainer,
  auxiliaryPixels: AuxiliaryPixels,
  seed: number,
): Record<string, MapMethod> {
  const all: Record<string, MapMethod> = {
    ptame: explainerMethod(explainer, auxiliaryPixels),
    ...controls(seed),
  };
  return Object.fromEntries(names.map((name) => [name, all[name]!]));
}
