/**
 * Responses by their entity tags: the same image, networks, head and options give the same bytes, so nothing runs twice.
 *
 * @module
 */

/** A response that can be given again. */
export interface StoredResponse {
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly type: string;
}

/** The stored responses. */
export interface ResponseCache {
  /** The response of a tag; undefined if there is none. */
  find(tag: string): StoredResponse | undefined;
  /** Keeps a response; those that were not asked for longest go. One of more than an eighth of all is not kept. */
  keep(tag: string, response: StoredResponse): void;
}

/**
 * Opens a cache.
 *
 * @param most Bytes of all bodies together; 0 keeps none.
 */
export function createResponseCache(most: number): ResponseCache {
  // In the order of their last use.
  const stored = new Map<string, StoredResponse>();
  let bytes = 0;
  const forget = (tag: string, { body }: StoredResponse) => {
    stored.delete(tag);
    bytes -= body.length;
  };
  return {
    find: (tag) => {
      const found = stored.get(tag);
      if (found === undefined) return undefined;
      stored.delete(tag);
      stored.set(tag, found);
      return found;
    },
    keep: (tag, response) => {
      if (response.body.length > most / 8) return;
      const before = stored.get(tag);
      if (before !== undefined) forget(tag, before);
      stored.set(tag, response);
      bytes += response.body.length;
      for (const [old, each] of stored) {
        if (bytes <= most) break;
        forget(old, each);
      }
    },
  };
}
