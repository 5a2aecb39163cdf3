/**
 * Libraries that only some commands need: loaded by name, so that Deno does not download them for every command.
 *
 * @module
 */

/**
 * Loads a library.
 *
 * @param failure The error's message; it is given the first line of why the library cannot be loaded.
 * @throws {Error} When it cannot be loaded.
 */
export async function loadByName<Library>(
  specifier: string,
  failure: (said: string) => string,
): Promise<Library> {
  try {
    return await import(specifier);
  } catch (cause) {
    throw new Error(failure((cause as Error).message.split("\n", 1)[0]!), { cause });
  }
}

/** Loads a library that reads what a command was given. */
export function loadReader<Library>(specifier: string, what: string): Promise<Library> {
  return loadByName(
    specifier,
    (said) =>
      `Cannot read ${what}: the library cannot be loaded (${said}); with a network, deno cache ${specifier} brings it`,
  );
}
