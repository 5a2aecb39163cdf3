/**
 * Fetches an image that a client names by its https URL, from the public internet only: never from this machine, its
 * network or a cloud's metadata, whatever a name resolves to and wherever an answer redirects.
 *
 * Two guards, of which one is needed: a resolver, through which the addresses of every host are checked, and a list
 * of hosts that are trusted. Checking is worth as much as the `fetch` that comes with it: one that resolves the name
 * again may get another answer. The command line's connects to the address that was checked; where a platform's own
 * `fetch` is all there is (the edge), list hosts.
 *
 * @module
 */
import { isAddress, isPublicAddress } from "./addresses.ts";
import { checkLength, readBytes } from "./body.ts";
import { HttpError } from "./errors.ts";

/** How images may be fetched. */
export interface RemoteImages {
  /** The only hosts to fetch from, and to follow redirects to; without it all public ones. */
  readonly hosts?: readonly string[];
  /**
   * All addresses of a host, IPv4 and IPv6; without it `hosts` are trusted as they are.
   *
   * @throws When there are none.
   */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Fetches one URL without following redirects; the platform's `fetch` by default. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>;
}

/** Limits of one image. */
export interface RemoteImageOptions {
  /** Most bytes of the image. */
  readonly maxBytes: number;
  /** Stops the fetching; its reason is thrown. */
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 3;

/** Names that mean this machine or its network, whatever they resolve to. */
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|lan|localdomain)$/;

function notAllowed(why: string): HttpError {
  return new HttpError(403, "url_not_allowed", `Cannot fetch the image: ${why}`);
}

function unreachable(why: string): HttpError {
  return new HttpError(422, "url_unreachable", `Cannot fetch the image: ${why}`);
}

/**
 * Refuses a host whose addresses are not all public; gives those that are.
 *
 * @throws {HttpError} 403, or 422 when the host has no address.
 */
export async function publicAddresses(
  host: string,
  resolve: (host: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const bare = host.replace(/^\[|\]$/g, "");
  const addresses = isAddress(bare) ? [bare] : await resolve(bare).catch(() => []);
  if (addresses.length === 0) throw unreachable("its host cannot be found");
  if (!addresses.every(isPublicAddress)) throw notAllowed("its host is not on the public internet");
  return addresses;
}

/** Checks one URL of the way; `urls` say what is allowed. */
async function checkUrl(url: URL, { hosts, resolve }: RemoteImages): Promise<void> {
  if (url.protocol !== "https:") throw notAllowed("only https URLs are fetched");
  if (url.username !== "" || url.password !== "") throw notAllowed("its URL has a user name or password");
  if (url.port !== "") throw notAllowed("only port 443 is used");
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  if (hosts !== undefined && !hosts.includes(host)) throw notAllowed("its host is not on the list");
  if (LOCAL_NAMES.test(host) || (!host.includes(".") && !host.startsWith("["))) {
    throw notAllowed("its host is not on the public internet");
  }
  const bare = host.replace(/^\[|\]$/g, "");
  if (isAddress(bare) && !isPublicAddress(bare)) throw notAllowed("its host is not on the public internet");
  if (resolve !== undefined) await publicAddresses(host, resolve);
}

/**
 * The bytes of an image behind an https URL.
 *
 * @throws {HttpError} 400 for what is no URL, 403 for one that is not allowed, 413 for an image that is too large, 422
 * when there is nothing to be had.
 */
export async function fetchImage(
  address: string,
  remote: RemoteImages,
  { maxBytes, signal }: RemoteImageOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  let url = parsed(address);
  const load = remote.fetch ?? ((each: URL, init: RequestInit) => fetch(each, init));
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    await checkUrl(url, remote);
    signal.throwIfAborted();
    const response = await load(url, { redirect: "manual", signal, headers: { accept: "image/*" } })
      .catch((error) => {
        signal.throwIfAborted();
        // The command line's fetch checks again when it connects.
        throw error instanceof HttpError ? error : unreachable("its server does not answer");
      });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel().catch(() => {});
      url = parsed(location, url);
      continue;
    }
    if (!response.ok) {
      await response.body?.cancel().catch(() => {});
      throw unreachable(`its server answered ${response.status}`);
    }
    const what = "the image";
    try {
      checkLength(response.headers, maxBytes, what);
    } catch (error) {
      await response.body?.cancel().catch(() => {});
      throw error;
    }
    return await readBytes(response.body, { maxBytes, signal, what });
  }
  throw unreachable(`its server redirects more than ${MOST_REDIRECTS} times`);
}

function parsed(address: string, base?: URL): URL {
  try {
    return new URL(address, base);
  } catch {
    throw new HttpError(400, "invalid_url", "Cannot fetch the image: its URL is not valid");
  }
}
