/**
 * The options that say who may use the server.
 *
 * @module
 */
import type { AllowedOrigins } from "../../server/headers.ts";
import { isLoopback } from "../../server/client_address.ts";
import { oneLine } from "../../text/foreign_text.ts";
import { readSmallFile } from "../model_folder.ts";
import { aliased, flag, group, list, text, type Values } from "../options/kinds.ts";
import { UsageError } from "../usage.ts";
import { optionalVariable } from "../../platform/permissions.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

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
  noAuth: flag("Serve other machines without a token"),
});

/** Who may use the server, as its handler takes it. */
export interface Access {
  readonly hosts?: readonly string[];
  readonly cors?: AllowedOrigins;
  readonly token?: string;
}

const LEAST_TOKEN = 16;
const MOST_TOKEN = 4096;

/**
 * Reads the options.
 *
 * @param address The address to listen on: other machines reach it unless it is a loopback one.
 * @throws {UsageError} When an option is wrong, or other machines would need no token.
 */
export async function readAccess(
  { allowHost, allowOrigin, tokenFile, noAuth }: Values<typeof ACCESS_OPTIONS>,
  address: string,
): Promise<Access> {
  const token = await readToken(tokenFile);
  if (token === undefined && !noAuth && !isLoopback(address)) {
    throw new UsageError(
      `Other machines can reach ${
        oneLine(address)
      }: name a token by --token-file or PTAME_TOKEN, or add --no-auth`,
    );
  }
  const cors = parseOrigins(allowOrigin);
  return {
    hosts: allowHost.map(parseHost),
    ...withoutUndefined({ cors, token }),
  };
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  const from = file === undefined ? "PTAME_TOKEN" : oneLine(file);
  const given = file === undefined
    ? optionalVariable("PTAME_TOKEN")
    : new TextDecoder().decode(await readSmallFile(file, "token", MOST_TOKEN));
  if (given === undefined) return undefined;
  const token = given.trim();
  // The token itself is never printed.
  if (token.length < LEAST_TOKEN) {
    throw new UsageError(
      `The token of ${from} has ${token.length} characters: at least ${LEAST_TOKEN} are needed`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`The token of ${from} must be one word of letters, digits and signs`);
  }
  return token;
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
