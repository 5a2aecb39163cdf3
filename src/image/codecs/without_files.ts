/**
 * The imports of a codec that reads no files: every function of the system answers that there is none.
 *
 * @module
 */

/** WASI's number for a file that is not open. */
const BAD_FILE = 8;

/** Imports for a module of WASI; `more` are the functions of its own host. */
export function withoutFiles(
  module: WebAssembly.Module,
  more: WebAssembly.ModuleImports = {},
): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = { host: { ...more } };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] ??= () => BAD_FILE;
  }
  return imports;
}
