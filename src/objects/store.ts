/**
 * The objects of a store: listed page by page, read as a stream that resumes where it was cut, written whole or in parts.
 *
 * Source: Amazon S3 API Reference, "ListObjectsV2", "GetObject", "PutObject", "CreateMultipartUpload".
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";
import type { RetryPolicy } from "../transfer/back_off.ts";
import { TransferError } from "../transfer/attempts.ts";
import { transfer } from "../transfer/transfer.ts";
import { type ObjectAddress, parseObjectAddress } from "./address.ts";
import { asObjectError, ObjectError, openRequests, type Requests, type StoreRequest } from "./requests.ts";
import type { StoreSettings } from "./settings.ts";
import { uploadParts } from "./upload.ts";

/** An object as a store lists it. */
export interface StoredObject {
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** The entity tag with its quotes: another tag is another content. */
  readonly etag: string;
}

/** What a read may be told. */
export interface ReadOptions {
  /** Length, if it is known. */
  readonly size?: number | undefined;
  /** The entity tag that the object must have. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A store. Every address is a text: `s3://bucket/key`. */
export interface ObjectStore {
  /** The objects below a prefix, in the order of their keys' bytes; a page of 1,000 is in memory. */
  list(prefix: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncGenerator<StoredObject>;
  /** Length and tag of an object; undefined if there is none. */
  stat(address: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** The bytes of an object in order. */
  stream(address: string, options?: ReadOptions): AsyncGenerator<Uint8Array>;
  /** The whole object. */
  read(address: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes from `start` up to `end`, without it. */
  readRange(
    address: string,
    start: number,
    end: number,
    options?: ReadOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes an object; nobody sees a half one. Gives its tag. */
  write(address: string, content: Uint8Array | string, signal?: AbortSignal): Promise<string>;
  /** The same for an object in parts of any size; a large one is uploaded in several requests. */
  writeParts(
    address: string,
    parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Removes an object if it exists. */
  remove(address: string, signal?: AbortSignal): Promise<void>;
}

/** Opens a store. */
export async function openObjectStore(settings: StoreSettings, policy?: RetryPolicy): Promise<ObjectStore> {
  const requests = await openRequests(settings, policy);
  const object = (text: string): ObjectAddress => {
    const address = parseObjectAddress(text);
    if (address.key !== "") return address;
    throw new ObjectError(`Cannot use ${text}: it names a bucket, not an object`);
  };
  const stream: ObjectStore["stream"] = (text, options) => readObject(requests, object(text), options);
  return {
    list: (prefix, options) => listObjects(requests, parseObjectAddress(prefix), options?.signal),
    stat: async (text, signal) => {
      const address = object(text);
      try {
        const { headers } = await requests.send({ act: "read", method: "HEAD", address, signal });
        return {
          key: address.key,
          size: Number(headers.get("content-length") ?? 0),
          etag: headers.get("etag") ?? "",
        };
      } catch (error) {
        if (error instanceof ObjectError && error.status === 404) return undefined;
        throw error;
      }
    },
    stream,
    read: async (text, options) => {
      const parts: Uint8Array[] = [];
      for await (const part of stream(text, options)) parts.push(part);
      return concatUint8Arrays(parts) as Uint8Array<ArrayBuffer>;
    },
    readRange: async (text, start, end, { etag, signal } = {}) => {
      if (end <= start) return new Uint8Array();
      const address = object(text);
      const headers = { range: `bytes=${start}-${end - 1}`, ...(etag && { "if-match": etag }) };
      const { status, bytes } = await requests.send({ act: "read", method: "GET", address, headers, signal });
      // A server that does not know ranges sends all.
      return status === 206 ? bytes : bytes.slice(start, end);
    },
    write: async (text, content, signal) => {
      const body = typeof content === "string" ? content : content as Uint8Array<ArrayBuffer>;
      const request: StoreRequest = { act: "write", method: "PUT", address: object(text), body, signal };
      const { headers } = await requests.send(request);
      return headers.get("etag") ?? "";
    },
    writeParts: (text, parts, signal) => uploadParts(requests, object(text), parts, signal),
    remove: async (text, signal) => {
      try {
        await requests.send({ act: "remove", method: "DELETE", address: object(text), signal });
      } catch (error) {
        if (!(error instanceof ObjectError && error.status === 404)) throw error;
      }
    },
  };
}

async function* readObject(
  requests: Requests,
  address: ObjectAddress,
  { size, etag, signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const url = requests.url(address);
  const request = { act: "read", method: "GET", address, signal } as const;
  const headers = etag === undefined ? {} : { "if-match": etag };
  try {
    yield* transfer(url.href, {
      bytes: size,
      tag: etag,
      offset: 0,
      policy: requests.policy,
      headers: () => requests.sign(url, { ...request, headers }),
      onRetry: () => {},
      signal,
    });
  } catch (error) {
    if (error instanceof TransferError && error.status === 412) {
      throw new ObjectError(`${requests.refused(request, 412).message}: it has changed since it was listed`, {
        status: 412,
        cause: error,
      });
    }
    if (error instanceof TransferError && error.status !== undefined) {
      throw requests.refused(request, error.status);
    }
    throw asObjectError(error, request);
  }
}

async function* listObjects(
  requests: Requests,
  { bucket, key: prefix }: ObjectAddress,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject> {
  const decoder = new TextDecoder();
  for (let token: string | undefined, more = true; more;) {
    const { bytes } = await requests.send({
      act: "list",
      method: "GET",
      address: { bucket, key: "" },
      about: { bucket, key: prefix },
      // Keys may have characters that XML does not.
      query: {
        "list-type": "2",
        "encoding-type": "url",
        ...(prefix !== "" && { prefix }),
        ...(token !== undefined && { "continuation-token": token }),
      },
      signal,
    });
    const page = decoder.decode(bytes);
    for (const [, entry] of page.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
      const text = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(entry!)?.[1] ?? "";
      yield {
        key: decodeURIComponent(text("Key").replaceAll("+", " ")),
        size: Number(text("Size")),
        etag: plain(text("ETag")),
      };
    }
    more = /<IsTruncated>true<\/IsTruncated>/.test(page);
    const next = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(page)?.[1];
    if (more && (next === undefined || next === token)) {
      throw new ObjectError(`Cannot list s3://${bucket}/${prefix}: the store does not say how to go on`);
    }
    token = next && plain(next);
  }
}

/** A text of XML without its entities. */
export function plain(text: string): string {
  const named: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal, hexadecimal, name) =>
      decimal !== undefined
        ? String.fromCodePoint(Number(decimal))
        : hexadecimal !== undefined
        ? String.fromCodePoint(parseInt(hexadecimal, 16))
        : named[name] ?? whole,
  );
}
