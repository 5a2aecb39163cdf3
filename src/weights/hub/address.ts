/**
 * Addresses of models on the Hugging Face Hub: `hf:owner/name[@revision][/path]`.
 *
 * @module
 */
import { withoutUndefined } from "../../text/without_undefined.ts";

/** A model of the Hub, or one of its files. */
export interface HubAddress {
  /** Owner and name, as the Hub writes them. */
  readonly repository: string;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** Path of the .onnx file inside; chosen by the usual layouts if absent. */
  readonly path?: string;
}

const PREFIX = "hf:";
const PATTERN = /^([\w.-]+\/[\w.-]+)(?:@([^/]+))?(?:\/(.+))?$/;

/**
 * The name of a model of the Hub from the path of its copy in the cache: the repository.
 *
 * @returns `undefined` if the path is not one of a copy.
 */
export function hubModelName(path: string): string | undefined {
  // Owners have no two dashes in a row.
  const found = /[/\\]hub[/\\]([\w.-]+?)--([\w.-]+)[/\\][0-9a-f]{40}[/\\]/.exec(path);
  return found === null ? undefined : `${found[1]}/${found[2]}`;
}

/** Whether a text is meant as such an address. */
export function isHubAddress(text: string): boolean {
  return text.startsWith(PREFIX);
}

/**
 * Reads an address. A revision with slashes is written with `%2F`.
 *
 * @throws {RangeError} When it has another form.
 */
export function parseHubAddress(text: string): HubAddress {
  const match = isHubAddress(text) ? PATTERN.exec(text.slice(PREFIX.length)) : null;
  const [, repository, revision = "main", path] = match ?? [];
  const parts = [...repository?.split("/") ?? [], ...path?.split("/") ?? []];
  // The parts become folders of the cache.
  if (
    repository === undefined || parts.some((part) => part === "" || /^\.+$/.test(part) || /[\\:]/.test(part))
  ) {
    throw new RangeError(`Cannot read the address ${text}: write hf:owner/name[@revision][/path/model.onnx]`);
  }
  try {
    return { repository, revision: decodeURIComponent(revision), ...withoutUndefined({ path }) };
  } catch (cause) {
    throw new RangeError(`Cannot read the address ${text}: its revision is not well encoded`, { cause });
  }
}

/** Whether a text is an address of a model: `hf:…`, or http(s). */
export function isModelAddress(text: string): boolean {
  return isHubAddress(text) || /^https?:\/\//i.test(text);
}
