/**
 * Networks mentioned in the file name and the hyper-parameters of a checkpoint. Hyper-parameters are read as plain
 * data, never as objects.
 *
 * @module
 */
import { networks } from "../../models/registry.ts";
import { isKind, type Pickled } from "../weights/torch/values.ts";

/** What a checkpoint says about itself. */
export interface Mentioned {
  /** Networks in the file's name. */
  readonly inName: readonly string[];
  /** Networks named by hyper-parameters. */
  readonly inSettings: readonly string[];
  /** Progress of its training: `epoch` and `global_step`, if present. */
  readonly progress: Readonly<Record<string, number>>;
}

const SETTINGS = ["hyper_parameters", "hparams"];
/** Maximum number of values to search; a run has a few dozen settings. */
const MOST_VALUES = 10_000;

/** Looks for networks in the file's name and in the saved object. */
export function mentionedNetworks(file: string, root: Pickled): Mentioned {
  const names = (text: string) => networks.map(({ name }) => name).filter((name) => mentions(text, name));
  const texts: string[] = [];
  const progress: Record<string, number> = {};
  if (isKind(root, "dict")) {
    for (const key of SETTINGS) texts.push(...textsIn(root.entries.get(key) ?? null));
    for (const key of ["epoch", "global_step"]) {
      const value = root.entries.get(key);
      if (typeof value === "number") progress[key] = value;
    }
  }
  const settings = networks.map(({ name }) => name).filter((name) =>
    texts.some((text) => plain(text) === plain(name))
  );
  return { inName: names(file), inSettings: settings, progress };
}

/** Letters and digits only, in lower case: "ViT-B/16" and "vit_b_16" become equal. */
function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * Whether a text contains a name that is not part of a longer one (such as resnet18 in resnet182, vgg16 in myvgg16).
 */
function mentions(text: string, name: string): boolean {
  const parts = name.toLowerCase().split(/[^a-z0-9]+/).join("[^a-z0-9]*");
  return new RegExp(`(^|[^a-z0-9])${parts}($|[^a-z0-9])`).test(text.toLowerCase());
}

/** All texts inside a value, up to a limit; values may contain each other. */
function textsIn(value: Pickled): string[] {
  const texts: string[] = [];
  const seen = new Set<Pickled>();
  const open: Pickled[] = [value];
  while (open.length > 0 && seen.size < MOST_VALUES) {
    const next = open.pop()!;
    if (typeof next === "string") texts.push(next.slice(0, 200));
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    const left = MOST_VALUES - open.length;
    if (isKind(next, "list") || isKind(next, "tuple")) open.push(...next.items.slice(0, left));
    else if (isKind(next, "dict")) open.push(...[...next.entries.values()].slice(0, left));
  }
  return texts;
}
