/**
 * What a model of the Hub contains: one request gives its commit, and name, length and digest of each file.
 *
 * @module
 */
import { PassingFailure, TransferError, untilDone } from "../../transfer/attempts.ts";
import { askedWait, RETRY_POLICY } from "../../transfer/back_off.ts";
import { DownloadError } from "../download/errors.ts";
import type { HubAddress } from "./address.ts";

/** How to reach the Hub. */
export interface HubOptions {
  /** Its address; https://huggingface.co by default. */
  readonly endpoint?: string | undefined;
  /** A token of the user, for private and gated models. It is sent to the endpoint alone. */
  readonly token?: string | undefined;
  /** Stops the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A file of a model. */
export interface HubFile {
  /** Its path inside the model. */
  readonly path: string;
  /** Length. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal digits; only large files have one. */
  readonly sha256?: string;
}

/** The files of one commit of a model. */
export interface HubListing {
  readonly repository: string;
  /** The commit in hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** SPDX name of its licence, or the Hub's word for it, if the model names one. */
  readonly licence?: string;
}

/** The public Hub. */
const PUBLIC_HUB = "https://huggingface.co";
/** A list longer than this is not one of a model. */
const MOST_BYTES = 16_000_000;
const POLICY = { ...RETRY_POLICY, attempts: 4 };

/** The endpoint without slashes at its end. */
export function hubEndpoint({ endpoint }: HubOptions): string {
  return (endpoint || PUBLIC_HUB).replace(/\/+$/, "");
}

/** The headers that identify the user. */
export function hubHeaders({ token }: HubOptions): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** The address of a file of a listed commit. */
export function hubFileUrl({ repository, commit }: HubListing, path: string, options: HubOptions): string {
  return `${hubEndpoint(options)}/${repository}/resolve/${commit}/${
    path.split("/").map(encodeURIComponent).join("/")
  }`;
}

/**
 * Asks the Hub what a model contains.
 *
 * @throws {DownloadError} When the Hub cannot be reached, has no such model or does not let this user read it.
 */
export async function listHubFiles(address: HubAddress, options: HubOptions = {}): Promise<HubListing> {
  const { repository, revision } = address;
  const endpoint = hubEndpoint(options);
  const url = `${endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const failed = (why: string, cause?: unknown) =>
    new DownloadError(`Cannot find hf:${repository}@${revision}: ${why}`, { cause });
  const response = await askHub(url, options, failed);
  const said = await limitedText(response, failed);
  let document: unknown;
  try {
    document = JSON.parse(said);
  } catch (cause) {
    throw failed(`${new URL(endpoint).host} sends no JSON; check HF_ENDPOINT`, cause);
  }
  return readListing(repository, document, failed);
}

type Failed = (why: string, cause?: unknown) => DownloadError;

async function askHub(url: string, options: HubOptions, failed: Failed): Promise<Response> {
  const { signal, token } = options;
  const { host } = new URL(url);
  const attempt = async () => {
    let response: Response;
    try {
      response = await fetch(url, { headers: hubHeaders(options), signal: signal ?? null });
    } catch (error) {
      // A missing Deno permission is not the server's fault.
      if ((error as Error).name === "NotCapable") throw failed((error as Error).message, error);
      throw new PassingFailure(`${host} cannot be reached`);
    }
    if (response.ok) return response;
    await response.body?.cancel().catch(() => {});
    const { status } = response;
    if (status === 401 || status === 403) {
      throw failed(
        token
          ? `the token of HF_TOKEN does not allow it (${status}); gated models are first accepted on the Hub's page`
          : `there is no such public model (${status}); for a private or gated one set HF_TOKEN`,
      );
    }
    if (status === 404) throw failed("there is no such model or revision (404)");
    const reason = `${host} answered ${status}`;
    if (status !== 429 && status < 500) throw failed(reason);
    throw new PassingFailure(reason, askedWait(response.headers.get("retry-after")));
  };
  try {
    return await untilDone(attempt, { policy: POLICY, signal });
  } catch (error) {
    if (!(error instanceof TransferError && error.cause instanceof PassingFailure)) throw error;
    throw failed(`${error.cause.message}; offline uses what was downloaded before`);
  }
}

async function limitedText(response: Response, failed: Failed): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  const reader = response.body!.getReader();
  for (let part; !(part = await reader.read()).done;) {
    bytes += part.value.length;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      throw failed("the list of its files is too long");
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text;
}

function readListing(repository: string, document: unknown, failed: Failed): HubListing {
  const { sha, siblings, cardData } = (document ?? {}) as Record<string, unknown>;
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha) || !Array.isArray(siblings)) {
    throw failed("the answer is not the Hub's; check HF_ENDPOINT");
  }
  const files = siblings.flatMap((each: unknown): HubFile[] => {
    const { rfilename: path, size, lfs } = (each ?? {}) as Record<string, unknown>;
    // Paths become files of the cache.
    const usable = typeof path === "string" && /^[^\\:]+$/.test(path) && Number.isSafeInteger(size) &&
      path.split("/").every((part) => part !== "" && !/^\.+$/.test(part));
    if (!usable) return [];
    const digest = (lfs as Record<string, unknown> | undefined)?.["sha256"];
    const known = typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest);
    return [{ path, bytes: size as number, ...(known ? { sha256: digest } : {}) }];
  });
  const licence = (cardData as Record<string, unknown> | undefined)?.["license"];
  return { repository, commit: sha, files, ...(typeof licence === "string" ? { licence } : {}) };
}
