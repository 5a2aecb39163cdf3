/**
 * Runs the command line, or any script, as a program of its own, with the configuration of this test run.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** deno.json, or deno.local.json where the tests themselves run with stand-ins for @std. */
export const CONFIG = decodeURIComponent(
  new URL(import.meta.resolve("@std/assert").startsWith("file:") ? "deno.local.json" : "deno.json", ROOT)
    .pathname,
);

/** What a program said, and how it ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What every program finds: commands are named as tasks, as tools/launch.ts asks for. */
const ENVIRONMENT = {
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

/** Runs a command of src/cli/main.ts with the permissions that the tasks give it. */
export function runCli(
  args: readonly string[],
  cwd?: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  const main = decodeURIComponent(new URL("src/cli/main.ts", ROOT).pathname);
  const permissions = ["read", "write", "env", "net", "ffi", "sys"].map((name) => `--allow-${name}`);
  return runDeno([...permissions, main, ...args], { env, ...(cwd === undefined ? {} : { cwd }) });
}

/** Starts the same and leaves it running: for programs that are told to stop. Its stderr must be read. */
export function startCli(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const main = decodeURIComponent(new URL("src/cli/main.ts", ROOT).pathname);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--config", CONFIG, "--no-prompt", "-A", main, ...args],
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
