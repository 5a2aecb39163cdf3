/**
 * Programs that a benchmark starts, with the configuration that it runs with itself.
 *
 * @module
 */

import { v8Flags } from "../tools/v8_flags.ts";

/** Path of deno.json, or of its copy with stand-ins where JSR does not answer. */
export function configPath(): string {
  const local = import.meta.resolve("@std/cli/parse-args").startsWith("file:");
  const url = new URL(local ? "../deno.local.json" : "../deno.json", import.meta.url);
  return decodeURIComponent(url.pathname);
}

/** The command line of this project. */
export const CLI = decodeURIComponent(new URL("../src/cli/main.ts", import.meta.url).pathname);

/**
 * Runs a program to its end and gives what it wrote to stdout.
 *
 * @throws {Error} When it fails; the message holds what it said.
 */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  if (!success) throw new Error(`Cannot measure: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Runs a module of this project in a Deno of its own, as `deno task` starts the command line. */
export function runModule(path: string, args: readonly string[]): Promise<string> {
  return runProgram(Deno.execPath(), ["run", "-A", ...v8Flags(), "--config", configPath(), path, ...args]);
}

/**
 * Starts the command line in a Deno of its own, as `deno task` does. What it prints is dropped, but for what the options
 * say.
 */
export function startCli(
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "stderr"> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...v8Flags(), "--config", configPath(), CLI, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    ...options,
  }).spawn();
}
