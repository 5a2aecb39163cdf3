/**
 * `models remove`: gives the disk back what weights take.
 *
 * @module
 */
import { byteCount, openTerminal, printable } from "../terminal.ts";
import { parseArguments, UsageError } from "../usage.ts";
import { network, ownStorage } from "./named.ts";

const HELP = `Removes downloaded weights, and what is left of downloads that were cut.

Usage: deno task models remove NAME… [--quiet]`;

/** Runs `models remove` and gives its exit code. */
export async function removeModels(args: readonly string[]): Promise<number> {
  const given = parseArguments("models remove", args, { flags: ["quiet", "help"], values: [], lists: [] });
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  if (given.positional.length === 0) throw new UsageError("A network to remove is needed; see models list");
  const named = [...new Set(given.positional)].map(network);
  const shipped = named.find(({ weights }) => weights.shipped !== undefined);
  if (shipped !== undefined) {
    throw new UsageError(`Cannot remove ${shipped.name}: its weights are part of the package`);
  }
  const terminal = openTerminal(given.flag("quiet"));
  const storage = ownStorage();
  for (const { name, weights } of named) {
    let freed = 0;
    for (const file of weights.published ?? []) freed += await storage.remove(file);
    terminal.say(
      freed === 0
        ? `${name}: nothing of it is here`
        : `${name}: ${byteCount(freed)} removed from ${printable(storage.folder)}`,
    );
  }
  return 0;
}
