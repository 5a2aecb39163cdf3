/**
 * `models export`: an explainer as one .onnx file for any ONNX runtime.
 *
 * @module
 */
import { exportBaseline, EXPORTED_METHODS, type ExportedBaseline } from "../../baselines/export_baseline.ts";
import { INTEGRATION_STEPS } from "../../baselines/passes.ts";
import { type ExportedExplainer, exportExplainer } from "../../ptame/export_explainer.ts";
import { explainerOptions, MODEL_OPTIONS, namingFiles } from "../explainer_options.ts";
import { checkWritable, samePlace, writeParts } from "../files.ts";
import { fileStem } from "../paths.ts";
import { BASELINE_OPTIONS, chooseMethod } from "../explain/method.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import { command } from "../options/command.ts";
import { choice, fileName, flag, group, wholeNumber } from "../options/kinds.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { byteCount, printable, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { withLocalModels } from "../model_address.ts";

const { model: _model, ...MODEL_OPTIONS_BESIDE } = MODEL_OPTIONS;

/** Runs `models export` and gives its exit code. */
export const exportModel = command({
  name: "models export",
  about: "Write an explainer as one .onnx file: classifier, normalisation and explanation, weights inside",
  arguments: {
    usage: "NAME|FILE.onnx",
    most: 1,
    missing: "models export needs a network or an .onnx file; see --help",
  },
  options: {
    ...MODEL_OPTIONS_BESIDE,
    ...group("Output", {
      out: fileName("FILE.onnx", [".onnx"], "Output file", {
        usual: "NAME.explainer.onnx in the working folder",
      }),
      float16: flag("Store weights as float16: half the file"),
      requireTarget: flag("Require the class as an input, for runtimes that cannot leave an input out"),
      ...QUIET_OPTION,
    }),
    ...group("Method", {
      method: choice("NAME", ["ptame", ...EXPORTED_METHODS], "Explanation method", { default: "ptame" }),
      layer: BASELINE_OPTIONS.layer,
      steps: wholeNumber("N", "Steps of integrated gradients", { least: 1, usual: INTEGRATION_STEPS }),
    }),
    ...ONNX_OPTIONS,
  },
  notes: [
    'The file takes "image" [1, 3, H, W] in [0, 1] and, if it is fed, "target" [1], the class (-1: the top ' +
    'class); it gives "logits" and "probabilities" [1, classes], and "map" [1, 1, h, w] in [0, 1]. Its metadata ' +
    "say how images are cropped, what the classes are called, and what the method or head is.",
  ],
  examples: [
    "deno task models export efficientnet_lite0 --out explainer.onnx",
    "deno task models export my_classifier.onnx --method gradcam",
    "deno task models export my_classifier.onnx --head my_head.safetensors --float16",
  ],
}, async ({ options, positional, typed, terminal, signal }) => {
  const model = positional[0]!;
  const { out = `${fileStem(model)}.explainer.onnx`, float16, requireTarget } = options;
  if (samePlace(out, model)) throw new UsageError(`Cannot write the explainer over its classifier ${model}`);
  await checkWritable(out);

  const none = {
    masks: undefined,
    settle: undefined,
    samples: undefined,
    camChannels: undefined,
    seed: undefined,
  };
  const { name: method, needs, title } = chooseMethod({ ...options, ...none });
  const withHead = needs === "head";

  terminal.doing("Loading");
  // Nothing runs: a device is not needed.
  const local = await withLocalModels({ ...options, model }, terminal, signal);
  const { device: _, ...given } = await explainerOptions(
    { ...local, device: "auto", threads: undefined },
    typed,
    terminal,
    withHead,
  );
  const settings = { ...given, float16, requireTarget, signal };
  const { layer, steps } = options;
  const { size, parts, said } = withHead
    ? saidOfExplainer(await namingFiles({ ...typed, model }, () => exportExplainer(settings)))
    : saidOfBaseline(
      title,
      await exportBaseline(method, { ...settings, ...withoutUndefined({ layer, steps }) }),
    );
  await writeParts(out, counted(parts, size, terminal), signal);
  terminal.say(`${printable(out)}  ${byteCount(size)}`);
  for (const line of said) terminal.say(`   ${line}`);
  return 0;
});

function saidOfExplainer({ backbone, auxiliary, head, ...file }: ExportedExplainer) {
  const said = [`${backbone.name}, read by ${auxiliary}, head: ${head.name}`];
  if (!head.trained) said.push("The head is not trained: its maps are only a starting point");
  return { ...file, said };
}

function saidOfBaseline(title: string, { backbone, layer, ...file }: ExportedBaseline) {
  const where = layer === undefined ? "" : `, layer: ${layer}`;
  return { ...file, said: [`${backbone.name}, ${title}${where}`] };
}

/** The unchanged parts; reports progress. */
function* counted(parts: Iterable<Uint8Array>, size: number, terminal: Terminal): Iterable<Uint8Array> {
  let done = 0;
  for (const part of parts) {
    terminal.doing(`Writing ${byteCount(done)} of ${byteCount(size)}`);
    yield part;
    done += part.length;
  }
}
