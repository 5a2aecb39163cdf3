/**
 * Libraries that only some sources need: loaded by name, so that Deno does not download them for every command.
 *
 * @module
 */

/**
 * Loads a library.
 *
 * @param what What it reads, for the error.
 * @throws {Error} When it cannot be loaded.
 */
export async function loadByName<Library>(specifier: string, what: string): Promise<Library> {
  try {
    return await import(specifier);
  } catch (cause) {
    const said = (cause as Error).message.split("\n")[0];
    throw new Error(
      `Cannot read ${what}: the library cannot be loaded (${said}); with a network, deno cache ${specifier} brings it`,
      { cause },
    );
  }
}
