/**
 * Gets a model by its address, on the Hub or anywhere on the web, into the cache folder: once for each version, with
 * what belongs to it. An interrupted download is resumed.
 *
 * @module
 */
import { download, type DownloadOptions } from "../download/download.ts";
import { DownloadError } from "../download/errors.ts";
import { type ModelFolder, modelFolder } from "../storage/model_folder.ts";
import type { PublishedFile } from "../../../models/network.ts";
import type { WeightOptions } from "../obtain.ts";
import { isHubAddress, parseHubAddress } from "./address.ts";
import { chooseHubModel, type ModelDtype } from "./choose_model.ts";
import {
  type HubFile,
  hubFileUrl,
  hubHeaders,
  type HubListing,
  type HubOptions,
  listHubFiles,
} from "./listing.ts";
import { askFile } from "./web_file.ts";

/** How to get a model by its address. */
export interface ModelAddressOptions extends Omit<WeightOptions, "cache" | "mirrors">, HubOptions {
  /** The cache folder; by default the platform's. */
  readonly cache?: string | undefined;
  /** The number type of the weights, for a model of the Hub; fp32 by default. */
  readonly dtype?: ModelDtype | undefined;
}

/** Whether a text is an address of a model: `hf:…`, or http(s). */
export function isModelAddress(text: string): boolean {
  return isHubAddress(text) || /^https?:\/\//i.test(text);
}

/**
 * The path of a model's .onnx file in the cache, after it and what belongs to it were downloaded where they were missing.
 *
 * @param address `hf:owner/name[@revision][/path/model.onnx]`, or an http(s) address of an .onnx file.
 * @throws {DownloadError} When it cannot be downloaded, or `offline` forbids it and it is not stored.
 * @throws {RangeError} When the address has another form.
 */
export function obtainModel(address: string, options: ModelAddressOptions = {}): Promise<string> {
  return isHubAddress(address) ? obtainHubModel(address, options) : obtainWebModel(address, options);
}

async function obtainHubModel(text: string, options: ModelAddressOptions): Promise<string> {
  const address = parseHubAddress(text);
  const { cache, dtype, offline } = options;
  const origin = modelFolder(["hub", address.repository.replace("/", "--")], cache);
  const known = await origin.recall(`ref ${address.revision}`) as HubListing | undefined;
  // A commit never changes.
  const listing = known !== undefined && (offline || known.commit === address.revision)
    ? known
    : offline
    ? refuseOffline(text, origin)
    : await listHubFiles(address, options);
  const { model, externalData, descriptions } = chosen(text, listing, { path: address.path, dtype });
  const files = new Map(listing.files.map((file) => [file.path, file]));
  for (const file of [model, ...externalData, ...descriptions]) {
    files.set(file.path, await keep(file, listing, origin, { ...options, text }));
  }
  if (listing !== known) {
    await origin.remember(`ref ${address.revision}`, { ...listing, files: [...files.values()] });
  }
  return `${origin.path}/${listing.commit}/${model.path}`;
}

function chosen(text: string, listing: HubListing, asked: Parameters<typeof chooseHubModel>[1]) {
  try {
    return chooseHubModel(listing.files, asked);
  } catch (cause) {
    throw new DownloadError(`Cannot use ${text}: ${(cause as Error).message}`, { cause });
  }
}

function refuseOffline(text: string, { path }: ModelFolder): never {
  throw new DownloadError(`Cannot load ${text}: it is not in ${path}, and offline forbids the network`);
}

/** Stores a file of a commit where it is missing; gives it with its digest. */
async function keep(
  file: HubFile,
  listing: HubListing,
  origin: ModelFolder,
  options: ModelAddressOptions & { readonly text: string },
): Promise<HubFile> {
  const { folder, name } = split(file.path);
  const storage = origin.storage(folder === "" ? listing.commit : `${listing.commit}/${folder}`);
  const published: PublishedFile = {
    file: name,
    bytes: file.bytes,
    sha256: file.sha256 ?? "",
    licence: listing.licence ?? "licence unknown",
    urls: [hubFileUrl(listing, file.path, options)],
  };
  if (await storage.open(published) !== undefined) return file;
  if (options.offline) refuseOffline(options.text, origin);
  const digest = { sha256: file.sha256 };
  await download(published, storage, {
    ...transferOptions(options),
    headers: hubHeaders(options),
    onDigest: (sha256) => digest.sha256 = sha256,
  });
  return digest.sha256 === undefined ? file : { ...file, sha256: digest.sha256 };
}

/** What is remembered of an address. */
interface Remembered {
  readonly address: string;
  readonly bytes: number;
  readonly tag?: string;
  readonly sha256?: string;
}

async function obtainWebModel(address: string, options: ModelAddressOptions): Promise<string> {
  const url = new URL(address);
  const { name } = split(decodeURIComponent(url.pathname));
  if (!/\.onnx$/i.test(name) || /[\\:]/.test(name)) {
    throw new DownloadError(`Cannot use ${shown(url)}: the path of a model's address ends in .onnx`);
  }
  const origin = modelFolder(["web", `${url.host}${url.pathname}${url.search}`], options.cache);
  const known = await origin.recall("remembered") as Remembered | undefined;
  if (known === undefined && options.offline) refuseOffline(shown(url), origin);
  const found = options.offline ? known! : await askFile(url, options);
  const same = known?.bytes === found.bytes && known.tag === found.tag;
  const file: PublishedFile = {
    file: name,
    bytes: found.bytes,
    sha256: same ? known.sha256 ?? "" : "",
    licence: "licence unknown",
    urls: [url.href],
  };
  const storage = origin.storage("");
  // Another version may be as long; and without a digest, only the version says that a partial file belongs to this one.
  if (!same || (found.tag === undefined && known.sha256 === undefined)) await storage.remove(file);
  if (await storage.open(file) === undefined) {
    if (options.offline) refuseOffline(shown(url), origin);
    await origin.remember("remembered", { address: shown(url), ...found });
    const digest: { sha256?: string } = {};
    await download(file, storage, {
      ...transferOptions(options),
      onDigest: (sha256) => digest.sha256 = sha256,
    });
    await origin.remember("remembered", { address: shown(url), ...found, ...digest });
  }
  return `${origin.path}/${name}`;
}

function transferOptions({ onProgress, signal }: ModelAddressOptions): DownloadOptions {
  return { onProgress, signal };
}

function split(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(at, 0)), name: path.slice(at + 1) };
}

/** An address without what may be secret in it. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
