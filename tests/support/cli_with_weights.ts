/**
 * The command line, where PUBLISHED takes the place of published files, one or a list: the true ones are too large for a
 * test, and not on this machine.
 */
import { findNetwork } from "../../models/registry.ts";
import { run } from "../../src/cli/main.ts";

for (const { network, ...file } of [JSON.parse(Deno.env.get("PUBLISHED")!)].flat()) {
  Object.assign(findNetwork(network)!.weights, { published: [file] });
}
Deno.exit(await run(Deno.args, new AbortController().signal));
