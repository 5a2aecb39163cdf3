/**
 * Built-in modules of Node, Bun and Deno, without an `import` that a bundler for browsers could not resolve.
 *
 * @module
 */

/** The used properties of `process`. */
interface Process {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

/** The global `process`, if it is the runtime's own; bundlers put an empty one into pages. */
function ownProcess(): Process | undefined {
  const { process } = globalThis as { process?: Process };
  return process?.versions?.node === undefined ? undefined : process;
}

/** Whether this runtime has built-in modules; a page has none. */
export function hasBuiltinModules(): boolean {
  return ownProcess() !== undefined;
}

/**
 * A built-in module, such as `node:crypto`, synchronously.
 *
 * @throws {Error} When the runtime does not have it.
 */
export function builtinModule(name: string): unknown {
  const module = ownProcess()?.getBuiltinModule?.(name);
  if (module === undefined) throw new Error(`Cannot load ${name}: this runtime does not offer it`);
  return module;
}

/** The same asynchronously; undefined in a page. Node before 20.16 supports only `import`. */
export async function loadBuiltinModule(name: string): Promise<unknown> {
  const host = ownProcess();
  if (host === undefined) return undefined;
  if (host.getBuiltinModule !== undefined) return host.getBuiltinModule(name);
  // A variable and these comments keep bundlers from resolving the module.
  return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name);
}
