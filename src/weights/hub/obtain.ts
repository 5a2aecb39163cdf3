/**
 * Gets a model by its address, on the Hub or anywhere on the web, into the cache folder: once for each version, with
 * what belongs to it. An interrupted download is resumed.
 *
 * @module
 */
import { download, type DownloadOptions } from "../download/download.ts";
import { DownloadError } from "../download/errors.ts";
import { openModelOrigin } from "../storage/mod.ts";
import type { ModelOrigin, WeightStorage } from "../storage/types.ts";
import type { PublishedFile } from "../../../models/network.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import type { WeightOptions } from "../obtain.ts";
import { isHubAddress, parseHubAddress } from "./address.ts";
import { chooseHubModel } from "./choose_model.ts";
import type { ModelDtype } from "./dtypes.ts";
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
export interface ModelAddressOptions extends Omit<WeightOptions, "mirrors">, HubOptions {
  /** The number type of the weights, for a model of the Hub; fp32 by default. */
  readonly dtype?: ModelDtype | undefined;
}

/** A model that was got by its address. */
export interface ObtainedModel {
  /** The repository, or the file's name without its ending. */
  readonly name: string;
  /** Path of the .onnx file in the cache folder; absent if the storage is not a folder. */
  readonly path?: string;
  /** The .onnx file. */
  readonly onnx: ByteSource;
  /** Files of its folder that may be its external data, by their names. */
  readonly externalData: ReadonlyMap<string, ByteSource>;
  /** `config.json` and `preprocessor_config.json`, by their names, where the model has them. */
  readonly descriptions: ReadonlyMap<string, ByteSource>;
}

/**
 * Gets a model and what belongs to it, from the storage or from the server.
 *
 * @param address `hf:owner/name[@revision][/path/model.onnx]`, or an http(s) address of an .onnx file.
 * @throws {DownloadError} When it cannot be downloaded, or `offline` forbids it and it is not stored.
 * @throws {RangeError} When the address has another form.
 */
export function obtainModel(address: string, options: ModelAddressOptions = {}): Promise<ObtainedModel> {
  return isHubAddress(address) ? obtainHubModel(address, options) : obtainWebModel(address, options);
}

async function obtainHubModel(text: string, options: ModelAddressOptions): Promise<ObtainedModel> {
  const address = parseHubAddress(text);
  const { cache, dtype, offline } = options;
  const origin = await openModelOrigin(["hub", address.repository.replace("/", "--")], cache);
  const known = await origin.recall(`ref ${address.revision}`) as HubListing | undefined;
  // A commit never changes.
  const listing = known !== undefined && (offline || known.commit === address.revision)
    ? known
    : offline
    ? refuseOffline(text, origin)
    : await listHubFiles(address, options);
  const { model, externalData, descriptions } = chosen(text, listing, { path: address.path, dtype });
  const files = new Map(listing.files.map((file) => [file.path, file]));
  const all = async (list: readonly HubFile[]) => {
    const contents = new Map<string, ByteSource>();
    for (const file of list) {
      const { content, known } = await keep(file, listing, origin, { ...options, text });
      files.set(file.path, known);
      contents.set(split(file.path).name, content);
    }
    return contents;
  };
  const found = {
    name: address.repository,
    onnx: [...(await all([model])).values()][0]!,
    externalData: await all(externalData),
    descriptions: await all(descriptions),
    ...(origin.path === undefined ? {} : { path: `${origin.path}/${listing.commit}/${model.path}` }),
  };
  if (listing !== known) {
    await origin.remember(`ref ${address.revision}`, { ...listing, files: [...files.values()] });
  }
  return found;
}

function chosen(text: string, listing: HubListing, asked: Parameters<typeof chooseHubModel>[1]) {
  try {
    return chooseHubModel(listing.files, asked);
  } catch (cause) {
    throw new DownloadError(`Cannot use ${text}: ${(cause as Error).message}`, { cause });
  }
}

function refuseOffline(text: string, { place }: ModelOrigin): never {
  throw new DownloadError(`Cannot load ${text}: it is not in ${place}, and offline forbids the network`);
}

/** A file of a commit, downloaded where it was missing, with its digest. */
async function keep(
  file: HubFile,
  listing: HubListing,
  origin: ModelOrigin,
  options: ModelAddressOptions & { readonly text: string },
): Promise<{ content: ByteSource; known: HubFile }> {
  const { folder, name } = split(file.path);
  const published: PublishedFile = {
    file: name,
    bytes: file.bytes,
    sha256: file.sha256 ?? "",
    licence: listing.licence ?? "licence unknown",
    urls: [hubFileUrl(listing, file.path, options)],
  };
  const digest = { sha256: file.sha256 };
  const content = await storedOr(
    published,
    origin.storage(folder === "" ? listing.commit : `${listing.commit}/${folder}`),
    (storage) => {
      if (options.offline) refuseOffline(options.text, origin);
      return download(published, storage, {
        ...transferOptions(options),
        headers: hubHeaders(options),
        onDigest: (sha256) => digest.sha256 = sha256,
      });
    },
  );
  return { content, known: digest.sha256 === undefined ? file : { ...file, sha256: digest.sha256 } };
}

async function storedOr(
  file: PublishedFile,
  storage: WeightStorage,
  get: (storage: WeightStorage) => Promise<ByteSource>,
): Promise<ByteSource> {
  return await storage.open(file) ?? await get(storage);
}

/** What is remembered of an address. */
interface Remembered {
  readonly address: string;
  readonly bytes: number;
  readonly tag?: string;
  readonly sha256?: string;
}

async function obtainWebModel(address: string, options: ModelAddressOptions): Promise<ObtainedModel> {
  const url = new URL(address);
  const { name } = split(decodeURIComponent(url.pathname));
  if (!/\.onnx$/i.test(name) || /[\\:]/.test(name)) {
    throw new DownloadError(`Cannot use ${shown(url)}: the path of a model's address ends in .onnx`);
  }
  const origin = await openModelOrigin(["web", `${url.host}${url.pathname}${url.search}`], options.cache);
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
  // Another version may be as long; and without a digest, only the version says that a partial file belongs to this one.
  if (!same || (found.tag === undefined && known.sha256 === undefined)) await origin.discard(file);
  const onnx = await storedOr(file, origin.storage(""), async (storage) => {
    if (options.offline) refuseOffline(shown(url), origin);
    const remembered: Remembered = { address: shown(url), ...found };
    await origin.remember("remembered", remembered);
    const digest: { sha256?: string } = {};
    const content = await download(file, storage, {
      ...transferOptions(options),
      onDigest: (sha256) => digest.sha256 = sha256,
    });
    await origin.remember("remembered", { ...remembered, ...digest });
    return content;
  });
  return {
    name: name.replace(/\.onnx$/i, ""),
    onnx,
    externalData: new Map(),
    descriptions: new Map(),
    ...(origin.path === undefined ? {} : { path: `${origin.path}/${name}` }),
  };
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
