/**
 * `models export`: an explainer as one .onnx file for any ONNX runtime.
 *
 * @module
 */
import { exportExplainer } from "../../ptame/export_explainer.ts";
import { explainerOptions, MODEL_OPTIONS, namingFiles } from "../explainer_options.ts";
import { checkWritable, fileStem, samePlace, writeParts } from "../files.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import { command } from "../options/command.ts";
import { fileName, flag, group } from "../options/kinds.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { byteCount, printable, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { withLocalModels } from "../model_address.ts";

const { model: _model, ...MODEL_OPTIONS_BESIDE } = MODEL_OPTIONS;

/** Runs `models export` and gives its exit code. */
export const exportModel = command({
  name: "models export",
  about:
    "Write an explainer as one .onnx file: classifier, auxiliary, head and normalisation, weights inside",
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
    ...ONNX_OPTIONS,
  },
  notes: [
    'The file takes "image" [1, 3, S, S] in [0, 1] and, if it is fed, "target" [1], the class (-1: the top ' +
    'class); it gives "logits" [1, classes] and "map" [1, 1, M, M] in [0, 1]. Its metadata say how images are ' +
    "cut, what the classes are called, and what the head is.",
  ],
  examples: [
    "deno task models export efficientnet_lite0 --out explainer.onnx",
    "deno task models export my_classifier.onnx --head my_head.safetensors --float16",
  ],
}, async ({ options, positional, typed, terminal, signal }) => {
  const model = positional[0]!;
  const { out = `${fileStem(model)}.explainer.onnx`, float16, requireTarget } = options;
  if (samePlace(out, model)) throw new UsageError(`Cannot write the explainer over its classifier ${model}`);
  await checkWritable(out);

  terminal.doing("Loading");
  // Nothing runs: a device is not needed.
  const local = await withLocalModels({ ...options, model }, terminal, signal);
  const { device: _, ...settings } = await explainerOptions(
    { ...local, device: "auto", threads: undefined },
    typed,
    terminal,
  );
  const exported = await namingFiles(
    { ...typed, model },
    () => exportExplainer({ ...settings, float16, requireTarget, signal }),
  );
  await writeParts(out, counted(exported.parts, exported.size, terminal), signal);
  const { backbone, auxiliary, head, size } = exported;
  terminal.say(`${printable(out)}  ${byteCount(size)}`);
  terminal.say(`   ${backbone.name}, read by ${auxiliary}, head: ${head.name}`);
  if (!head.trained) terminal.say("   The head is not trained: its maps are only a starting point");
  return 0;
});

/** The unchanged parts; reports progress. */
function* counted(parts: Iterable<Uint8Array>, size: number, terminal: Terminal): Iterable<Uint8Array> {
  let done = 0;
  for (const part of parts) {
    terminal.doing(`Writing ${byteCount(done)} of ${byteCount(size)}`);
    yield part;
    done += part.length;
  }
}
