/**
 * Content negotiation and caching: the Accept header and entity tags.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";

/** A format of an explanation. */
export type Format = "json" | "png" | "npy";

/** Media type of each format; NumPy's format has no registered type. */
export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: "application/json",
  png: "image/png",
  npy: "application/x-npy",
};

/** Formats of an explanation. */
export const FORMATS = Object.keys(MEDIA_TYPES) as readonly Format[];

interface Range {
  readonly type: string;
  readonly quality: number;
}

function acceptedRanges(accept: string): Range[] {
  return accept.split(",").map((part) => {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const quality = given === undefined ? 1 : Number(given);
    return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
  });
}

/** Quality of a media type for a client, 0 to 1; the most specific matching range decides (RFC 9110, 12.5.1). */
function acceptedQuality(media: string, ranges: readonly Range[]): number {
  const group = `${media.split("/")[0]}/*`;
  for (const wanted of [media, group, "*/*"]) {
    const range = ranges.find(({ type }) => type === wanted);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

/** The format that an Accept header prefers; JSON if it has no preference; undefined if it accepts none. */
export function formatFor(accept: string | null): Format | undefined {
  if (accept === null || accept.trim() === "") return "json";
  const ranges = acceptedRanges(accept);
  let best: Format | undefined;
  let highest = 0;
  for (const format of FORMATS) {
    const quality = acceptedQuality(MEDIA_TYPES[format], ranges);
    if (quality > highest) [best, highest] = [format, quality];
  }
  return best;
}

/** An entity tag over these parts: the same for the same contents, in quotes. */
export async function entityTag(...parts: readonly (Uint8Array | string)[]): Promise<string> {
  const encoder = new TextEncoder();
  const hashes = new Uint8Array(32 * parts.length);
  for (const [i, part] of parts.entries()) {
    const bytes = typeof part === "string" ? encoder.encode(part) : part as Uint8Array<ArrayBuffer>;
    hashes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), 32 * i);
  }
  const whole = new Uint8Array(await crypto.subtle.digest("SHA-256", hashes));
  return `"${uint8ArrayToHex(whole.subarray(0, 16))}"`;
}

/** Whether an If-None-Match header names this tag; weak and strong tags compare alike. */
export function namesTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.split(",").some((each) => {
    const named = each.trim();
    return named === "*" || named.replace(/^W\//, "") === tag;
  });
}
