/**
 * Generates unused names.
 *
 * @module
 */

/**
 * Returns `stem`, or `stem_2`, `stem_3`, … if it is taken; never the same name twice.
 *
 * @param isTaken Whether something else has a name; asked each time.
 */
export function createNames(isTaken: (name: string) => boolean): (stem: string) => string {
  const given = new Set<string>();
  // Next number per stem, because a graph has hundreds of nodes of one stem.
  const counts = new Map<string, number>();
  return (stem) => {
    let name = stem;
    for (let i = counts.get(stem) ?? 2; given.has(name) || isTaken(name); i++) {
      name = `${stem}_${i}`;
      counts.set(stem, i + 1);
    }
    given.add(name);
    return name;
  };
}
