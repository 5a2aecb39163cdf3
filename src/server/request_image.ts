/**
 * Gets the image of a request: from the body itself, a field of a form, or a URL in JSON. Refuses images with too many
 * pixels by their header; decodes nothing.
 *
 * @module
 */
import type { DecodeSettings } from "../image/decode.ts";
import { readHeader } from "../image/header.ts";
import { ImageError } from "../image/types.ts";
import { checkLength, readBytes } from "./body.ts";
import { watchArrival } from "./arrival.ts";
import type { Share } from "./budget.ts";
import { HttpError } from "./errors.ts";
import { readFormImage } from "./form.ts";
import { parseForeignJson } from "../text/foreign_json.ts";
import { fetchImage, type RemoteImages } from "./remote_image.ts";

/** Limits and sources of a request's image. */
export interface ImageLimits {
  /** Maximum size of a body or of a fetched image in bytes. */
  readonly maxBodyBytes: number;
  /** What reading an image may cost; `maxPixels` is checked by the header too. */
  readonly decode: DecodeSettings & { readonly maxPixels: number };
  /** Milliseconds for a body or an image to arrive. */
  readonly bodyDeadline: number;
  /** How to fetch images; undefined if not allowed. */
  readonly urls: RemoteImages | undefined;
}

/** Maximum size of a JSON body, which contains only a URL. */
export const MOST_JSON_BYTES = 16 * 1024;
const JSON_LIMITS = { characters: MOST_JSON_BYTES, depth: 2, values: 10 };

/** The shares of a request in what all requests have together. */
export interface RequestShares {
  /** Bytes of bodies and fetched images. */
  readonly bytes: Share;
  /** Images that are being fetched. */
  readonly fetches: Share;
}

/** Content types that `POST /explain` reads. */
export const ACCEPTED_TYPES = [
  "image/*",
  "application/octet-stream",
  "multipart/form-data",
  "application/json",
];

function bad(code: string, message: string): HttpError {
  return new HttpError(400, code, message);
}

function mediaType(headers: Headers): string {
  return (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** Refuses an unsuitable body before reading it. */
export function checkBody(headers: Headers, { maxBodyBytes }: ImageLimits): void {
  const type = mediaType(headers);
  const accepted = ACCEPTED_TYPES.some((each) =>
    each === type || (each === "image/*" && /^image\/./.test(type))
  );
  if (!accepted) {
    const types = ACCEPTED_TYPES.join(", ");
    throw new HttpError(
      415,
      "unsupported_type",
      `Cannot read a body of type ${type === "" ? "unknown" : type.slice(0, 60)}: send ${types}`,
      { "accept-post": types },
    );
  }
  checkLength(headers, type === "application/json" ? MOST_JSON_BYTES : maxBodyBytes);
}

/**
 * The bytes of a request's image.
 *
 * @throws {HttpError} When there is none, it cannot be fetched, or it exceeds a limit.
 */
export async function readRequestImage(
  request: Request,
  limits: ImageLimits,
  signal: AbortSignal,
  shares: RequestShares,
): Promise<Uint8Array<ArrayBuffer>> {
  checkBody(request.headers, limits);
  const arriving = watchArrival(
    limits.bodyDeadline,
    () => new HttpError(408, "body_timeout", "Cannot read the body: it arrives too slowly"),
    signal,
  );
  const type = mediaType(request.headers);
  const maxBytes = type === "application/json" ? MOST_JSON_BYTES : limits.maxBodyBytes;
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = await readBytes(request.body, {
      maxBytes,
      signal: arriving.signal,
      onPart: (bytes) => {
        arriving.count(bytes);
        shares.bytes.take(bytes);
      },
    });
  } finally {
    arriving.stop();
  }
  if (body.length === 0) throw bad("no_image", "Cannot explain: the body is empty");
  const image = type === "application/json"
    ? await fetchNamedImage(body, limits, signal, shares)
    : type === "multipart/form-data"
    ? await readFormImage(body, request.headers.get("content-type")!)
    : body;
  checkPixels(image, limits.decode.maxPixels);
  return image;
}

async function fetchNamedImage(
  body: Uint8Array,
  { urls, maxBodyBytes, bodyDeadline }: ImageLimits,
  signal: AbortSignal,
  shares: RequestShares,
): Promise<Uint8Array<ArrayBuffer>> {
  let given: unknown;
  try {
    given = parseForeignJson(new TextDecoder("utf-8", { fatal: true }).decode(body), JSON_LIMITS);
  } catch {
    throw bad("invalid_json", "Cannot read the body: it is not JSON");
  }
  const url = (given as { url?: unknown } | null)?.url;
  if (typeof url !== "string" || Object.keys(given as object).length !== 1) {
    throw bad("invalid_json", 'Cannot read the body: it must be { "url": "https://…" }');
  }
  if (urls === undefined) {
    throw new HttpError(
      403,
      "urls_off",
      "Cannot fetch the image: this server fetches no URLs; send the image",
    );
  }
  shares.fetches.take(1);
  const arriving = watchArrival(
    bodyDeadline,
    () => new HttpError(422, "url_unreachable", "Cannot fetch the image: it arrives too slowly"),
    signal,
  );
  try {
    return await fetchImage(url, urls, {
      maxBytes: maxBodyBytes,
      signal: arriving.signal,
      onPart: (bytes) => {
        arriving.count(bytes);
        shares.bytes.take(bytes);
      },
    });
  } finally {
    arriving.stop();
    shares.fetches.free();
  }
}

function checkPixels(image: Uint8Array, maxPixels: number): void {
  let header;
  try {
    header = readHeader(image);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new HttpError(422, "unreadable_image", `Cannot decode image: ${error.message}`);
  }
  const { width, height } = header;
  if (width !== undefined && height !== undefined && width * height > maxPixels) {
    throw new HttpError(
      413,
      "too_many_pixels",
      `Cannot decode image: ${width} x ${height} pixels exceeds maxPixels ${maxPixels}`,
    );
  }
}
