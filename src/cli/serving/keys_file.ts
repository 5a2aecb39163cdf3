/**
 * The file of `serve --keys-file`: a client's key on each line.
 *
 * @module
 */
import type { ClientKey } from "../../server/client_keys.ts";
import { oneLine } from "../../text/foreign_text.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { readSmallFile } from "../model_folder.ts";
import { UsageError } from "../usage.ts";
import { checkToken } from "./token.ts";

const MOST_BYTES = 1_000_000;
const NAME = /^[\w.@-]{1,64}$/;

/**
 * Reads the keys. Empty lines, and lines that begin with #, say nothing.
 *
 * @throws {UsageError} When a line is wrong; the message has the line's number, and no token.
 */
export async function readKeysFile(file: string): Promise<ClientKey[]> {
  const lines = new TextDecoder().decode(await readSmallFile(file, "keys", MOST_BYTES)).split(/\r?\n/);
  const keys: ClientKey[] = [];
  for (const [at, line] of lines.entries()) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    const place = `line ${at + 1} of ${oneLine(file)}`;
    const [name = "", token = "", limit, ...rest] = text.split(/\s+/);
    if (token === "" || rest.length > 0) {
      throw new UsageError(`A key is NAME TOKEN, or NAME TOKEN REQUESTS-PER-MINUTE; ${place} is neither`);
    }
    if (!NAME.test(name)) {
      throw new UsageError(`The name in ${place} must be one word of at most 64 letters, digits and . _ @ -`);
    }
    const perMinute = limit === undefined ? undefined : Number(limit);
    if (perMinute !== undefined && !(Number.isInteger(perMinute) && perMinute > 0 && perMinute <= 1e6)) {
      throw new UsageError(`The limit in ${place} must be a whole number from 1 to 1000000, per minute`);
    }
    if (keys.some((key) => key.name === name || key.token === token)) {
      throw new UsageError(`The name or the token in ${place} is that of another line`);
    }
    keys.push({ name, token: checkToken(token, place), ...withoutUndefined({ perMinute }) });
  }
  if (keys.length === 0) {
    throw new UsageError(`There is no key in ${oneLine(file)}: write NAME TOKEN on a line`);
  }
  return keys;
}
