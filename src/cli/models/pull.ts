/**
 * `models pull`: downloads weights before they are needed.
 *
 * @module
 */
import { obtainWeights } from "../../weights/obtain.ts";
import { downloadOptions } from "../downloads.ts";
import { command } from "../options/command.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { namedNetworks } from "./named.ts";

/** Runs `models pull` and gives its exit code. */
export const pullModels = command({
  name: "models pull",
  about: "Download the weights of networks; an interrupted download is resumed",
  arguments: { usage: "NAME…", most: Infinity, missing: "Name a network to download; see models list" },
  options: QUIET_OPTION,
  notes: [
    "PTAME_MIRROR names folders on servers to use instead of the published addresses; PTAME_CACHE names the " +
    "folder for weights.",
  ],
  examples: [
    "deno task models pull resnet50",
    "PTAME_MIRROR=https://files.example.org/weights deno task models pull vgg16 vit_b_16",
  ],
}, async ({ positional, terminal, signal }) => {
  const named = namedNetworks(positional);
  const options = { ...downloadOptions({ offline: false }, terminal), signal };
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
    if (!downloaded) terminal.say(`${each.name}: ${file.file} is already on this machine`);
  }
  return 0;
});
