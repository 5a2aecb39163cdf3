/**
 * The options that say what explains what, where: the same for every command that opens an explainer.
 *
 * @module
 */
import { networks } from "../../models/registry.ts";
import { NoHeadError } from "../ptame/errors.ts";
import { createExplainer, type Explainer, type ExplainerOptions } from "../ptame/explainer.ts";
import { DEVICE_REQUESTS } from "../runtime/mod.ts";
import { askedAuxiliary, AUXILIARY_HELP, AUXILIARY_OPTIONS, withAuxiliary } from "./auxiliary.ts";
import { DOWNLOAD_FLAGS, DOWNLOAD_HELP, downloadOptions } from "./downloads.ts";
import { readFile, readWeights } from "./files.ts";
import { isOnnxPath, ONNX_FLAGS, ONNX_OPTIONS, readOnnxModel, refuseOnnxOptions } from "./onnx_model.ts";
import type { Terminal } from "./terminal.ts";
import type { Arguments } from "./usage.ts";

/** Names of the options, for `parseArguments`. */
export const EXPLAINER_OPTIONS = [
  "model",
  "weights",
  ...AUXILIARY_OPTIONS,
  "head",
  "device",
  "threads",
  ...ONNX_OPTIONS,
] as const;

/** Names of the flags, for `parseArguments`. */
export const EXPLAINER_FLAGS = [...DOWNLOAD_FLAGS, ...ONNX_FLAGS] as const;

/** The networks known by name, in two lines of a help text. */
export const NETWORK_NAMES = [networks.slice(0, 3), networks.slice(3)]
  .map((some) => some.map(({ name }) => name).join(", ")).join(`,\n${" ".repeat(29)}`);

/** What `--help` says of classifier, auxiliary and head. */
export const MODEL_HELP = `
  --model NAME|FILE.onnx     Classifier to explain: an .onnx file, or ${NETWORK_NAMES}
  --weights FILE             Its weights, safetensors or PyTorch's (default: shipped, or downloaded once)
${AUXILIARY_HELP}
  --head FILE                Trained head (.safetensors)
${DOWNLOAD_HELP}`.slice(1);

/** What `--help` says of device and threads. */
export const DEVICE_HELP = `
  --device NAME              ${DEVICE_REQUESTS.join(", ")} (default: auto)
  --threads N                Threads of the wasm or native runtime (default: chosen by the machine)`.slice(1);

/**
 * Reads the files that the options name.
 *
 * @param terminal Where downloads are shown.
 *
 * @throws {UsageError} When an option is not what it must be.
 */
export async function explainerOptions(given: Arguments, terminal: Terminal): Promise<ExplainerOptions> {
  const model = given.value("model");
  const [weights, auxiliaryWeights, head] = [
    given.value("weights"),
    given.value("auxiliary-weights"),
    given.value("head"),
  ];
  const threads = given.wholeNumber("threads", 1);
  const own = model !== undefined && isOnnxPath(model);
  if (!own) refuseOnnxOptions(model, given);
  const named = await withAuxiliary(
    own ? await readOnnxModel(model, given) : model,
    model,
    askedAuxiliary(given),
  );
  return {
    ...downloadOptions(given, terminal),
    ...(named.model === undefined ? {} : { model: named.model }),
    ...(weights === undefined ? {} : { weights: await readWeights(weights) }),
    ...(named.auxiliary === undefined ? {} : { auxiliary: named.auxiliary }),
    ...(auxiliaryWeights === undefined ? {} : {
      auxiliaryWeights: await readWeights(auxiliaryWeights),
    }),
    ...(head === undefined ? {} : { head: await readFile(head, "head") }),
    device: given.oneOf("device", DEVICE_REQUESTS) ?? "auto",
    ...(threads === undefined ? {} : { threads }),
  };
}

/** Opens the explainer that the options name. */
export function openPtame(options: ExplainerOptions, given: Arguments): Promise<Explainer> {
  return namingFiles(given, () => createExplainer(options));
}

/** Where no head is there, makes the error's command to train one name the files as they were typed. */
export async function namingFiles<T>(given: Arguments, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof NoHeadError ? typedHere(error, given) : error;
  }
}

function typedHere({ backbone, auxiliary, why }: NoHeadError, given: Arguments): NoHeadError {
  const own = [
    ["weights", "backbone-weights"],
    ["auxiliary-taps", "auxiliary-taps"],
    ["auxiliary-weights", "auxiliary-weights"],
  ] as const;
  const more = [...own, ...ONNX_OPTIONS.map((name) => [name, name] as const)].flatMap(([here, there]) => {
    const value = given.value(here);
    return value === undefined ? [] : [`--${there} ${quoted(value)}`];
  });
  const read = given.value("auxiliary") ?? auxiliary;
  return new NoHeadError(quoted(given.value("model") ?? backbone), quoted(read), why, more);
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
