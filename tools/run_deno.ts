/**
 * Runs this Deno as a program and gives what it printed.
 *
 * @module
 */

/** How it ended. */
export interface DenoOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs Deno with some arguments.
 *
 * @param folder Where it runs; here by default.
 */
export async function runDeno(args: readonly string[], folder?: string | URL): Promise<DenoOutput> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    ...(folder === undefined ? {} : { cwd: folder }),
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
