/**
 * How the engine is started for the command line. A new wasm module runs as quickly compiled code, and what is called
 * often is compiled again, better, by threads of the engine. A process that explains one picture ends before that has
 * paid: on two cores those threads took a third of its time from it. So functions wait longer for it; the loops that
 * an explanation is made of still get there within their first run, so that longer work is as fast as without.
 *
 * It imports nothing: the launcher runs without a configuration.
 *
 * @module
 */

/** The newest V8 that the flag was tried with: an engine that does not know it would refuse to start. */
const NEWEST_TRIED = 15;

/** Flags of `deno run` for the command line. */
export function v8Flags(version: string = Deno.version.v8): string[] {
  return Number.parseInt(version) <= NEWEST_TRIED ? ["--v8-flags=--wasm-tiering-budget=100000000"] : [];
}
