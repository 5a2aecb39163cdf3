/**
 * Whether a stored file has its published digest. The digest is computed once per change of the file: a small file
 * beside it (`NAME.verified`) keeps size, time of the last change and digest.
 *
 * @module
 */
import type { PublishedFile } from "../../../models/network.ts";
import { digestOfFile } from "./digest.ts";

/** The path of the small file. */
export function verifiedPath(path: string): string {
  return `${path}.verified`;
}

/**
 * Whether the file at a path has the published length and, if one is published, the digest.
 *
 * @throws Errors of the system other than that there is no file.
 */
export async function isPublished(
  path: string,
  { bytes, sha256 }: Pick<PublishedFile, "bytes" | "sha256">,
): Promise<boolean> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
  if (!found.isFile || found.size !== bytes) return false;
  if (sha256 === "") return true;
  const known = await Deno.readTextFile(verifiedPath(path)).catch(() => "");
  if (known === stamp(found, sha256)) return true;
  if (await digestOfFile(path) !== sha256) return false;
  await rememberDigest(path, found, sha256);
  return true;
}

/** Writes the small file of a file whose digest is known. */
export async function rememberDigest(path: string, found: Deno.FileInfo, sha256: string): Promise<void> {
  // A folder that cannot be written costs the digest each time.
  await Deno.writeTextFile(verifiedPath(path), stamp(found, sha256)).catch(() => {});
}

function stamp({ size, mtime }: Deno.FileInfo, sha256: string): string {
  return `${size} ${mtime?.getTime() ?? 0} ${sha256}\n`;
}
