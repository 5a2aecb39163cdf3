/**
 * Runs a Python script with PyTorch, or other modules, where this machine has them.
 *
 * @module
 */

const INTERPRETERS = ["/usr/bin/python3", "python3"];
let torch: Promise<string | undefined> | undefined;

/** The interpreter that has torch and torchvision; says once what to install where none has. */
export function pythonTorch(): Promise<string | undefined> {
  return torch ??= pythonWith(
    ["torch", "torchvision"],
    "files written by PyTorch here and now; on Debian: apt-get install python3-torch python3-torchvision",
  );
}

/** The interpreter that has these modules; says what is skipped where none has. */
export async function pythonWith(
  modules: readonly string[],
  skipped: string,
): Promise<string | undefined> {
  // Finding the modules is quick; importing them takes seconds.
  const check =
    "import importlib.util as u, sys; sys.exit(not all(u.find_spec(name) for name in sys.argv[1:]))";
  for (const name of INTERPRETERS) {
    try {
      const command = new Deno.Command(name, { args: ["-c", check, ...modules], stderr: "null" });
      if ((await command.output()).success) return name;
    } catch {
      // No such program.
    }
  }
  console.warn(`SKIPPED: ${skipped}`);
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
