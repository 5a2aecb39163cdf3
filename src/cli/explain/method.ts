/**
 * The choice of method: P-TAME, or a baseline with its own options.
 *
 * @module
 */
import { methodNamed, METHODS } from "../../baselines/methods.ts";
import { fetchForMethod, openMethod } from "../../baselines/open.ts";
import type { MethodDefinition } from "../../baselines/types.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import type { ExplainerOptions } from "../../ptame/explainer.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { HEAD_OPTIONS, namingFiles } from "../explainer_options.ts";
import type { Given } from "../options/command.ts";
import { group, oneOf, optionName, text, type Values, wholeNumber } from "../options/kinds.ts";
import { UsageError } from "../usage.ts";

/** The options of the baselines. */
export const BASELINE_OPTIONS = group("Method", {
  tap: text("NAME", "Module, value or node that a CAM method uses", {
    usual: "the deepest with spatial positions",
  }),
  samples: wholeNumber(
    "N",
    "Masks of RISE, steps of integrated gradients, samples of SmoothGrad, channels of Score-CAM",
    { least: 1, usual: "each method's own" },
  ),
});

/** The options of the method. */
export const METHOD_OPTIONS = group("Method", {
  method: oneOf("NAME", METHODS.map(({ name }) => name), "Explanation method", {
    default: METHODS[0].name,
  }),
  ...BASELINE_OPTIONS,
  seed: wholeNumber("N", "Seed of the random numbers", { least: 0, usual: 0 }),
});

/** Number of passes from which the user is told about the duration. */
const MANY_PASSES = 100;

/** The options that choose the method. */
type MethodValues = Values<typeof METHOD_OPTIONS & typeof HEAD_OPTIONS>;

/** The methods that need a head, as errors name them. */
const HEAD_METHODS = METHODS.filter(({ needs }) => needs === "head").map(({ name }) => name).join(", ");

/**
 * The requested method.
 *
 * @param shared Options of the baselines that methods with a head also have.
 * @throws {UsageError} When options of other methods are given.
 */
export function methodOf(
  options: MethodValues,
  shared: readonly (keyof MethodValues)[] = [],
): MethodDefinition {
  const method = methodNamed(options.method);
  const withHead = method.needs === "head";
  const foreign: readonly (keyof MethodValues)[] = withHead
    ? (["tap", "samples", "seed"] as const).filter((name) => !shared.includes(name))
    : Object.keys(HEAD_OPTIONS) as (keyof typeof HEAD_OPTIONS)[];
  const stray = foreign.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const whose = withHead ? "the baselines, see --method" : HEAD_METHODS;
    throw new UsageError(`Option --${optionName(stray)} is for ${whose}; ${method.name} has none`);
  }
  if (!method.tapped && options.tap !== undefined) {
    throw new UsageError(`Option --tap is for methods that look at activations; ${method.name} does not`);
  }
  return method;
}

/**
 * Refuses an option that only a method with a head has.
 *
 * @param option The option, where it is given.
 * @param why What the other methods lack.
 * @throws {UsageError} When it is given and the method needs no head.
 */
export function needsHead(
  option: string,
  given: unknown,
  { name, needs }: MethodDefinition,
  why: (name: string) => string,
): void {
  if (given !== undefined && needs !== "head") {
    throw new UsageError(`Option --${option} is for ${HEAD_METHODS}${why(name)}`);
  }
}

/** Opens the explainer. */
export function openExplainer(
  { name }: MethodDefinition,
  options: ExplainerOptions,
  { options: { tap, samples, seed }, typed }: Given<typeof METHOD_OPTIONS>,
): Promise<MapExplainer> {
  return namingFiles(
    typed,
    () => openMethod(name, { ...options, ...withoutUndefined({ tap, samples, seed }) }),
  );
}

/** Downloads the explainer's files once, with visible progress, before several workers open an explainer each. */
export async function fetchAhead(
  { name }: MethodDefinition,
  options: ExplainerOptions,
  signal: AbortSignal,
): Promise<void> {
  await fetchForMethod(name, { ...options, signal });
}

/** Tells the user about a method with many passes, whose maps take minutes. */
export function passesOf({ title }: MethodDefinition, explainer: MapExplainer): string | undefined {
  const { passes, backbone } = explainer;
  return passes < MANY_PASSES
    ? undefined
    : `${title}: ${passes} passes through ${backbone.name} for each map`;
}
