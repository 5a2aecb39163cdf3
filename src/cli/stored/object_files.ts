/**
 * Files of the command line that are objects of a store: `s3://bucket/key`. files.ts calls these for such paths; an object
 * is seen when it is whole, so nothing is written beside it.
 *
 * @module
 */
import { objectStore, type StoredObject } from "../../objects/mod.ts";
import { sha256 } from "../../weights/storage/digest.ts";

/** Reads an object; `undefined` if it does not exist. */
export async function readObjectIfThere(path: string): Promise<Uint8Array | undefined> {
  const found = await statObject(path);
  if (found === undefined) return undefined;
  const { size, etag } = found;
  return await (await objectStore()).read(path, { size, etag });
}

/** Length and tag of an object; `undefined` if it does not exist. */
export async function statObject(path: string): Promise<StoredObject | undefined> {
  return await (await objectStore()).stat(path);
}

/** Writes an object; `keep` is the address that the present one gets, if there is one. */
export async function writeObject(path: string, content: Uint8Array | string, keep?: string): Promise<void> {
  const store = await objectStore();
  const present = keep === undefined ? undefined : await readObjectIfThere(path);
  if (keep !== undefined && present !== undefined) await store.write(keep, present);
  await store.write(path, content);
}

/** Writes an object in parts. */
export async function writeObjectParts(
  path: string,
  parts: Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  await (await objectStore()).writeParts(path, parts, signal);
}

/** SHA-256 of an object, in hexadecimal digits. */
export async function digestOfObject(path: string, signal: AbortSignal): Promise<string> {
  const digest = sha256();
  for await (const part of (await objectStore()).stream(path, { signal })) digest.update(part);
  return digest.value();
}

/** Removes an object if it exists. */
export async function removeObject(path: string): Promise<void> {
  await (await objectStore()).remove(path);
}

/** Fails early if writing `path` would fail later. */
export async function checkObjectWritable(path: string): Promise<void> {
  const store = await objectStore();
  const beside = `${path}.${crypto.randomUUID()}.partial`;
  await store.write(beside, "");
  await store.remove(beside);
}

/** Whether there are objects below an address: then it is what a folder is on a disk. */
export async function hasObjectsBelow(path: string): Promise<boolean> {
  for await (const _ of (await objectStore()).list(path.endsWith("/") ? path : `${path}/`)) return true;
  return false;
}
