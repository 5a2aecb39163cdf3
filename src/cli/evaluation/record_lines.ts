/**
 * Lines of JSON with a check: the last member, `"check":"1-9ab3c2d1"`, holds the version of the format and the CRC-32 of
 * the record's JSON without it. Lines of version 0 have no check.
 *
 * @module
 */
import { crc32 } from "../../image/codecs/check_png.ts";

/** The format that is written. */
const VERSION = 1;
const CHECK = /,"check":"(\d{1,9})-([0-9a-f]{8})"\}$/;

/** A record as a line with its end. */
export function recordLine(record: unknown): string {
  const json = JSON.stringify(record);
  return `${json.slice(0, -1)},"check":"${VERSION}-${checkOf(json)}"}\n`;
}

function checkOf(json: string): string {
  return crc32(new TextEncoder().encode(json)).toString(16).padStart(8, "0");
}

/**
 * Reads the complete lines. An incomplete last line, which a killed process leaves, is dropped.
 *
 * @throws {SyntaxError} When another line is damaged, or of a newer version; the message says which and what to do.
 */
export function parseRecordLines<T>(text: string, path: string): T[] {
  const lines = text.split("\n");
  const last = lines.pop()!;
  // A last line without its end counts if it is whole: an editor may have taken the line feed.
  if (last.trim() !== "" && isWhole(last)) lines.push(last);
  // A file is of one version, because it is written anew when a run continues.
  const checked = lines.some((line) => CHECK.test(line));
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const match = CHECK.exec(line);
    const damaged = (why: string, cause?: unknown) =>
      new SyntaxError(
        `Cannot read records ${path}: line ${
          index + 1
        } ${why}; remove that line, and the run does its image again`,
        { cause },
      );
    if (match !== null && Number(match[1]) > VERSION) {
      throw new SyntaxError(
        `Cannot read records ${path}: line ${index + 1} is of format ${match[1]}, this version reads up to ` +
          `${VERSION}; update ptame`,
      );
    }
    if (match === null && checked) throw damaged("has no check");
    const json = match === null ? line : `${line.slice(0, match.index)}}`;
    if (match !== null && checkOf(json) !== match[2]) throw damaged("does not match its check");
    try {
      return [JSON.parse(json) as T];
    } catch (cause) {
      throw damaged("is not JSON", cause);
    }
  });
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
