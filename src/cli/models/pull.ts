/**
 * `models pull`: downloads weights before they are needed.
 *
 * @module
 */
import { findHead } from "../../../models/heads.ts";
import type { NetworkDefinition } from "../../../models/registry.ts";
import { obtainWeights, type WeightOptions } from "../../weights/obtain.ts";
import { obtainShipped } from "../../weights/obtain_shipped.ts";
import { shippedHeadUrl, shippedWeightsUrl } from "../../weights/shipped.ts";
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
    const { shipped } = each.weights;
    if (shipped !== undefined && shippedWeightsUrl(shipped.file).protocol === "file:") {
      terminal.say(`${each.name}: shipped, nothing to download`);
      continue;
    }
    let downloaded = false;
    const onProgress: typeof options.onProgress = (progress) => {
      downloaded = true;
      options.onProgress?.(progress);
    };
    const file = await pull(each, { ...options, onProgress });
    if (!downloaded) terminal.say(`${each.name}: ${file} is already on this machine`);
  }
  return 0;
});

/** Downloads a network's weights, and where the package itself is on a server its head; gives the weights' name. */
async function pull(network: NetworkDefinition, options: WeightOptions): Promise<string> {
  const { name, weights: { shipped } } = network;
  if (shipped === undefined) return (await obtainWeights(network, options)).file.file;
  await obtainShipped(shipped, shippedWeightsUrl(shipped.file), `weights of ${name}`, options);
  const head = findHead(name);
  if (head !== undefined) await obtainShipped(head, shippedHeadUrl(head.file), `head of ${name}`, options);
  return shipped.file;
}
