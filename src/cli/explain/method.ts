/**
 * The choice of method: P-TAME, or a baseline with its own options.
 *
 * @module
 */
import { methodNamed, METHODS } from "../../baselines/methods.ts";
import { fetchForMethod, openMethod } from "../../baselines/open.ts";
import {
  COALITIONS,
  EXTREMAL_STEPS,
  HSIC_MASKS,
  INTEGRATION_STEPS,
  RISE_MASKS,
  SMOOTH_SAMPLES,
  SOBOL_DESIGNS,
} from "../../baselines/passes.ts";
import type { CountOption, MethodDefinition, MethodOptions } from "../../baselines/types.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import type { ExplainerOptions } from "../../ptame/explainer.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { HEAD_OPTIONS, namingFiles } from "../explainer_options.ts";
import type { Given } from "../options/command.ts";
import {
  aliased,
  choice,
  group,
  optionName,
  share,
  text,
  type Values,
  wholeNumber,
} from "../options/kinds.ts";
import { UsageError } from "../usage.ts";

/** The options of the baselines. */
export const BASELINE_OPTIONS = group("Method", {
  layer: aliased(
    "tap",
    text("NAME", "Layer that a CAM method uses: a module, value or node", {
      usual: "the deepest with spatial positions",
    }),
  ),
  masks: wholeNumber("N", "Masks of RISE, LIME and KernelSHAP, or HSIC", {
    least: 1,
    usual: `${RISE_MASKS}, ${COALITIONS} or ${HSIC_MASKS}`,
  }),
  settle: share(
    "R",
    "End RISE when its ranking has settled: the expected rank correlation with another run is R",
    0.999,
  ),
  steps: wholeNumber("N", "Steps of integrated gradients, or of extremal perturbations for each area", {
    least: 1,
    usual: `${INTEGRATION_STEPS} or ${EXTREMAL_STEPS}`,
  }),
  samples: wholeNumber("N", "Samples of SmoothGrad and Expected Gradients, or of Sobol for each cell", {
    least: 1,
    usual: `${SMOOTH_SAMPLES} or ${SOBOL_DESIGNS}`,
  }),
  camChannels: wholeNumber("N", "Channels of Score-CAM, those of greatest variance", {
    least: 1,
    usual: "all",
  }),
});

/** The options that set a method's number of passes; each method has one at most. */
const COUNT_OPTIONS = ["masks", "steps", "samples", "camChannels"] as const satisfies readonly CountOption[];

/** The given numbers of passes, and when to end before. */
export function givenCounts(
  { masks, settle, steps, samples, camChannels }: Partial<Values<typeof BASELINE_OPTIONS>>,
): Pick<MethodOptions, CountOption | "settle"> {
  return withoutUndefined({ masks, settle, steps, samples, camChannels });
}

/** The options of the method. */
export const METHOD_OPTIONS = group("Method", {
  method: choice("NAME", METHODS.map(({ name }) => name), "Explanation method", {
    default: METHODS[0].name,
  }),
  ...BASELINE_OPTIONS,
  seed: wholeNumber("N", "Seed of the random numbers of a baseline or of --refine", { least: 0, usual: 0 }),
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
export function chooseMethod(
  options: MethodValues,
  shared: readonly (keyof MethodValues)[] = [],
): MethodDefinition {
  const method = methodNamed(options.method);
  const withHead = method.needs === "head";
  const foreign: readonly (keyof MethodValues)[] = withHead
    ? (["layer", ...COUNT_OPTIONS, "settle", "seed"] as const).filter((name) => !shared.includes(name))
    : Object.keys(HEAD_OPTIONS) as (keyof typeof HEAD_OPTIONS)[];
  const stray = foreign.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const whose = withHead ? "the baselines, see --method" : HEAD_METHODS;
    throw new UsageError(`Option --${optionName(stray)} is for ${whose}; ${method.name} has none`);
  }
  if (!method.tapped && options.layer !== undefined) {
    throw new UsageError(`Option --layer is for methods that look at activations; ${method.name} does not`);
  }
  if (options.settle !== undefined && method.settles !== true) {
    const name = METHODS.filter(({ settles }) => settles === true).map(({ name }) => name).join(", ");
    throw new UsageError(`Option --settle is for ${name}; ${method.name} has a fixed number of passes`);
  }
  const count = COUNT_OPTIONS.find((name) => name !== method.count && options[name] !== undefined);
  if (count !== undefined) {
    const name = METHODS.filter((each) => each.count === count).map(({ name }) => name).join(", ");
    const own = method.count === undefined ? "has no such number" : `has --${optionName(method.count)}`;
    throw new UsageError(`Option --${optionName(count)} is for ${name}; ${method.name} ${own}`);
  }
  return method;
}

/**
 * The method of `explain`; with --refine, methods with a head have a seed, too.
 *
 * @throws As `chooseMethod`.
 */
export function chooseExplainMethod(
  options: MethodValues & { readonly refine: number | undefined },
): MethodDefinition {
  return chooseMethod(options, options.refine === undefined ? [] : ["seed"]);
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
  { options: given, typed }: Given<typeof METHOD_OPTIONS>,
): Promise<MapExplainer> {
  return namingFiles(
    typed,
    () =>
      openMethod(name, {
        ...options,
        ...withoutUndefined({ layer: given.layer, seed: given.seed }),
        ...givenCounts(given),
      }),
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

/** Tells the user about a method whose map does not depend on the class. */
export function classlessText({ title, classless }: MethodDefinition): string | undefined {
  return classless === true ? `${title} asks for no class: all classes have the same map` : undefined;
}

/** Tells the user about a method with many passes, whose maps take minutes. */
export function passesText({ title }: MethodDefinition, explainer: MapExplainer): string | undefined {
  const { passes, backbone } = explainer;
  return passes < MANY_PASSES
    ? undefined
    : `${title}: ${passes} passes through ${backbone.name} for each map`;
}
