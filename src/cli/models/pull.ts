/**
 * `models pull`: downloads weights, so that they are here when they are needed.
 *
 * @module
 */
import { obtainWeights } from "../../weights/obtain.ts";
import { downloadOptions } from "../downloads.ts";
import { openTerminal } from "../terminal.ts";
import { parseArguments, UsageError } from "../usage.ts";
import { network } from "./named.ts";

const HELP = `Downloads the weights of networks, each once; a download that was cut is gone on with.

Usage: deno task models pull NAME… [--quiet]

PTAME_MIRROR names folders on servers that are asked instead of the published addresses; PTAME_CACHE a folder
to keep weights in.

Examples:
  deno task models pull resnet50
  PTAME_MIRROR=https://files.example.org/weights deno task models pull vgg16 vit_b_16`;

/** Runs `models pull` and gives its exit code. */
export async function pullModels(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("models pull", args, { flags: ["quiet", "help"], values: [], lists: [] });
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length === 0) throw new UsageError("A network to pull is needed; see models list");
  const named = [...new Set(given.positional)].map(network);
  const terminal = openTerminal(given.flag("quiet"));
  const options = { ...downloadOptions(given, terminal), signal };
  for (const each of named) {
    if (each.weights.shipped !== undefined) {
      terminal.say(`${each.name}: shipped, nothing to download`);
      continue;
    }
    let downloaded = false;
    const onProgress: typeof options.onProgress = (progress) => {
      downloaded = true;
      options.onProgress?.(progress);
    };
    const { file } = await obtainWeights(each, { ...options, onProgress });
    if (!downloaded) terminal.say(`${each.name}: ${file.file} is here already`);
  }
  return 0;
}
