/**
 * Which method explains: P-TAME, or one of the baselines with the options of its own.
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
import { AUXILIARY_OPTIONS } from "../auxiliary.ts";
import { openPtame } from "../explainer_options.ts";
import { type Arguments, UsageError } from "../usage.ts";

/** Names of the options, for `parseArguments`. */
export const METHOD_OPTIONS = ["method", "tap", "samples", "seed"] as const;

const BASELINE_OPTIONS: readonly string[] = METHOD_OPTIONS.slice(1);

/** What `--help` says of them. */
export const METHOD_HELP = `
  --method NAME              ptame, ${METHODS.slice(0, 5).map(({ name }) => name).join(", ")},
                             ${METHODS.slice(5, 9).map(({ name }) => name).join(", ")},
                             ${METHODS.slice(9).map(({ name }) => name).join(", ")} (default: ptame)
  --tap NAME                 Module, value or node where a CAM method looks (default: the deepest with positions)
  --samples N, --seed N      RISE's masks, the steps of gradients, Score-CAM's channels; random numbers`
  .slice(1);

/** From so many passes on people are told. */
const MANY_PASSES = 100;

/** Options that only P-TAME has. */
const HEAD_OPTIONS = [...AUXILIARY_OPTIONS, "head"];

/**
 * The method that is asked for: a baseline's name, or `undefined` for P-TAME.
 *
 * @param shared Options of the baselines that mean something for P-TAME too.
 * @throws {UsageError} When it is unknown, or options of other methods are given.
 */
export function methodOf(given: Arguments, shared: readonly string[] = []): string | undefined {
  const asked = given.oneOf("method", [PTAME, ...METHODS.map(({ name }) => name)]) ?? PTAME;
  const definition = METHODS.find(({ name }) => name === asked);
  const foreign = definition === undefined
    ? BASELINE_OPTIONS.filter((name) => !shared.includes(name))
    : HEAD_OPTIONS;
  for (const name of foreign) {
    if (given.value(name) === undefined) continue;
    const whose = definition === undefined ? "the baselines, see --method" : PTAME;
    throw new UsageError(`Option --${name} is for ${whose}; ${asked} has none`);
  }
  if (definition?.tapped === false && given.value("tap") !== undefined) {
    throw new UsageError(`Option --tap is for methods that look at activations; ${asked} does not`);
  }
  return definition?.name;
}

/** Opens what explains. */
export async function openExplainer(
  method: string | undefined,
  options: ExplainerOptions,
  given: Arguments,
): Promise<Explainer | BaselineExplainer> {
  if (method === undefined) return await openPtame(options, given);
  const tap = given.value("tap");
  const [samples, seed] = [given.wholeNumber("samples", 1), given.wholeNumber("seed", 0)];
  return await createBaseline(method, {
    ...options,
    ...(tap === undefined ? {} : { tap }),
    ...(samples === undefined ? {} : { samples }),
    ...(seed === undefined ? {} : { seed }),
  });
}

/** Downloads what the explainer will need, once and to be seen, before several workers open one each. */
export async function fetchAhead(
  method: string | undefined,
  options: ExplainerOptions,
  signal: AbortSignal,
): Promise<void> {
  if (method !== undefined) return void await loadClassifier({ ...options, signal });
  const head = options.head === undefined ? undefined : await readHead(options.head, "");
  await loadPair({ ...options, signal }, head);
}

/** A line about a method of many passes: such a map takes minutes. */
export function passesOf(explainer: Explainer | BaselineExplainer): string | undefined {
  if (!("passes" in explainer) || explainer.passes < MANY_PASSES) return undefined;
  return `${explainer.method.title}: ${explainer.passes} passes through ${explainer.backbone.name} for each map`;
}
