/**
 * Signed requests to an object store, repeated when they fail for a while.
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";
import { type AttemptOptions, refusePassing, untilDone } from "../transfer/attempts.ts";
import { RETRY_POLICY, type RetryPolicy } from "../transfer/back_off.ts";
import { watchSilence } from "../transfer/silence.ts";
import { type ObjectAddress, objectAddress } from "./address.ts";
import type { StoreSettings } from "./settings.ts";

/** Not a literal, because Deno and bundlers would load it for everybody. */
const AWS4FETCH = "Deno" in globalThis ? ["npm:aws4fetch", "1.0.20"].join("@") : "aws4fetch";

/** Seven attempts within about half a minute: a store that throttles asks for patience. */
export const STORE_POLICY: RetryPolicy = { ...RETRY_POLICY, attempts: 7 };

/** Bytes in a millisecond: half a megabit in a second. */
const SLOW_LINE = 64;

/** A request to a store; the message of an error says what was tried: "read". */
export interface StoreRequest {
  readonly act: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly address: ObjectAddress;
  /** What the request is for, if it is another address. */
  readonly about?: ObjectAddress;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer with its whole body. */
export interface StoreAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A store refused; the message is one line and says what to do. */
export class ObjectError extends Error {
  override name = "ObjectError";
  /** The status that the store answered; undefined if it could not be reached. */
  readonly status: number | undefined;
  constructor(
    message: string,
    { status, cause }: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
  }
}

/** Sends requests of one user to one store. */
export interface Requests {
  readonly policy: RetryPolicy;
  /**
   * Sends a request and reads its answer.
   *
   * @throws {ObjectError} When the store refuses it, or cannot be reached in several attempts.
   */
  send(request: StoreRequest): Promise<StoreAnswer>;
  /** The URL of an object. */
  url(address: ObjectAddress, query?: Readonly<Record<string, string>>): URL;
  /** The headers that sign a request; they are valid for 15 minutes. */
  sign(url: URL, request: Pick<StoreRequest, "method" | "headers">): Promise<Record<string, string>>;
  /** The error for a status. */
  refused(request: Pick<StoreRequest, "act" | "address" | "about">, status: number, said?: Said): ObjectError;
}

/** What a store says beside a status. */
interface Said {
  readonly code?: string | undefined;
  /** The region of the bucket. */
  readonly region?: string | null;
}

/** The used part of aws4fetch. */
interface SigningLibrary {
  readonly AwsV4Signer: new (options: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly service: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
    readonly cache: Map<string, ArrayBuffer>;
  }) => { sign(): Promise<{ readonly headers: Headers }> };
}

async function loadSigning(): Promise<SigningLibrary> {
  try {
    return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ AWS4FETCH);
  } catch (cause) {
    const said = (cause as Error).message.split("\n")[0];
    throw new ObjectError(
      `Cannot reach the object store: its library cannot be loaded (${said}); with a network, ` +
        `${"Deno" in globalThis ? "deno cache" : "npm install"} ${AWS4FETCH} brings it`,
      { cause },
    );
  }
}

/** Opens requests to a store; the library that signs them is loaded here. */
export async function openRequests(
  { endpoint, region, credentials }: StoreSettings,
  policy: RetryPolicy = STORE_POLICY,
): Promise<Requests> {
  const library = credentials === undefined ? undefined : await loadSigning();
  const cache = new Map<string, ArrayBuffer>();

  const url: Requests["url"] = ({ bucket, key }, query = {}) => {
    if (key.split("/").some((part) => part === "." || part === "..")) {
      throw new ObjectError(
        `Cannot ask for ${objectAddress({ bucket, key })}: no URL has . or .. as a folder`,
      );
    }
    const path = key.split("/").map(encodePart).join("/");
    // A bucket with dots has no certificate of its own.
    const own = endpoint === undefined && !bucket.includes(".");
    const root = own
      ? `https://${bucket}.s3.${region}.amazonaws.com`
      : `${(endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, "")}/${bucket}`;
    // As the signature has them: a form's "+" is another character.
    const asked = Object.entries(query).map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`);
    return new URL(`${root}/${path}${asked.length === 0 ? "" : `?${asked.join("&")}`}`);
  };
  const sign: Requests["sign"] = async (to, { method, headers = {} }) => {
    if (library === undefined || credentials === undefined) return { ...headers };
    const options = { ...{ method, headers, region, cache, url: to.href, service: "s3" }, ...credentials };
    const signed = await new library.AwsV4Signer(options).sign();
    return Object.fromEntries(signed.headers);
  };
  const refused: Requests["refused"] = ({ act, address, about }, status, { code, region: theirs } = {}) => {
    const place = objectAddress(about ?? address);
    const why = status === 404
      ? code === "NoSuchBucket" ? `there is no bucket ${address.bucket}` : "there is no such object"
      : status === 301 || status === 307 || code === "AuthorizationHeaderMalformed"
      ? `the bucket is in another region${theirs ? `: AWS_REGION=${theirs}` : ""}`
      : (status === 403 || status === 401) && credentials === undefined
      ? "it is not public, and there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
      : status === 403 || status === 401
      ? `the store does not allow it${code === undefined ? "" : ` (${code})`}`
      : `the store answered ${status}${code === undefined ? "" : ` (${code})`}`;
    return new ObjectError(`Cannot ${act} ${place}: ${why}`, { status });
  };

  async function attempt(request: StoreRequest): Promise<StoreAnswer> {
    const { method, address, query, headers, body, signal } = request;
    const to = url(address, query);
    // How far an upload is cannot be seen: it may take as long as a slow line needs.
    const silence = watchSilence(policy.stall + (body?.length ?? 0) / SLOW_LINE, signal);
    try {
      silence.listen();
      let response: Response;
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        response = await fetch(to, {
          method,
          headers: await sign(to, { method, ...(headers && { headers }) }),
          body: body ?? null,
          redirect: "manual",
          signal: silence.signal,
        });
        bytes = await bodyOf(response, silence.listen);
      } catch (error) {
        throw silence.failure(error, "the store cannot be reached");
      }
      refusePassing(response);
      if (response.ok) return { status: response.status, headers: response.headers, bytes };
      const code = /<Code>([^<]*)<\/Code>/.exec(new TextDecoder().decode(bytes))?.[1];
      const region = response.headers.get("x-amz-bucket-region");
      throw refused(request, response.status, { code, region });
    } finally {
      silence.rest();
    }
  }

  return {
    policy,
    url,
    sign,
    refused,
    send: async (request) => {
      const options: AttemptOptions = { policy, signal: request.signal };
      try {
        return await untilDone(() => attempt(request), options);
      } catch (error) {
        throw asObjectError(error, request);
      }
    },
  };
}

/** An error as one of the store's own; stops and errors of ours stay. */
export function asObjectError(
  error: unknown,
  { act, address, about = address, signal }: Pick<StoreRequest, "act" | "address" | "about" | "signal">,
): unknown {
  if (signal?.aborted || error instanceof ObjectError || !(error instanceof Error)) return error;
  return new ObjectError(`Cannot ${act} ${objectAddress(about)}: ${error.message}`, { cause: error });
}

/** Reads a body; `heard` is called with each part. */
async function bodyOf(response: Response, heard: () => void): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of response.body ?? []) {
    heard();
    parts.push(part as Uint8Array<ArrayBuffer>);
  }
  return concatUint8Arrays(parts) as Uint8Array<ArrayBuffer>;
}

/** Percent-encodes all but the characters that RFC 3986 leaves as they are. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
