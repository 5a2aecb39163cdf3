/**
 * Runs the command line, or any script, in a process of its own, with the configuration of this test run.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** deno.json, or deno.local.json where the tests themselves run with stand-ins for @std. */
export const CONFIG = decodeURIComponent(
  new URL(import.meta.resolve("@std/assert").startsWith("file:") ? "deno.local.json" : "deno.json", ROOT)
    .pathname,
);

const MAIN = decodeURIComponent(new URL("src/cli/main.ts", ROOT).pathname);

/** What a program said, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What every program finds: commands are named as tasks, as tools/launch.ts asks for. */
export const ENVIRONMENT = {
  NO_COLOR: "1",
  DENO_NO_UPDATE_CHECK: "1",
  XDG_RUNTIME_DIR: "/tmp",
  PTAME_CALLED_AS: "deno task",
};

/** Starts `deno run` with these arguments. */
export async function runDeno(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Ended> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--config", CONFIG, "--no-prompt", ...args],
    stdin: "null",
    env: { ...ENVIRONMENT, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/** The permissions that the tasks give to a command. */
export const PERMISSIONS: readonly string[] = ["read", "write", "env", "net", "ffi", "sys"]
  .map((name) => `--allow-${name}`);

/** Runs a command of src/cli/main.ts in a process of its own, with the permissions that the tasks give it. */
export function runCliProcess(
  args: readonly string[],
  cwd?: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  return runDeno([...PERMISSIONS, MAIN, ...args], { env, ...(cwd === undefined ? {} : { cwd }) });
}

/** Starts the same and leaves it running: for programs that are told to stop. Its stderr must be read. */
export function startCli(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--config", CONFIG, "--no-prompt", "-A", MAIN, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    cwd,
    env: { ...ENVIRONMENT, ...env },
  }).spawn();
}

/** The one line of an error on stderr, without what the graphics driver says. */
export function errorLines({ stderr }: Ended): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("ptame: "));
}
