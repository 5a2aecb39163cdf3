/**
 * `models verify`: reads weights and compares their digests with the published ones.
 *
 * @module
 */
import { networks } from "../../../models/registry.ts";
import { toByteSource } from "../../bytes/byte_source.ts";
import { fetchBytes } from "../../weights/fetch_bytes.ts";
import { digestOfFile, digestOfSource } from "../../weights/storage/digest.ts";
import { isFile, reason } from "../files.ts";
import { asCalled } from "../called.ts";
import { command } from "../options/command.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { byteCount, printable, type Terminal } from "../terminal.ts";
import { namedNetworks, ownStorage, shippedPath } from "./named.ts";

/** A file to read, and its expected length and digest. */
interface Checked {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly shipped: boolean;
}

/** Runs `models verify` and gives its exit code. */
export const verifyModels = command({
  name: "models verify",
  about: "Compare the SHA-256 of weights with the published one; by default of all weights on this machine",
  arguments: { usage: "[NAME…]", most: Infinity },
  options: QUIET_OPTION,
  notes: ["The exit code is 1 if a file is damaged, or if a named one is missing."],
}, async ({ positional, terminal, signal }) => {
  const named = positional.length > 0;
  const asked = named ? namedNetworks(positional) : networks;
  const storage = ownStorage();
  let failed = false;
  for (const { name, weights } of asked) {
    const { shipped, published = [] } = weights;
    const files: Checked[] = [];
    if (shipped !== undefined) {
      files.push({ name, path: shippedPath(shipped.file), ...shipped, shipped: true });
    }
    for (const file of published) {
      const path = storage.filePath(file);
      if (await isFile(path)) files.push({ name, path, ...file, shipped: false });
    }
    if (files.length === 0 && named) {
      terminal.fail(
        asCalled(
          `${name}: its weights are not on this machine; get them with: deno task models pull ${name}`,
        ),
      );
      failed = true;
    }
    for (const file of files) if (!await isRight(file, terminal, signal)) failed = true;
  }
  return failed ? 1 : 0;
});

async function isRight(file: Checked, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  const { name, path, bytes, sha256, shipped } = file;
  terminal.doing(`Reading ${printable(path)}, ${byteCount(bytes)}`);
  let digest: string;
  try {
    digest = await fileDigest(path, signal);
  } catch (error) {
    signal.throwIfAborted();
    terminal.fail(`${name}: cannot read ${printable(path)}: ${printable(reason(error))}`);
    return false;
  }
  if (digest === sha256) {
    terminal.say(`${name}: ${byteCount(bytes)}, SHA-256 as published`);
    return true;
  }
  const remedy = shipped
    ? "install the package again"
    : `get it again with: deno task models remove ${name} && deno task models pull ${name}`;
  terminal.fail(`${name}: ${printable(path)} is damaged; ${asCalled(remedy)}`);
  return false;
}

async function fileDigest(path: string, signal: AbortSignal): Promise<string> {
  if (!/^https?:/.test(path)) return await digestOfFile(path, signal);
  return digestOfSource(toByteSource(await fetchBytes(new URL(path), "weights", signal)));
}
