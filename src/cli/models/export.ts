/**
 * `models export`: an explainer as one .onnx file for any ONNX runtime.
 *
 * @module
 */
import { exportExplainer } from "../../ptame/export_explainer.ts";
import { EXPLAINER_FLAGS, EXPLAINER_OPTIONS, explainerOptions, namingFiles } from "../explainer_options.ts";
import { AUXILIARY_HELP } from "../auxiliary.ts";
import { DOWNLOAD_HELP } from "../downloads.ts";
import { checkWritable, samePlace, stemOf, writeParts } from "../files.ts";
import { ONNX_HELP } from "../onnx_model.ts";
import { byteCount, openTerminal, printable, type Terminal } from "../terminal.ts";
import { type Arguments, parseArguments, UsageError } from "../usage.ts";

const HELP = `An explainer as one .onnx file: backbone, auxiliary, head and normalisation, weights inside.

Usage: deno task models export NAME|FILE.onnx [options]

Options:
  --out FILE.onnx            Where it goes (default: NAME.explainer.onnx here)
  --weights FILE             The backbone's weights, safetensors or PyTorch's (default: shipped or downloaded)
${AUXILIARY_HELP}
  --head FILE                Trained head (.safetensors)
  --float16                  Weights as float16: half the file
  --require-target           The class has to be fed: for runtimes that cannot feed an optional input
${DOWNLOAD_HELP}
  --quiet                    Nothing but errors
  --help                     This text

${ONNX_HELP}

The file takes "image" [1, 3, S, S] in [0, 1] and, if it is fed, "target" [1], the class (-1: the top class);
it gives "logits" [1, classes] and "map" [1, 1, M, M] in [0, 1]. Its metadata say how pictures are cut, what the
classes are called, and what the head is.`;

const NAMES = {
  flags: ["float16", "require-target", "quiet", "help", ...EXPLAINER_FLAGS],
  values: ["out", ...EXPLAINER_OPTIONS.filter((name) => !["model", "device", "threads"].includes(name))],
  lists: [],
} as const;

/** Runs `models export` and gives its exit code. */
export async function exportModel(args: readonly string[], signal: AbortSignal): Promise<number> {
  const typed = parseArguments("models export", args, NAMES);
  if (typed.flag("help")) {
    console.log(HELP);
    return 0;
  }
  const [model, another] = typed.positional;
  if (model === undefined) throw new UsageError("models export needs a network or an .onnx file; see --help");
  if (another !== undefined) throw new UsageError(`Unexpected argument ${another} of models export`);
  // Elsewhere the classifier is an option.
  const given: Arguments = { ...typed, value: (name) => (name === "model" ? model : typed.value(name)) };
  const out = given.value("out") ?? `${stemOf(model)}.explainer.onnx`;
  if (!/\.onnx$/i.test(out)) {
    throw new UsageError(`Option --out takes a file name that ends in .onnx, not ${out}`);
  }
  if (samePlace(out, model)) throw new UsageError(`Cannot write the explainer over its classifier ${model}`);
  await checkWritable(out);

  const terminal = openTerminal(given.flag("quiet"));
  terminal.doing("Loading");
  const { device: _device, ...options } = await explainerOptions(given, terminal);
  const exported = await namingFiles(given, () =>
    exportExplainer({
      ...options,
      float16: given.flag("float16"),
      requireTarget: given.flag("require-target"),
      signal,
    }));
  await writeParts(out, counted(exported.parts, exported.size, terminal), signal);
  const { backbone, auxiliary, head, size } = exported;
  terminal.say(`${printable(out)}  ${byteCount(size)}`);
  terminal.say(`   ${backbone.name}, read by ${auxiliary}, head: ${head.name}`);
  if (!head.trained) terminal.say("   The head is not trained: its maps are a start only");
  return 0;
}

/** The parts as they are, with a word about how far they are. */
function* counted(parts: Iterable<Uint8Array>, size: number, terminal: Terminal): Iterable<Uint8Array> {
  let done = 0;
  for (const part of parts) {
    terminal.doing(`Writing ${byteCount(done)} of ${byteCount(size)}`);
    yield part;
    done += part.length;
  }
}
