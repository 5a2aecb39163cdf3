/**
 * `models list`: lists the known networks, and which of their weights are on this machine.
 *
 * @module
 */
import { type NetworkDefinition, networks } from "../../../models/registry.ts";
import { knownHeads } from "../../ptame/default_head.ts";
import type { DiskStorage } from "../../weights/storage/disk.ts";
import { command } from "../options/command.ts";
import { JSON_OPTION } from "../output_options.ts";
import { byteCount, table } from "../terminal.ts";
import { ownStorage } from "./named.ts";

/** One network in the document of `--json`. */
interface ListedNetwork {
  name: string;
  inputSize: number;
  classes: number;
  /** Length of the file of weights; `null` if unknown. */
  bytes: number | null;
  /** Its SHA-256, or the known first digits of it. */
  sha256: string;
  licence: string;
  source: string;
  /** Whether its weights are on this machine, shipped or downloaded. */
  present: boolean;
  /** Number of bytes on this machine; fewer than the length after an interrupted download. */
  presentBytes: number;
  shipped: boolean;
  /** Trained heads that explain it. */
  heads: { auxiliary: string; file: string }[];
  /** The auxiliary whose class activations explain it without training, if there is no trained head. */
  start: string;
}

/** Runs `models list` and gives its exit code. */
export const listModels = command({
  name: "models list",
  about: "List the known networks, and whether their weights are on this machine",
  options: JSON_OPTION,
}, async ({ options }) => {
  const storage = ownStorage();
  const listed = await Promise.all(networks.map((network) => listedNetwork(network, storage)));
  console.log(options.json ? JSON.stringify(listed, null, 2) : networkTable(listed));
  return 0;
});

async function listedNetwork(network: NetworkDefinition, storage: DiskStorage): Promise<ListedNetwork> {
  const { name, inputSize, classes, weights } = network;
  const { trained, start } = knownHeads(network);
  const own = { heads: trained.map(({ auxiliary, file }) => ({ auxiliary, file })), start };
  const facts = { name, inputSize, classes };
  if (weights.shipped !== undefined) {
    const { bytes, sha256, licence, source } = weights.shipped;
    const here = { present: true, presentBytes: bytes, shipped: true };
    return { ...facts, bytes, sha256, licence, source, ...here, ...own };
  }
  // Of several published files, the stored one, or else the first.
  let best: Omit<ListedNetwork, "heads" | "start"> | undefined;
  for (const file of weights.published ?? []) {
    const { bytes, sha256, licence, urls } = file;
    const presentBytes = await storage.presentBytes(file);
    const here = { present: presentBytes === bytes, presentBytes, shipped: false };
    if (best !== undefined && presentBytes <= best.presentBytes) continue;
    best = { ...facts, bytes, sha256, licence, source: urls[0]!, ...here };
  }
  if (best === undefined && weights.named !== undefined) {
    const { url, sha256Start, licence } = weights.named;
    const here = { present: false, presentBytes: 0, shipped: false };
    best = { ...facts, bytes: null, sha256: sha256Start, licence, source: url, ...here };
  }
  if (best === undefined) throw new Error(`Cannot list ${name}: the registry has no weights for it`);
  return { ...best, ...own };
}

function networkTable(listed: readonly ListedNetwork[]): string {
  const rows = listed.map(
    ({ name, inputSize, bytes, licence, present, presentBytes, shipped, heads, start }) => {
      const percent = Math.floor(100 * presentBytes / (bytes ?? Infinity));
      const state = shipped ? "shipped" : present ? "here" : presentBytes > 0 ? `${percent} % here` : "-";
      const headNames = heads.map(({ auxiliary }) => (auxiliary === name ? "own" : `with ${auxiliary}`));
      return [
        name,
        `${inputSize}`,
        bytes === null ? "?" : byteCount(bytes),
        state,
        licence,
        headNames.join(", ") || (start === name ? "untrained start" : `untrained, with ${start}`),
      ];
    },
  );
  return table([["network", "input", "size", "weights", "licence", "heads"], ...rows]);
}
