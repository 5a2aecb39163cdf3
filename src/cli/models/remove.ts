/**
 * `models remove`: removes weights from the disk.
 *
 * @module
 */
import { command } from "../options/command.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { byteCount, printable } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { namedNetworks, ownStorage } from "./named.ts";

/** Runs `models remove` and gives its exit code. */
export const removeModels = command({
  name: "models remove",
  about: "Remove downloaded weights and interrupted downloads",
  arguments: { usage: "NAME…", most: Infinity, missing: "Name a network to remove; see models list" },
  options: QUIET_OPTION,
}, async ({ positional, terminal }) => {
  const named = namedNetworks(positional);
  const shipped = named.find(({ weights }) => weights.shipped !== undefined);
  if (shipped !== undefined) {
    throw new UsageError(`Cannot remove ${shipped.name}: its weights are part of the package`);
  }
  const storage = ownStorage();
  for (const { name, weights } of named) {
    let freed = 0;
    for (const file of weights.published ?? []) freed += await storage.remove(file);
    terminal.say(
      freed === 0
        ? `${name}: nothing to remove`
        : `${name}: ${byteCount(freed)} removed from ${printable(storage.folder)}`,
    );
  }
  return 0;
});
