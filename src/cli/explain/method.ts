/**
 * The choice of method: P-TAME, or a baseline with its own options.
 *
 * @module
 */
import { type BaselineExplainer, createBaseline } from "../../baselines/explainer.ts";
import { loadClassifier } from "../../classifier/load.ts";
import { METHODS } from "../../baselines/methods.ts";
import type { Explainer, ExplainerOptions } from "../../ptame/explainer.ts";
import { loadPair } from "../../ptame/classifier_pair.ts";
import { readHead } from "../../ptame/head_file.ts";
import { PTAME } from "../../ptame/explanation.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { HEAD_OPTIONS, openPtame } from "../explainer_options.ts";
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
  method: oneOf("NAME", [PTAME, ...METHODS.map(({ name }) => name)], "Explanation method", {
    default: PTAME,
  }),
  ...BASELINE_OPTIONS,
  seed: wholeNumber("N", "Seed of the random numbers", { least: 0, usual: 0 }),
});

/** Number of passes from which the user is told about the duration. */
const MANY_PASSES = 100;

/** The options that choose the method. */
type MethodValues = Values<typeof METHOD_OPTIONS & typeof HEAD_OPTIONS>;

/**
 * The requested method: a baseline's name, or `undefined` for P-TAME.
 *
 * @param shared Options of the baselines that P-TAME also has.
 * @throws {UsageError} When options of other methods are given.
 */
export function methodOf(
  options: MethodValues,
  shared: readonly (keyof MethodValues)[] = [],
): string | undefined {
  const asked = options.method;
  const definition = METHODS.find(({ name }) => name === asked);
  const foreign: readonly (keyof MethodValues)[] = definition === undefined
    ? (["tap", "samples", "seed"] as const).filter((name) => !shared.includes(name))
    : Object.keys(HEAD_OPTIONS) as (keyof typeof HEAD_OPTIONS)[];
  const stray = foreign.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const whose = definition === undefined ? "the baselines, see --method" : PTAME;
    throw new UsageError(`Option --${optionName(stray)} is for ${whose}; ${asked} has none`);
  }
  if (definition?.tapped === false && options.tap !== undefined) {
    throw new UsageError(`Option --tap is for methods that look at activations; ${asked} does not`);
  }
  return definition?.name;
}

/** Opens the explainer. */
export async function openExplainer(
  method: string | undefined,
  options: ExplainerOptions,
  { options: { tap, samples, seed }, typed }: Given<typeof METHOD_OPTIONS>,
): Promise<Explainer | BaselineExplainer> {
  if (method === undefined) return await openPtame(options, typed);
  return await createBaseline(method, { ...options, ...withoutUndefined({ tap, samples, seed }) });
}

/** Downloads the explainer's files once, with visible progress, before several workers open an explainer each. */
export async function fetchAhead(
  method: string | undefined,
  options: ExplainerOptions,
  signal: AbortSignal,
): Promise<void> {
  if (method !== undefined) return void await loadClassifier({ ...options, signal });
  const head = options.head === undefined ? undefined : await readHead(options.head, "");
  await loadPair({ ...options, signal }, head);
}

/** Tells the user about a method with many passes, whose maps take minutes. */
export function passesOf(explainer: Explainer | BaselineExplainer): string | undefined {
  if (!("passes" in explainer) || explainer.passes < MANY_PASSES) return undefined;
  return `${explainer.method.title}: ${explainer.passes} passes through ${explainer.backbone.name} for each map`;
}
