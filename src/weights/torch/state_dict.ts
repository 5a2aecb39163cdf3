/**
 * Finds the dictionary of tensors in a saved object. The object may be that dictionary, or contain it next to the state
 * of an optimiser (which also has tensors), metrics and settings.
 *
 * @module
 */
import { shortened } from "../../text/foreign_text.ts";
import { withoutWrappers } from "../wrappers.ts";
import { isKind, kindName, type Pickled, type PickledDict, type PickledTensor } from "./values.ts";

/** The tensors of a file by name, and how they were found. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** The keys that lead to it, outermost first; empty where the file is the dictionary. */
  readonly path: readonly string[];
  /** A wrapper's prefix that was removed from every name; "" if there was none. */
  readonly prefix: string;
  /** Names of entries in the dictionary that are plain data, not tensors. */
  readonly leftOut: readonly string[];
}

/** The names under which programs save it, most likely first. Averages come last. */
const USUAL_KEYS = [
  "state_dict",
  "model_state_dict",
  "model_state",
  "model",
  "net",
  "network",
  "module",
  "weights",
  "params",
  "state_dict_ema",
  "model_ema",
  "params_ema",
];
const DEEPEST = 3;

/**
 * Finds the dictionary: under the usual keys, else the saved object itself, else its only member that is one.
 *
 * @throws {SyntaxError} When there is none, when there are several and nothing tells which, or when it has members that
 * are neither tensors nor plain data.
 */
export function findStateDict(root: Pickled): StateDict {
  const found = search(root);
  if (found === undefined) {
    const keys = isKind(root, "dict")
      ? [...root.entries.keys()].slice(0, 8).map((key) => shortened(checkName(key)))
      : [];
    throw new SyntaxError(
      keys.length > 0
        ? `it has no dictionary of tensors; its keys are ${keys.join(", ")}`
        : `it holds a ${shortened(kindName(root))}, not a dictionary of tensors`,
    );
  }
  const tensors = new Map<string, PickledTensor>();
  const leftOut: string[] = [];
  for (const [key, value] of found.dict.entries) {
    const name = checkName(key);
    if (isKind(value, "tensor")) {
      if (typeof key !== "string") {
        throw new SyntaxError(`it names a tensor by a ${shortened(kindName(key))}`);
      }
      tensors.set(key, value);
    } else if (isKind(value, "left out")) {
      throw new SyntaxError(
        `its ${shortened(name)} asks for ${shortened(value.name)}, which is not a tensor`,
      );
    } else leftOut.push(name);
  }
  const { values, prefix } = withoutWrappers(tensors);
  return { tensors: values, prefix, path: found.path, leftOut };
}

interface Found {
  readonly dict: PickledDict;
  readonly path: readonly string[];
}

/** Visits each dictionary once, because dictionaries may contain each other or repeat. */
function search(root: Pickled): Found | undefined {
  const searched = new Set<PickledDict>();
  const known = new Map<PickledDict, boolean>();
  const holdsTensors = (dict: PickledDict): boolean => {
    const before = known.get(dict);
    if (before !== undefined) return before;
    let holds = false;
    for (const [key, value] of dict.entries) holds ||= typeof key === "string" && isKind(value, "tensor");
    known.set(dict, holds);
    return holds;
  };
  const within = (value: Pickled | undefined, path: readonly string[]): Found | undefined => {
    if (!isKind(value, "dict") || path.length > DEEPEST || searched.has(value)) return undefined;
    searched.add(value);
    for (const key of USUAL_KEYS) {
      const inner = within(value.entries.get(key), [...path, key]);
      if (inner !== undefined) return inner;
    }
    if (holdsTensors(value)) return { dict: value, path };
    const members = [...value.entries].filter(([, member]) => isKind(member, "dict") && holdsTensors(member));
    if (members.length > 1) {
      const names = members.slice(0, 8).map(([key]) => shortened(checkName(key)));
      throw new SyntaxError(
        `it has several dictionaries of tensors (${names.join(", ")}); save only the one to use`,
      );
    }
    const [only] = members;
    return only === undefined
      ? undefined
      : { dict: only[1] as PickledDict, path: [...path, checkName(only[0])] };
  };
  return within(root, []);
}

function checkName(key: Pickled): string {
  return typeof key === "object" ? kindName(key) : String(key);
}
