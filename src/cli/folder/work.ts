/**
 * What a folder run has to do: the images of its part without those that are done. For images that are known before, their
 * number is known, too; for a stream, only what is done is.
 *
 * @module
 */
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { ExplainedImage } from "../explain/document.ts";
import { isFileNow } from "../files.ts";
import { readAhead } from "../sources/ahead.ts";
import type { Source } from "../sources/open.ts";
import { resultName } from "../sources/result_name.ts";
import { type Shard, takeShard } from "../shards/shard.ts";
import { createFingerprints } from "./fingerprints.ts";
import type { ResultLine } from "./gallery/entries.ts";
import type { ImageTask } from "./image_worker.ts";
import { createTasks, mapPathFor, type RunPlaces } from "./tasks.ts";

/** Images that are read before a worker asks for them, for each worker, and their bytes in all. */
const AHEAD = 3;
const AHEAD_BYTES = 128 * 2 ** 20;

/** What is to be done. */
export interface Work {
  /** Number of images of this part; undefined for a stream that has not ended. */
  readonly total: number | undefined;
  /** Takes note of a line of an earlier run; whether it stays. */
  keep(line: ResultLine): boolean;
  /** What is missing. Called once, after the lines of earlier runs. */
  tasks(): AsyncIterable<ImageTask> | readonly ImageTask[];
  /** Number of images that were done before; of a stream, of those so far. */
  readonly before: number;
}

/** Where results go. */
export type WorkPlaces = Omit<RunPlaces, "done">;

/** The images of a known list. */
export function workOnList(images: readonly string[], shard: Shard, places: WorkPlaces): Work {
  const part = takeShard(images, shard, places.source);
  const wanted = new Set(images);
  const done = new Map<string, string>();
  let before = 0;
  return {
    total: part.length,
    get before() {
      return before;
    },
    keep: (line) => {
      // Failed images are tried again, and results that were removed or stopped early are made again.
      const kept = isResult(line) && wanted.has(line.image) && !done.has(line.image);
      if (kept) done.set(line.image, line.out);
      return kept;
    },
    tasks: () => {
      // Named among all images, so that shards that run at the same time agree.
      const here = new Set(part);
      const missing = createTasks(images, { ...places, done }).filter(({ image }) => here.has(image));
      before = part.length - missing.length;
      return missing;
    },
  };
}

/** How a stream is read. */
export interface StreamOptions {
  readonly workers: number;
  /** The column of a Parquet file with images. */
  readonly column: string | undefined;
  readonly signal: AbortSignal;
}

/** The images of a stream. An image is done if there is a result of it with the same identity. */
export function workOnStream(
  source: Source & { readonly kind: "streamed" },
  shard: Shard,
  { out, map }: WorkPlaces,
  { workers, column, signal }: StreamOptions,
): Work {
  const done = createFingerprints();
  const fingerprint = (image: string, identity = "") => `${image}\n${identity}`;
  let [before, total]: [number, number | undefined] = [0, undefined];
  const missing = async function* () {
    let count = 0;
    for await (const image of source.images(shard, { column, signal })) {
      count++;
      if (done.has(fingerprint(image.path, image.identity))) before++;
      else yield image;
    }
    total = count;
  };
  return {
    get total() {
      return total;
    },
    get before() {
      return before;
    },
    keep: (line) => {
      const kept = isResult(line);
      if (kept) done.add(fingerprint(line.image, line.identity));
      return kept;
    },
    tasks: async function* () {
      const ahead = { images: AHEAD * workers, bytes: AHEAD_BYTES, signal };
      for await (const { image, bytes, failure } of readAhead(missing(), ahead)) {
        const { path, name, identity, sample } = image;
        const result = resultName(name);
        yield {
          image: path,
          stem: `${out}/${result}`,
          ...withoutUndefined({ map: mapPathFor(map, result), bytes, failure, identity, sample }),
        };
      }
    },
  };
}

/** Whether a line is a result, and still there. */
function isResult(line: ResultLine): line is ExplainedImage {
  return "out" in line && isFileNow(line.out) && !isStopped(line);
}

/** Whether refining was stopped in the image. */
function isStopped({ targets }: ExplainedImage): boolean {
  return targets.some(({ refinement }) => refinement?.stopped);
}
