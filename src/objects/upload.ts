/**
 * Objects that are written in parts: one request if they are small, else several that the store joins at the end. Until
 * then, nobody sees the object.
 *
 * @module
 */
import { concatUint8Arrays } from "uint8array-extras";
import { type ObjectAddress, objectAddress } from "./address.ts";
import { ObjectError, type Requests } from "./requests.ts";

/** Bytes of a part: the store asks for at least 5 MiB of all but the last. */
const PART = 8 * 2 ** 20;
/** After so many parts the next are larger, because an object has 10,000 at most: 440 GiB in all. */
const SAME_SIZE = 1000;
/** Parts that are uploaded at the same time; each is in memory. */
const AT_ONCE = 3;

/** Uploads an object from parts of any size. If it fails or stops, what was uploaded is removed. */
export async function uploadParts(
  requests: Requests,
  address: ObjectAddress,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const base = { act: "write", address, signal } as const;
  let upload: string | undefined;
  const sending = new Set<Promise<void>>();
  const tags: string[] = [];
  let failure: { readonly error: unknown } | undefined;

  const send = async (number: number, body: Uint8Array<ArrayBuffer>) => {
    const query = { partNumber: String(number), uploadId: upload! };
    const { headers } = await requests.send({ ...base, method: "PUT", query, body });
    tags[number - 1] = headers.get("etag") ?? "";
  };
  const begin = async (number: number, body: Uint8Array<ArrayBuffer>) => {
    upload ??= await startUpload(requests, base);
    const sent: Promise<void> = send(number, body)
      .catch((error) => void (failure ??= { error }))
      .finally(() => sending.delete(sent));
    sending.add(sent);
    if (sending.size >= AT_ONCE) await Promise.race(sending);
    if (failure !== undefined) throw failure.error;
  };
  try {
    let number = 1;
    let rest: Uint8Array<ArrayBuffer> | undefined;
    for await (const part of gathered(parts)) {
      signal?.throwIfAborted();
      // The last part, which may be the only one, is held back.
      if (rest !== undefined) await begin(number++, rest);
      rest = part;
    }
    signal?.throwIfAborted();
    if (upload === undefined) {
      await requests.send({ ...base, method: "PUT", body: rest ?? new Uint8Array() });
      return;
    }
    await begin(number, rest!);
    await Promise.all(sending);
    if (failure !== undefined) throw failure.error;
    await endUpload(requests, base, upload, tags);
  } catch (error) {
    await Promise.all(sending);
    if (upload !== undefined) {
      // Parts that nobody removes cost money.
      const query = { uploadId: upload };
      await requests.send({ act: "remove", address, method: "DELETE", query }).catch(() => {});
    }
    throw error;
  }
}

type Base = {
  readonly act: "write";
  readonly address: ObjectAddress;
  readonly signal: AbortSignal | undefined;
};

async function startUpload(requests: Requests, base: Base): Promise<string> {
  const { bytes } = await requests.send({ ...base, method: "POST", query: { uploads: "" } });
  const id = /<UploadId>([^<]+)<\/UploadId>/.exec(new TextDecoder().decode(bytes))?.[1];
  if (id === undefined) throw refusal(base, "the store does not say where to upload");
  return id;
}

async function endUpload(
  requests: Requests,
  base: Base,
  upload: string,
  tags: readonly string[],
): Promise<void> {
  const listed = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
  const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
  let bytes: Uint8Array;
  try {
    ({ bytes } = await requests.send({ ...base, method: "POST", query: { uploadId: upload }, body }));
  } catch (error) {
    // The answer of an attempt that succeeded may have been lost: the store does not know the upload any more.
    if (error instanceof ObjectError && error.status === 404 && await isJoined(requests, base, tags)) return;
    throw error;
  }
  // Joining takes long: the store has answered 200 when it fails.
  const said = new TextDecoder().decode(bytes);
  const code = /<Error>[\s\S]*?<Code>([^<]*)/.exec(said)?.[1];
  if (code !== undefined) throw refusal(base, `the store cannot join its parts (${code})`);
}

/** Whether the object is one of as many parts. */
async function isJoined(requests: Requests, base: Base, tags: readonly string[]): Promise<boolean> {
  const { headers } = await requests.send({ ...base, method: "HEAD" });
  return headers.get("etag")?.replaceAll('"', "").endsWith(`-${tags.length}`) ?? false;
}

function refusal({ act, address }: Base, why: string): ObjectError {
  return new ObjectError(`Cannot ${act} ${objectAddress(address)}: ${why}`);
}

/** Parts of any size as parts of the size that the store wants. */
async function* gathered(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let [waiting, length, count]: [Uint8Array[], number, number] = [[], 0, 0];
  const size = () => PART * (1 + Math.floor(count / SAME_SIZE));
  for await (const part of parts) {
    for (let at = 0; at < part.length;) {
      const piece = part.subarray(at, at + size() - length);
      // The caller may use the buffer again.
      waiting.push(piece.slice());
      length += piece.length;
      at += piece.length;
      if (length < size()) continue;
      yield concatUint8Arrays(waiting) as Uint8Array<ArrayBuffer>;
      [waiting, length, count] = [[], 0, count + 1];
    }
  }
  if (length > 0) yield concatUint8Arrays(waiting) as Uint8Array<ArrayBuffer>;
}
