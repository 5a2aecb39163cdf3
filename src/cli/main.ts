/**
 * The command line: `explain`, `train`, `evaluate`, `reproduce`, `sanity`, `models` and `serve`. Exit codes: 0 for
 * success, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C.
 *
 * @module
 */
import { AmbiguousClassError } from "../classifier/target.ts";
import { COMMANDS } from "./commands.ts";
import { removeUnfinished } from "./files.ts";
import { runNamed } from "./options/command_set.ts";
import { errorMessage, openTerminal, printable } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** Runs a command by name and gives its exit code; prints one line for an error. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const terminal = openTerminal(false);
  try {
    return await runNamed(COMMANDS, args, signal);
  } catch (error) {
    if (signal.aborted) {
      terminal.fail("Stopped");
      return 130;
    }
    terminal.fail(`ptame: ${printable(errorMessage(error))}`);
    return error instanceof UsageError || error instanceof AmbiguousClassError ? 2 : 1;
  }
}

if (import.meta.main) {
  const controller = new AbortController();
  const stop = () => {
    removeUnfinished();
    // After a second request it does not wait for the runtime.
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new DOMException("Stopped", "AbortError"));
  };
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  Deno.exit(await run(Deno.args, controller.signal));
}
