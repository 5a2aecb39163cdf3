/**
 * Objects of a store (S3 and what speaks its protocol): `s3://bucket/key`. The library that signs requests is loaded with
 * the first one.
 *
 * @module
 */
import { readStoreSettings } from "./settings.ts";
import { type ObjectStore, openObjectStore } from "./store.ts";

export { isObjectAddress, objectAddress, parseObjectAddress } from "./address.ts";
export { ObjectError } from "./requests.ts";
export type { ObjectStore, ReadOptions, StoredObject } from "./store.ts";

// Shared by all who read in this thread: the keys of a signature are made once.
let opened: Promise<ObjectStore> | undefined;

/** The store of this process's environment, which is read once. */
export function objectStore(): Promise<ObjectStore> {
  opened ??= readStoreSettings().then((settings) => openObjectStore(settings));
  // The next call may find what was missing.
  opened.catch(() => opened = undefined);
  return opened;
}
