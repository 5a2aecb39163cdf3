/**
 * Removes from the names of a file's tensors what a program wrapped the network in.
 *
 * @module
 */

/** `torch.compile`, `DataParallel` and training programs wrap a network in another of one member. */
const WRAPPERS = ["_orig_mod.", "module.", "model."];
const DEEPEST = 3;

/** Values by name without the prefixes that all names have, and these prefixes; "" if there are none. */
export function withoutWrappers<V>(
  values: ReadonlyMap<string, V>,
): { readonly values: ReadonlyMap<string, V>; readonly prefix: string } {
  let [current, prefix] = [values, ""];
  for (let depth = 0; depth < DEEPEST && current.size > 0; depth++) {
    const wrapper = WRAPPERS.find((each) => [...current.keys()].every((name) => name.startsWith(each)));
    if (wrapper === undefined) break;
    current = new Map([...current].map(([name, value]) => [name.slice(wrapper.length), value]));
    prefix += wrapper;
  }
  return { values: current, prefix };
}
