/**
 * `models path`: where weights are, for other programs.
 *
 * @module
 */
import { parseArguments, UsageError } from "../usage.ts";
import { network, ownStorage, shippedPath } from "./named.ts";

const HELP = `Where a network's weights are; without a name, the folder they are kept in.

Usage: deno task models path [NAME]

Exit code 1 where they are not on this machine.`;

/** Runs `models path` and gives its exit code. */
export async function modelPath(args: readonly string[]): Promise<number> {
  const given = parseArguments("models path", args, { flags: ["help"], values: [], lists: [] });
  if (given.flag("help")) {
    console.log(HELP);
    return 0;
  }
  const [name, another] = given.positional;
  if (another !== undefined) throw new UsageError(`Unexpected argument ${another} of models path`);
  if (name === undefined) {
    console.log(ownStorage().folder);
    return 0;
  }
  const { weights } = network(name);
  if (weights.shipped !== undefined) {
    console.log(shippedPath(weights.shipped.file));
    return 0;
  }
  const storage = ownStorage();
  for (const file of weights.published ?? []) {
    if (await storage.open(file) === undefined) continue;
    console.log(storage.pathOf(file));
    return 0;
  }
  throw new Error(`The weights of ${name} are not here; get them with: deno task models pull ${name}`);
}
