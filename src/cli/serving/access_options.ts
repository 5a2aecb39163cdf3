/**
 * The options that say who may use the server.
 *
 * @module
 */
import type { ClientKey } from "../../server/client_keys.ts";
import type { AllowedOrigins } from "../../server/headers.ts";
import { isLoopback } from "../../server/client_address.ts";
import { oneLine } from "../../text/foreign_text.ts";
import { readSmallFile } from "../model_folder.ts";
import { aliased, flag, group, list, text, type Values } from "../options/kinds.ts";
import { UsageError } from "../usage.ts";
import { optionalVariable } from "../../platform/permissions.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { readKeysFile } from "./keys_file.ts";
import { checkToken } from "./token.ts";

/** The options. */
export const ACCESS_OPTIONS = group("Who may use the server", {
  allowHost: list("NAME", "Name of the server in the addresses that clients use, or *", {
    usual: "this machine's own names, and bare addresses",
  }),
  allowOrigin: aliased(
    "cors",
    list("ORIGIN", "Origin of a site whose pages may send requests and read the responses, or *", {
      usual: "the server's own page",
    }),
  ),
  tokenFile: text("FILE", "File with a token that requests must carry (Authorization: Bearer TOKEN)", {
    usual: "the variable PTAME_TOKEN",
  }),
  keysFile: text("FILE", "File with a client's key on each line: NAME TOKEN [REQUESTS-PER-MINUTE]"),
  noAuth: flag("Serve other machines without a token"),
});

/** Who may use the server, as its handler takes it. */
export interface Access {
  readonly hosts?: readonly string[];
  readonly cors?: AllowedOrigins;
  readonly token?: string;
  readonly keys?: readonly ClientKey[];
}

const MOST_TOKEN = 4096;

/**
 * Reads the options.
 *
 * @param address The address to listen on: other machines reach it unless it is a loopback one.
 * @throws {UsageError} When an option is wrong, or other machines would need no token.
 */
export async function readAccess(
  { allowHost, allowOrigin, tokenFile, keysFile, noAuth }: Values<typeof ACCESS_OPTIONS>,
  address: string,
): Promise<Access> {
  const token = await readToken(tokenFile);
  const keys = keysFile === undefined ? undefined : await readKeysFile(keysFile);
  if (token === undefined && keys === undefined && !noAuth && !isLoopback(address)) {
    throw new UsageError(
      `Other machines can reach ${
        oneLine(address)
      }: name a token by --token-file or PTAME_TOKEN, or keys by --keys-file, or add --no-auth`,
    );
  }
  const cors = parseOrigins(allowOrigin);
  return {
    hosts: allowHost.map(parseHost),
    ...withoutUndefined({ cors, token, keys }),
  };
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  const from = file === undefined ? "PTAME_TOKEN" : oneLine(file);
  const given = file === undefined
    ? optionalVariable("PTAME_TOKEN")
    : new TextDecoder().decode(await readSmallFile(file, "token", MOST_TOKEN));
  if (given === undefined) return undefined;
  return checkToken(given.trim(), from);
}

function parseHost(name: string): string {
  if (name === "*" || /^[a-z0-9._-]+$/i.test(name)) return name.toLowerCase();
  throw new UsageError(
    `Option --allow-host takes a name without scheme and port (example.org) or *, not ${name}`,
  );
}

/** Origins in the form that browsers send: scheme, host, port, and nothing more. */
function parseOrigins(origins: readonly string[]): AllowedOrigins | undefined {
  if (origins.length === 0) return undefined;
  if (origins.includes("*")) return "*";
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new UsageError(`Option --allow-origin takes an origin (https://example.org) or *, not ${origin}`);
    }
  }
  return origins;
}
