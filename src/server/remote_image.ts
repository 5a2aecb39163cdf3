/**
 * Fetches an image by an https URL from a client, only from the public internet: never from this machine, its network
 * or a cloud's metadata service, regardless of name resolution and redirects.
 *
 * There are two guards, at least one of which is required: a resolver, to check the addresses of every host, and a list
 * of trusted hosts. A check is only as good as the `fetch` used with it, because a second resolution may give another
 * address. The command line's `fetch` connects to exactly the checked address. If only the platform's own `fetch` is
 * available (at the edge), list hosts.
 *
 * @module
 */
import { isAddress, isPublicAddress } from "./addresses.ts";
import { type BodyOptions, checkLength, readBytes } from "./body.ts";
import { HttpError } from "./errors.ts";

/** How to fetch images. */
export interface RemoteImages {
  /** The allowed hosts, also for redirects; by default all public hosts. */
  readonly hosts?: readonly string[];
  /**
   * Resolves all addresses of a host, IPv4 and IPv6; without it, `hosts` are trusted unchecked.
   *
   * @throws When there are none.
   */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Fetches one URL without following redirects; the platform's `fetch` by default. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>;
}

/** Limits of one image. */
export type RemoteImageOptions = Omit<BodyOptions, "what">;

const MOST_REDIRECTS = 3;

/** Names of this machine or its network, regardless of their addresses. */
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|lan|localdomain)$/;

function notAllowed(why: string): HttpError {
  return new HttpError(403, "url_not_allowed", `Cannot fetch the image: ${why}`);
}

function unreachable(why: string): HttpError {
  return new HttpError(422, "url_unreachable", `Cannot fetch the image: ${why}`);
}

/**
 * Refuses a host unless all its addresses are public; gives its addresses.
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

/** Checks a URL; `urls` defines what is allowed. */
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
 * The bytes of an image at an https URL.
 *
 * @throws {HttpError} 400 for an invalid URL, 403 for one that is not allowed, 413 for an image that is too large, 422
 * when the fetch fails.
 */
export async function fetchImage(
  address: string,
  remote: RemoteImages,
  options: RemoteImageOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, signal } = options;
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
    return await readBytes(response.body, { ...options, what });
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
