/**
 * Runs commands of src/cli/main.ts one after another in one process beside the tests of an isolate: starting a process costs
 * more than most commands. Heavy tests (PTAME_HEAVY=1) start a process for each, as a user does.
 *
 * @module
 */
import { heavyTests } from "./devices.ts";
import { CONFIG, type Ended, ENVIRONMENT, PERMISSIONS, runCliProcess } from "./run_deno.ts";

/** A command as tests/support/cli_host.ts reads it, a line of JSON each. */
export interface HostedCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The process that runs the commands. It starts before the tests, because they must leave no resource behind. */
const host = heavyTests() ? undefined : startHost();
/** What a command says that came too late to choose the threads. */
const OTHER_THREADS = "the wasm runtime of this process already runs on";
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a command with the permissions that the tasks give it.
 *
 * @param args The command and its options.
 * @param cwd The folder in which it runs; the tests' own unless given.
 * @param env Variables beside those that every program gets.
 * @returns What it printed, and its exit code.
 */
export function runCli(
  args: readonly string[],
  cwd: string = Deno.cwd(),
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  if (host === undefined) return runCliProcess(args, cwd, env);
  // The folder and the environment belong to the whole process: one command at a time.
  const hosted = last.then(() => host({ args, cwd, env }));
  last = hosted.catch(() => {});
  // The process has one wasm runtime: a command that wants other threads than those before it gets a process of its own.
  return hosted.then((ended) => ended.stderr.includes(OTHER_THREADS) ? runCliProcess(args, cwd, env) : ended);
}

function startHost(): (command: HostedCommand) => Promise<Ended> {
  const path = decodeURIComponent(new URL("cli_host.ts", import.meta.url).pathname);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--config", CONFIG, "--no-prompt", ...PERMISSIONS, path],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: ENVIRONMENT,
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.getReader();
  globalThis.addEventListener("unload", () => child.kill("SIGKILL"));
  return async (command) => {
    await input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    const decoder = new TextDecoder();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`The process of the commands ended during: ${command.args.join(" ")}`);
      line += decoder.decode(value, { stream: true });
    }
    return JSON.parse(line);
  };
}
