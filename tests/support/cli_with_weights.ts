/**
 * The command line, where PUBLISHED takes the place of a published file: the true ones are too large for a test, and
 * not on this machine.
 */
import { findNetwork } from "../../models/registry.ts";
import { run } from "../../src/cli/main.ts";

const { network, ...file } = JSON.parse(Deno.env.get("PUBLISHED")!);
Object.assign(findNetwork(network)!.weights, { published: [file] });
Deno.exit(await run(Deno.args, new AbortController().signal));
