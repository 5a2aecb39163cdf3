/**
 * The command line as processes of their own, one of which is killed.
 *
 * @module
 */
import { startCli } from "../programs.ts";

const start = (args: readonly string[]) => startCli(args, { stderr: "piped" });

/** Whole seconds since a time. */
const since = (started: number) => Math.round((performance.now() - started) / 1000);

/** Runs a command to its end and gives its wall time in seconds. */
async function run(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await start(args).output();
  if (code === 0) return since(started);
  throw new Error(`Cannot prove: ${args[0]} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
}

/** Runs `evaluate` to its end and gives its wall time in seconds. */
export function runEvaluate(args: readonly string[]): Promise<number> {
  return run(["evaluate", ...args]);
}

/** Runs `merge`. */
export async function runMerge(args: readonly string[]): Promise<void> {
  await run(["merge", "--quiet", ...args]);
}

/**
 * Runs `evaluate` until its file has so many records, and kills it as a machine that fails does.
 *
 * @throws {Error} When it ends before.
 */
export async function startEvaluate(
  args: readonly string[],
  { records, killAfter }: { readonly records: string; readonly killAfter: number },
): Promise<{ readonly records: number; readonly seconds: number }> {
  const started = performance.now();
  const child = start(["evaluate", ...args]);
  let ended = false;
  const output = child.output().finally(() => ended = true);
  while (countLines(records) < killAfter) {
    if (ended) {
      const { code, stderr } = await output;
      throw new Error(
        `Cannot prove: the run to kill ended with ${code}: ${new TextDecoder().decode(stderr)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  await output;
  return { records: countLines(records), seconds: since(started) };
}

/** Complete lines of a file; 0 if it does not exist. */
export function countLines(path: string): number {
  try {
    return Deno.readTextFileSync(path).split("\n").length - 1;
  } catch {
    return 0;
  }
}
