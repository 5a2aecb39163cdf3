/**
 * `models`: what can be explained by name, and the weights on this machine. One file per subcommand.
 *
 * @module
 */
import { type Command, commandNamed } from "../dispatch.ts";
import { UsageError } from "../usage.ts";
import { exportModel } from "./export.ts";
import { importModel } from "./import.ts";
import { listModels } from "./list.ts";
import { modelPath } from "./path.ts";
import { pullModels } from "./pull.ts";
import { removeModels } from "./remove.ts";
import { verifyModels } from "./verify.ts";

/** Every subcommand: what it takes, what it does. */
const SUBCOMMANDS: Readonly<Record<string, readonly [takes: string, does: string, run: Command]>> = {
  list: ["[--json]", "What can be explained by name, and whether its weights are here", listModels],
  pull: ["NAME…", "Download weights; a download that was cut is gone on with", pullModels],
  verify: ["[NAME…]", "Compare weights that are here with their published SHA-256", verifyModels],
  remove: ["NAME…", "Remove downloaded weights", removeModels],
  path: ["[NAME]", "Where a network's weights are, or the folder they are kept in", modelPath],
  import: ["FILE.ckpt", "A head that the authors' program trained, as a head file", importModel],
  export: ["NAME|FILE.onnx", "An explainer as one .onnx file for any ONNX runtime", exportModel],
};

const HELP = `Networks known by name, and their weights.

Usage: deno task models SUBCOMMAND [options]

Subcommands:
${
  Object.entries(SUBCOMMANDS).map(([name, [takes, does]]) => `  ${`${name} ${takes}`.padEnd(26)} ${does}`)
    .join("\n")
}

Weights are kept in the platform's cache folder (deno task models path); PTAME_CACHE names another.
PTAME_MIRROR names folders on servers that are asked instead of the published addresses.

Examples:
  deno task models list
  deno task models pull resnet50
  deno task models verify
  deno task models path resnet50
  deno task models export efficientnet_lite0 --out explainer.onnx`;

/** Runs `models` and gives its exit code. */
export async function modelsCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") {
    console.log(HELP);
    return 0;
  }
  const commands = Object.fromEntries(Object.entries(SUBCOMMANDS).map(([name, [, , run]]) => [name, run]));
  if (name === undefined) {
    throw new UsageError(`A subcommand of models is needed: ${Object.keys(commands).join(", ")}; see --help`);
  }
  return await commandNamed(name, commands, "subcommand of models")(rest, signal);
}
