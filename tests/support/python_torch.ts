/**
 * Runs a Python script with PyTorch, where this machine has it.
 *
 * @module
 */

const INTERPRETERS = ["/usr/bin/python3", "python3"];
let found: Promise<string | undefined> | undefined;

/** The interpreter that has torch and torchvision; says once what to install where none has. */
export function pythonTorch(): Promise<string | undefined> {
  return found ??= search();
}

async function search(): Promise<string | undefined> {
  // Finding the modules is quick; importing them takes seconds.
  const check =
    "import importlib.util as u, sys; sys.exit(not (u.find_spec('torch') and u.find_spec('torchvision')))";
  for (const name of INTERPRETERS) {
    try {
      const { success } = await new Deno.Command(name, { args: ["-c", check], stderr: "null" }).output();
      if (success) return name;
    } catch {
      // No such program.
    }
  }
  console.warn(
    "SKIPPED: files written by PyTorch here and now; on Debian: apt-get install python3-torch python3-torchvision",
  );
  return undefined;
}

/** Runs a script with that interpreter and gives its standard output. */
export async function runPython(interpreter: string, script: URL, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(interpreter, {
    args: [decodeURIComponent(script.pathname), ...args],
    env: { OMP_NUM_THREADS: "1" },
  }).output();
  if (!success) throw new Error(`Cannot run ${script.pathname}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
