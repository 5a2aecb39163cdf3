/**
 * `models verify`: reads weights and compares their digests with the published ones.
 *
 * @module
 */
import { networks } from "../../../models/registry.ts";
import { sourceOf } from "../../weights/byte_source.ts";
import { fetchBytes } from "../../weights/fetch_bytes.ts";
import { digestOfFile, digestOfSource } from "../../weights/storage/digest.ts";
import { reason } from "../files.ts";
import { byteCount, openTerminal, printable, type Terminal } from "../terminal.ts";
import { parseArguments } from "../usage.ts";
import { network, ownStorage, shippedPath } from "./named.ts";

const HELP =
  `Reads weights and compares their SHA-256 with what is published: all that are here, or those named.

Usage: deno task models verify [NAME…] [--quiet]

Exit code 1 where one is damaged, or named and not here.`;

/** A file to read, and what it must be. */
interface Checked {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly shipped: boolean;
}

/** Runs `models verify` and gives its exit code. */
export async function verifyModels(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = parseArguments("models verify", args, { flags: ["quiet", "help"], values: [], lists: [] });
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  const terminal = openTerminal(given.flag("quiet"));
  const named = given.positional.length > 0;
  const asked = named ? [...new Set(given.positional)].map(network) : networks;
  const storage = ownStorage();
  let failed = false;
  for (const { name, weights } of asked) {
    const { shipped, published = [] } = weights;
    const files: Checked[] = [];
    if (shipped !== undefined) {
      files.push({ name, path: shippedPath(shipped.file), ...shipped, shipped: true });
    }
    for (const file of published) {
      const path = storage.pathOf(file);
      if (await isThere(path)) files.push({ name, path, ...file, shipped: false });
    }
    if (files.length === 0 && named) {
      terminal.fail(`${name}: its weights are not here; get them with: deno task models pull ${name}`);
      failed = true;
    }
    for (const file of files) if (!await isRight(file, terminal, signal)) failed = true;
  }
  return failed ? 1 : 0;
}

async function isRight(file: Checked, terminal: Terminal, signal: AbortSignal): Promise<boolean> {
  const { name, path, bytes, sha256, shipped } = file;
  terminal.doing(`Reading ${printable(path)}, ${byteCount(bytes)}`);
  let digest: string;
  try {
    digest = await digestOf(path, signal);
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
  terminal.fail(`${name}: ${printable(path)} is damaged; ${remedy}`);
  return false;
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  if (!/^https?:/.test(path)) return await digestOfFile(path, signal);
  return digestOfSource(sourceOf(await fetchBytes(new URL(path), "weights", signal)));
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
