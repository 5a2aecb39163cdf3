/**
 * The options for classifier, head and device, shared by every command that opens an explainer.
 *
 * @module
 */
import { networks } from "../../models/registry.ts";
import type { OnnxModel } from "../classifier/onnx/model.ts";
import { NoHeadError } from "../ptame/errors.ts";
import { createExplainer, type Explainer, type ExplainerOptions } from "../ptame/explainer.ts";
import { DEVICE_REQUESTS } from "../runtime/mod.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { AUXILIARY_OPTIONS, withAuxiliary } from "./auxiliary.ts";
import { DOWNLOAD_OPTIONS, downloadOptions, USUAL_WEIGHTS } from "./downloads.ts";
import { readFile, readWeights } from "./files.ts";
import { ADDRESS_FORMS, ADDRESS_OPTIONS } from "./model_address.ts";
import { isOnnxPath, ONNX_OPTIONS, readOnnxModel, refuseOnnxOptions } from "./onnx_model.ts";
import type { Typed } from "./options/command.ts";
import { choice, group, optionName, text, type Values, wholeNumber } from "./options/kinds.ts";
import { keptHead } from "./own_head.ts";
import { sayFactsOnce } from "./said_facts.ts";
import { printable, type Terminal } from "./terminal.ts";

/** The names of the known networks, for help. */
export const NETWORK_NAMES = networks.map(({ name }) => name).join(", ");

/** The options of auxiliary and head. */
export const HEAD_OPTIONS = group("Classifier", {
  ...AUXILIARY_OPTIONS,
  head: text("FILE", "Trained head, .safetensors", { usual: "the shipped head, or an untrained start" }),
});

/** The options of classifier and head. */
export const MODEL_OPTIONS = group("Classifier", {
  model: text(
    "NAME|FILE.onnx",
    `Classifier to explain: an .onnx file, ${ADDRESS_FORMS}, or ${NETWORK_NAMES}`,
    { usual: networks[0]!.name },
  ),
  ...ADDRESS_OPTIONS,
  weights: text("FILE", "Weights of the classifier, safetensors or a PyTorch file", { usual: USUAL_WEIGHTS }),
  ...HEAD_OPTIONS,
  ...DOWNLOAD_OPTIONS,
});

/** The options of device and threads. */
export const DEVICE_OPTIONS = group("Device", {
  device: choice("NAME", DEVICE_REQUESTS, "Where the networks run", { default: "auto" }),
  threads: wholeNumber("N", "Threads of the wasm or native runtime", {
    least: 1,
    usual: "chosen by the machine",
  }),
});

/** All of these, and the options of an .onnx classifier. */
type ExplainerValues = Values<typeof MODEL_OPTIONS & typeof DEVICE_OPTIONS & typeof ONNX_OPTIONS>;

/**
 * Reads the files that the options name.
 *
 * @param terminal Shows downloads.
 * @param withHead Whether the head that was kept for an .onnx classifier is looked for, if none is named.
 *
 * @throws {UsageError} When options contradict each other.
 */
export async function explainerOptions(
  options: ExplainerValues,
  typed: Typed,
  terminal: Terminal,
  withHead = true,
): Promise<ExplainerOptions> {
  const { model, weights, auxiliaryWeights, device, threads } = options;
  const own = model !== undefined && isOnnxPath(model);
  if (!own) refuseOnnxOptions(model, typed);
  const source = own ? await readOnnxModel(model, options) : model;
  const named = await withAuxiliary(source, model, options);
  const head = await givenHead(
    options,
    withHead && typeof source === "object" ? source : undefined,
    terminal,
  );
  return {
    ...downloadOptions(options, terminal),
    ...withoutUndefined({
      model: named.model,
      weights: await readWeights(weights),
      auxiliary: named.auxiliary,
      auxiliaryWeights: await readWeights(auxiliaryWeights),
      head,
      device,
      threads,
    }),
    onFacts: sayFactsOnce(terminal),
  };
}

/** The head that the options name, else the one that was kept for an .onnx classifier. */
async function givenHead(
  { head, model }: ExplainerValues,
  file: OnnxModel | undefined,
  terminal: Terminal,
): Promise<Uint8Array | undefined> {
  if (head !== undefined) return await readFile(head, "head");
  const kept = file === undefined ? undefined : await keptHead(model!, file);
  if (kept !== undefined) terminal.say(`Head: ${printable(kept.path)}`);
  return kept?.bytes;
}

/** Opens the explainer that the options name. */
export function openPtame(options: ExplainerOptions, typed: Typed): Promise<Explainer> {
  return namingFiles(typed, () => createExplainer(options));
}

/** If there is no head, makes the error's training command name the files as the user typed them. */
export async function namingFiles<T>(typed: Typed, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof NoHeadError ? typedHere(error, typed) : error;
  }
}

function typedHere({ backbone, auxiliary, why }: NoHeadError, typed: Typed): NoHeadError {
  const own = Object.keys(ONNX_OPTIONS).map(optionName);
  const more = ["weights", "auxiliary-taps", "auxiliary-weights", ...own].flatMap((name) => {
    const option = name === "weights" ? "--backbone-weights" : `--${name}`;
    return [typed[name] ?? []].flat().map((text) =>
      text === true ? option : `${option} ${quoted(String(text))}`
    );
  });
  const [model, read] = [String(typed["model"] ?? backbone), String(typed["auxiliary"] ?? auxiliary)];
  return new NoHeadError(quoted(model), quoted(read), why, more);
}

/** A word, quoted for a shell. */
export function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
