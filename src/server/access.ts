/**
 * Who may use a server: its names, origins of pages that may send requests, and tokens.
 *
 * A page of any site can make a browser send a form to a server of this machine (`Origin` tells), and can give its own
 * name this machine's address to read the answers (DNS rebinding; `Host` tells).
 *
 * @module
 */
import type { ClientKey } from "./client_keys.ts";
import { HttpError } from "./errors.ts";
import type { AllowedOrigins } from "./headers.ts";
import { isAddress } from "./addresses.ts";

/** What a server asks of its clients. */
export interface AccessRules {
  /** Its names besides those of this machine and bare addresses; undefined for any. */
  readonly hosts: readonly string[] | undefined;
  /** Origins of other sites whose pages may send requests; undefined for none. */
  readonly origins: AllowedOrigins | undefined;
  /** The token that requests must carry; undefined for none. */
  readonly token: string | undefined;
  /** Tokens of single clients; undefined for none. */
  readonly keys: readonly ClientKey[] | undefined;
}

/** Paths for programs that watch a server: they answer everybody. */
const OPEN = new Set(["/healthz", "/readyz"]);

const LOOPBACK_NAME = /^(localhost|.+\.localhost)\.?$/i;

/**
 * Refuses a request that the rules do not allow. The contents of its body do not matter and are not read.
 *
 * @param isPage Whether the path is a file of the start page, which holds no secret and asks for the token.
 * @returns The client whose key the request carries, if it carries one.
 * @throws {HttpError} 403 for a host or origin, 401 for a missing or wrong token.
 */
export async function checkAccess(
  request: Request,
  url: URL,
  { hosts, origins, token, keys = [] }: AccessRules,
  isPage: boolean,
): Promise<ClientKey | undefined> {
  if (OPEN.has(url.pathname)) return undefined;
  if (hosts !== undefined && !isAllowedHost(url.hostname, hosts)) {
    throw new HttpError(
      403,
      "host_not_allowed",
      `Cannot answer by the name ${url.hostname.slice(0, 100)}: it is not one of this server's names`,
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !isAllowedOrigin(origin, url, origins)) {
    throw new HttpError(403, "origin_not_allowed", "Cannot answer pages of another site");
  }
  // A browser asks for permission (OPTIONS) without the token.
  if ((token === undefined && keys.length === 0) || isPage || request.method === "OPTIONS") return undefined;
  const given = /^bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given !== undefined) {
    const digest = await digestOf(given);
    // All are compared, so that the time does not tell which came close.
    const same = await Promise.all(keys.map(async (key) => areEqual(digest, await digestOfKey(key))));
    const client = keys[same.indexOf(true)];
    if (client !== undefined || (token !== undefined && areEqual(digest, await digestOf(token)))) {
      return client;
    }
  }
  throw new HttpError(
    401,
    "unauthorized",
    "Cannot answer without the token: send Authorization: Bearer …",
    {
      "www-authenticate": 'Bearer realm="ptame"',
    },
  );
}

function isAllowedHost(host: string, hosts: readonly string[]): boolean {
  // No name leads to a bare address, so no name can be given it.
  if (LOOPBACK_NAME.test(host) || isAddress(host.replace(/^\[|\]$/g, ""))) return true;
  return hosts.includes("*") || hosts.includes(host.toLowerCase().replace(/\.$/, ""));
}

/** The server's own pages, whatever the scheme: a proxy before it may add TLS. */
function isAllowedOrigin(origin: string, url: URL, origins: AllowedOrigins | undefined): boolean {
  if (origins === "*" || origins?.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === url.host;
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** A server may have many keys, and every request is compared with all of them. */
const keyDigests = new WeakMap<ClientKey, Promise<Uint8Array>>();

function digestOfKey(key: ClientKey): Promise<Uint8Array> {
  const known = keyDigests.get(key) ?? digestOf(key.token);
  keyDigests.set(key, known);
  return known;
}

/** Whether two digests are equal, in a time that does not depend on where they differ: all bytes are compared. */
function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < left.length; i++) difference |= left[i]! ^ right[i]!;
  return difference === 0;
}
