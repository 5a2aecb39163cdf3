/**
 * Folders of copies in the cache: what a command needs as files, and reads from elsewhere.
 *
 * @module
 */
import { sha256 } from "../weights/storage/digest.ts";
import { ownFolder } from "../weights/storage/own_folder.ts";

/**
 * The folder of a copy: another one for another content.
 *
 * @param kind Name of the folder that it is in.
 * @param identity What tells the content, as JSON has it.
 */
export function copyFolder(kind: string, identity: unknown): string {
  const digest = sha256();
  digest.update(new TextEncoder().encode(JSON.stringify(identity)));
  return `${ownFolder()}/${kind}/${digest.value().slice(0, 24)}`;
}
