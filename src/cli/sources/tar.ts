/**
 * Tar shards as WebDataset lays them out: the members of a sample follow each other and have one name up to the first dot
 * of the file's, `a/0001.jpg`, `a/0001.cls`, `a/0001.json`. A shard is read once, from its beginning to its end.
 *
 * Source: github.com/webdataset/webdataset, "The WebDataset Format".
 *
 * @module
 */
import { isObjectAddress, objectStore } from "../../objects/mod.ts";
import { isImageName } from "../image_lists.ts";
import { loadReader } from "../load_by_name.ts";
import type { PackedOptions, SourceFile, SourceImage } from "./types.ts";

/** Not a literal, because Deno would download it for every command. */
const MODERN_TAR = ["npm:modern-tar", "0.8.6"].join("@");

/** Largest image in memory, in bytes. */
const LARGEST_IMAGE = 512 * 2 ** 20;
/** Largest text that comes along, in bytes. */
const LARGEST_TEXT = 16_384;

/** The used part of modern-tar. */
interface TarLibrary {
  createTarDecoder(options: { readonly strict: boolean }): TransformStream<Uint8Array, {
    readonly header: { readonly name: string; readonly size: number; readonly type?: string };
    readonly body: ReadableStream<Uint8Array>;
  }>;
}

/** A sample that is not complete yet. */
interface Sample {
  readonly key: string;
  readonly images: {
    readonly member: string;
    readonly bytes?: Uint8Array<ArrayBuffer>;
    readonly failure?: string;
  }[];
  readonly texts: Record<string, unknown>;
}

/** The images of a shard. Files of a system's own, which begin with a dot, are left out. */
export async function* tarImages(file: SourceFile, { signal }: PackedOptions): AsyncGenerator<SourceImage> {
  yield* imagesInStream(file, await openStream(file, signal), signal);
}

/** The images in the bytes of a shard. */
export async function* imagesInStream(
  file: SourceFile,
  plain: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<SourceImage> {
  const { createTarDecoder } = await loadReader<TarLibrary>(MODERN_TAR, "tar shards");
  const zipped = /\.t?gz$/i.test(file.path);
  // The types of a stream's bytes differ in who may share them.
  const unzip = new DecompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>;
  const bytes = zipped ? plain.pipeThrough(unzip) : plain;
  let sample: Sample | undefined;
  for await (const { header, body } of bytes.pipeThrough(createTarDecoder({ strict: true }))) {
    signal.throwIfAborted();
    const { name, size, type = "file" } = header;
    const member = name.replace(/^(\.?\/)+/, "");
    const [, key, ending] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(member) ?? [];
    if (type !== "file" || key === undefined || /(^|\/)__MACOSX\//.test(member)) {
      await passOver(body);
      continue;
    }
    if (sample !== undefined && sample.key !== key) {
      yield* imagesOfSample(file, sample);
      sample = undefined;
    }
    sample ??= { key, images: [], texts: {} };
    if (isImageName(member)) {
      if (size > LARGEST_IMAGE) {
        await passOver(body);
        sample.images.push({ member, failure: `Cannot read ${file.path}#${member}: it has ${size} bytes` });
      } else sample.images.push({ member, bytes: await wholeBody(body) });
    } else if (/^(cls|txt|json)$/i.test(ending!) && size <= LARGEST_TEXT) {
      sample.texts[ending!.toLowerCase()] = textValue(ending!, await wholeBody(body));
    } else await passOver(body);
  }
  if (sample !== undefined) yield* imagesOfSample(file, sample);
}

/** The images of a sample: named by its key if it has one, else by their own names. */
function* imagesOfSample(file: SourceFile, { key, images, texts }: Sample): Generator<SourceImage> {
  for (const { member, bytes, failure } of images) {
    yield {
      path: `${file.path}#${member}`,
      name: `${file.name}#${images.length === 1 ? key : member}`,
      ...(file.identity !== undefined && { identity: file.identity }),
      ...(Object.keys(texts).length > 0 && { sample: texts }),
      ...(bytes && { size: bytes.length, read: () => Promise.resolve(bytes) }),
      ...(failure !== undefined && { failure }),
    };
  }
}

async function openStream(
  { path, size, identity }: SourceFile,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  if (!isObjectAddress(path)) return (await Deno.open(path)).readable;
  return ReadableStream.from((await objectStore()).stream(path, { size, etag: identity, signal }));
}

/**
 * Reads a member that is not used. To cancel it would do, but modern-tar 0.8.6 then waits forever for some divisions of the
 * bytes into chunks.
 */
async function passOver(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function wholeBody(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** A class as a number, JSON as what it says, other texts as they are. */
function textValue(ending: string, bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  if (/^cls$/i.test(ending) && /^\s*\d{1,15}\s*$/.test(text)) return Number(text);
  if (!/^json$/i.test(ending)) return text.trim();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
