/**
 * Finds the valid name nearest to a mistyped one, for suggestions in errors.
 *
 * @module
 */
import leven from "leven";

/**
 * The name most like `given`, without regard to case; `undefined` if none is near.
 *
 * @param options Whether a name that contains `given` is near whatever its length; true by default.
 */
export function nearestName(
  given: string,
  names: Iterable<string>,
  { contained: within = true }: { readonly contained?: boolean } = {},
): string | undefined {
  const wanted = given.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const candidate = name.toLowerCase();
    const contained = within && wanted.length >= 3 && candidate.includes(wanted);
    const distance = contained ? 0.5 : leven(wanted, candidate);
    if (distance < least) [best, least] = [name, distance];
  }
  return least <= Math.max(given.length < 4 ? 1 : 2, given.length / 3) ? best : undefined;
}

/** `: did you mean NAME?` if a near name is found, else "". */
export function suggestion(given: string, names: Iterable<string>): string {
  const near = nearestName(given, names);
  return near === undefined ? "" : `: did you mean ${near}?`;
}
