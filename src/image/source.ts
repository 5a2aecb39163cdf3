/**
 * Gets the bytes of an image from any source, and its name for errors. Decodes nothing. `s3://bucket/key` is an object of
 * a store (objects/).
 *
 * Files are read by file URL: with `fetch`, or with the runtime's built-in module if `fetch` does not support file
 * URLs.
 *
 * @module
 */
import { readFileUrl } from "../platform/file_url.ts";
import { isObjectAddress } from "../objects/address.ts";
import { ImageError, type ImageSource, type RgbImage } from "./types.ts";
import { oneLine } from "../text/foreign_text.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** The bytes of an image and its name. */
export interface ReadSource {
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Path, URL or file name; undefined for bare bytes. */
  readonly name: string | undefined;
}

/** The beginnings of addresses. `C:\photo.jpg` and `noon: 12.jpg` are paths. */
const ADDRESS = /^([a-z][a-z0-9+.-]+:\/\/|file:\/|data:[^,]*,|blob:)/i;

/** Whether a text is an address (http:, file:, s3:, data:, blob: …) and not the path of a file. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

function pathToUrl(path: string): URL {
  // The global `process` of Node, Deno and Bun knows the working directory; a page has its own address.
  const host = globalThis as {
    process?: { cwd?(): string; platform?: string };
    location?: { href: string };
  };
  // Elsewhere a backslash is a character of a name.
  const slashed = (text: string) => host.process?.platform === "win32" ? text.replaceAll("\\", "/") : text;
  const encoded = slashed(path).split("/").map(encodeURIComponent).join("/")
    .replace(/^([a-z])%3A\//i, "/$1:/");
  if (host.process?.cwd === undefined) return new URL(encoded, host.location?.href);
  if (encoded.startsWith("/")) return new URL(`file://${encoded}`);
  const here = slashed(host.process.cwd()).split("/").map(encodeURIComponent).join("/")
    .replace(/^([a-z])%3A/i, "/$1:");
  return new URL(`${encoded}`, `file://${here}/`);
}

async function fetchBytes(url: URL, name: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  let response: Response;
  try {
    const own = await readFileUrl(url, signal);
    if (own !== undefined) return own;
    response = await fetch(url, withoutUndefined({ signal }));
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ImageError(`Cannot read image ${name}: ${reason(cause)}`, { cause });
  }
  throw new ImageError(`Cannot read image ${name}: HTTP status ${response.status}`);
}

/** The bytes of an object in a store; what asks the store is loaded with the first one. */
async function objectBytes(address: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { objectStore } = await import("../objects/mod.ts");
  try {
    return await (await objectStore()).read(address, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ImageError(reason(cause), { cause });
  }
}

/** The last part of a fetch error's message, which in Deno repeats the URL and ends with the system's message. */
function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const system = /([^:]+) \(os error \d+\)$/.exec(text);
  return system === null ? text.split("\n", 1)[0]! : system[1]!.trim().toLowerCase();
}

/** A short form of a data URL, which may be megabytes long. */
function shorten(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 60)}…`;
}

/** True for ImageData and for our own RGB images: pixels that need no decoding. */
export function isPixels(source: ImageSource): source is ImageData | RgbImage {
  return typeof source === "object" && "width" in source && "height" in source && "data" in source;
}

/**
 * Reads the bytes of an image.
 *
 * @param source Bytes, a Blob, a URL, or a path or URL as text.
 * @param signal Stops a download.
 * @throws {ImageError} When it cannot be read.
 * @throws {TypeError} When the source is not an image source.
 */
export async function readSource(
  source: Exclude<ImageSource, ImageData | RgbImage>,
  signal?: AbortSignal,
): Promise<ReadSource> {
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) return { bytes: source, name: undefined };
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), name: undefined };
  if (source instanceof Blob) {
    const name = source instanceof File && source.name !== "" ? source.name : undefined;
    try {
      return { bytes: new Uint8Array(await source.arrayBuffer()), name };
    } catch (cause) {
      throw new ImageError(`Cannot read image${name === undefined ? "" : ` ${name}`}: ${reason(cause)}`, {
        cause,
      });
    }
  }
  if (source instanceof URL || (typeof source === "string" && isAddress(source))) {
    const name = shorten(String(source));
    if (isObjectAddress(name)) return { bytes: await objectBytes(String(source), signal), name };
    let url: URL;
    try {
      url = new URL(source);
    } catch (cause) {
      throw new ImageError(`Cannot read image ${name}: not a valid URL`, { cause });
    }
    return { bytes: await fetchBytes(url, name, signal), name };
  }
  if (typeof source === "string") {
    if (source === "") throw new ImageError("Cannot read image: the path is empty");
    // A line feed in a name would end the error's line.
    const name = oneLine(source);
    return { bytes: await fetchBytes(pathToUrl(source), name, signal), name };
  }
  throw new TypeError(`Cannot read image: ${Object.prototype.toString.call(source)} is not an image source`);
}
