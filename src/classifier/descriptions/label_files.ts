/**
 * Names of classes from files of many kinds: one name per line, lists and maps in JSON, Keras' index files, and the
 * dictionaries of Python that some exporters write.
 *
 * @module
 */

import { readForeignJson, SMALL_JSON } from "../../text/foreign_json.ts";

/** Ten times the classes of the largest labelled collections. */
const MOST_CLASSES = 1_000_000;

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/**
 * Class names from a file: one per line, with or without numbers or WordNet's identifiers before them; or a JSON list,
 * a JSON map by index or to indices, or the same in Python.
 *
 * @throws {SyntaxError} When it has no names, or the indices have gaps.
 */
export function parseLabels(text: string, called: string): string[] {
  const plain = text.replace(/^\uFEFF/, "");
  if (!/^\s*[[{]/.test(plain)) return checked(labelLines(plain), called);
  let value: unknown;
  try {
    value = readForeignJson(plain, `labels ${called}`);
  } catch (error) {
    value = plain.length > SMALL_JSON.characters ? undefined : parsePython(plain);
    if (value === undefined) throw error;
  }
  return checked(labelsIn(value) ?? [], called);
}

function checked(labels: readonly unknown[], called: string): string[] {
  const list = [...labels];
  // A trailing line feed is not a class.
  while (list.at(-1) === "") list.pop();
  if (list.length > MOST_CLASSES) {
    throw new SyntaxError(`Cannot read labels ${called}: more than ${MOST_CLASSES} names`);
  }
  if (list.length === 0 || !list.every(isText)) {
    throw new SyntaxError(`Cannot read labels ${called}: it is not one name per class`);
  }
  return list;
}

/** One name per line. "0 cat", "1 dog", … and "n02123045 tabby" lose what comes before the name. */
function labelLines(text: string): string[] {
  const lines = text.split(/\r?\n/, MOST_CLASSES + 2).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const numbered = lines.length > 1 &&
    lines.every((line, index) => /^(\d+)[\s,:;]+\S/.exec(line)?.[1] === String(index));
  if (numbered) return lines.map((line) => line.replace(/^\d+[\s,:;]+/, ""));
  if (lines.every((line) => /^n\d{8}[\s,:]+\S/.test(line))) {
    return lines.map((line) => line.replace(/^n\d{8}[\s,:]+/, ""));
  }
  return lines;
}

/**
 * Class names in a parsed value: a list of names or of [identifier, name]; a map from indices to either (Keras'
 * imagenet_class_index.json), or from names to indices (Keras' class_indices.json, label2id).
 *
 * @returns `undefined` if it is none of these, or indices are missing.
 */
export function labelsIn(value: unknown): string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0) return undefined;
  const names = Array.isArray(value) ? value : byIndex(entries);
  const labels = names?.map((name) => Array.isArray(name) && name.length === 2 ? name[1] : name);
  return labels?.every(isText) ? labels as string[] : undefined;
}

function byIndex(entries: readonly (readonly [string, unknown])[]): unknown[] | undefined {
  const toIndex = entries.every(([, index]) => Number.isInteger(index));
  const numbered = toIndex
    ? entries.map(([name, index]) => [index as number, name] as const)
    : entries.map(([index, name]) => [/^\d+$/.test(index) ? Number(index) : -1, name] as const);
  const names = new Map<number, unknown>(numbered);
  const list = Array.from({ length: entries.length }, (_, index) => names.get(index));
  return list.includes(undefined) ? undefined : list;
}

/**
 * A list or a dictionary of names as Python prints it: `['cat', 'dog']`, `{0: 'cat', 1: "pa's dog"}`.
 *
 * @returns A list, or a map by index; `undefined` if the text is neither.
 */
function parsePython(text: string): string[] | Record<string, string> | undefined {
  const inside = /^\s*([[{])([^]*)[\]}]\s*$/.exec(text);
  if (inside === null) return undefined;
  const isMap = inside[1] === "{";
  const item = isMap
    ? /\s*(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/y
    : /\s*()(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/y;
  const body = inside[2]!.trimEnd();
  const found: [string, string][] = [];
  while (item.lastIndex < body.length) {
    const match = item.exec(body);
    if (match === null) return undefined;
    found.push([match[1]!, unescaped(match[2] ?? match[3]!)]);
  }
  return isMap ? Object.fromEntries(found) : found.map(([, name]) => name);
}

function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|(.))/gi, (_, byte, code, letter) => {
    if (letter === undefined) return String.fromCharCode(parseInt(byte ?? code, 16));
    return letter === "n" ? "\n" : letter === "t" ? "\t" : letter;
  });
}
