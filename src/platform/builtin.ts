/**
 * Modules that Node, Bun and Deno carry within them, without an `import` that a bundler for pages would stumble over.
 *
 * @module
 */

/** What of `process` is read here. */
interface Process {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

/** The global `process`, where the runtime has one that is its own: bundlers put an empty one into pages. */
function ownProcess(): Process | undefined {
  const { process } = globalThis as { process?: Process };
  return process?.versions?.node === undefined ? undefined : process;
}

/**
 * A module of the runtime at once, as `node:crypto`.
 *
 * @throws {Error} When the runtime gives none.
 */
export function builtinModule(name: string): unknown {
  const module = ownProcess()?.getBuiltinModule?.(name);
  if (module === undefined) throw new Error(`Cannot load ${name}: this runtime does not offer it`);
  return module;
}

/** The same where it may be waited for; undefined in a page. Node before 20.16 has it by `import` alone. */
export async function loadBuiltinModule(name: string): Promise<unknown> {
  const host = ownProcess();
  if (host === undefined) return undefined;
  if (host.getBuiltinModule !== undefined) return host.getBuiltinModule(name);
  // A variable and these words keep bundlers from looking for the module.
  return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name);
}
