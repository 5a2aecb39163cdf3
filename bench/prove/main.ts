/**
 * Proofs: long runs whose results must have the same bytes, however they were run.
 *
 *     deno task prove evaluate --images DIR|LIST [--limit 2000] [--json FILE]
 *
 * @module
 */
import { proveEvaluate } from "./evaluate.ts";

const [what, ...args] = Deno.args;
if (what !== "evaluate") {
  console.error(
    `prove: ${what === undefined ? "say what: evaluate" : `unknown proof ${what}: there is evaluate`}`,
  );
  Deno.exit(2);
}
Deno.exit(await proveEvaluate(args));
