/**
 * Explains many images: reads them from any iterable, keeps every explainer busy, and gives each result as soon as it
 * may. Memory stays bounded however long the list is: nothing is read ahead of what the caller has taken by more than a
 * few images for each explainer.
 *
 * @module
 */
import type { ImageSource } from "../image/types.ts";
import type { ExplainOptions } from "./map_explanation.ts";

/** What explains images one at a time: an `Explainer`, a baseline, or the explainer of a worker. */
export interface ImageExplainer<Image, Result> {
  /** Explains an image. */
  explain(image: Image, options?: ExplainOptions): Promise<Result>;
}

/** How many images are explained. */
export interface ExplainManyOptions extends ExplainOptions {
  /** Whether results come in the order of the images (the default), or each as soon as it is ready. */
  readonly ordered?: boolean;
  /**
   * Images that an explainer works on at once; 2 by default, so that the next image is decoded while the networks read
   * this one.
   */
  readonly perExplainer?: number;
}

/** The result of one image: its explanation, or why there is none. */
export type ManyResult<Image, Result> =
  & {
    /** Place of the image in the iterable, from 0. */
    readonly index: number;
    /** The image as the iterable gave it. */
    readonly image: Image;
  }
  & (
    | { readonly explanation: Result; readonly error?: undefined }
    | { readonly explanation?: undefined; readonly error: unknown }
  );

/** Results that wait for the caller, for each image that can be worked on at once. */
const WAITING = 2;

/**
 * Explains the images of any iterable.
 *
 * An image that cannot be explained gives a result with `error`, and the others go on. Leaving the loop ends the work: the
 * iterable is closed, running explanations are stopped. The explainers are not disposed of.
 *
 * @param explainers An explainer, or several that share the work, such as those of several workers.
 * @param images Paths, addresses, files, bytes or decoded images; an array, a generator, a stream.
 * @throws {RangeError} When there is no explainer, or `perExplainer` is not a positive integer.
 * @throws What the iterable throws, after the results of the images before; and the signal's reason after it was aborted.
 *
 * @example Explain the images of a list, in order
 * ```ts
 * import { createExplainer, explainMany } from "@ptame/ptame";
 *
 * const explainer = await createExplainer();
 * for await (const { image, explanation, error } of explainMany(explainer, ["models/sample/chelsea.jpg"])) {
 *   console.log(image, error ?? explanation!.prediction[0]!.label);
 * }
 * await explainer.dispose();
 * ```
 */
export async function* explainMany<Result, Image = ImageSource>(
  explainers: ImageExplainer<Image, Result> | readonly ImageExplainer<Image, Result>[],
  images: Iterable<Image> | AsyncIterable<Image>,
  options: ExplainManyOptions = {},
): AsyncGenerator<ManyResult<Image, Result>, void, undefined> {
  const { ordered = true, perExplainer = 2, signal, ...request } = options;
  const all = Array.isArray(explainers) ? explainers as readonly ImageExplainer<Image, Result>[] : [
    explainers as ImageExplainer<Image, Result>,
  ];
  if (all.length === 0) throw new RangeError("Cannot explain images: there is no explainer");
  if (!Number.isInteger(perExplainer) || perExplainer < 1) {
    throw new RangeError(`Cannot explain images: perExplainer is ${perExplainer}, not a positive integer`);
  }
  signal?.throwIfAborted();
  const stop = new AbortController();
  const iterator = iterate(images);
  /** Explainers that can take an image; each stands here once for every image that it can take. */
  const free = Array.from({ length: perExplainer }, () => all).flat();
  const most = free.length * (1 + WAITING);
  const finished = new Map<number, ManyResult<Image, Result>>();
  const running = new Set<Promise<void>>();
  const bell = createBell();
  signal?.addEventListener("abort", bell.ring);
  let [read, given, ended] = [0, 0, false];
  let reading: Promise<void> | undefined;
  const failure: { reason?: unknown; met: boolean } = { met: false };

  const work = async (explainer: ImageExplainer<Image, Result>, image: Image, index: number) => {
    const result = await explained(explainer, image, index, { ...request, signal: stop.signal });
    finished.set(index, result);
    free.push(explainer);
  };
  const readNext = async () => {
    const next = await iterator.next();
    if (next.done) ended = true;
    else {
      const task = work(free.shift()!, next.value, read++).finally(() => {
        running.delete(task);
        bell.ring();
      });
      running.add(task);
    }
  };
  try {
    while (true) {
      signal?.throwIfAborted();
      if (!ended && reading === undefined && free.length > 0 && read - given < most) {
        reading = readNext().catch((reason) => {
          ended = true;
          Object.assign(failure, { reason, met: true });
        }).finally(
          () => {
            reading = undefined;
            bell.ring();
          },
        );
      }
      const ready = ordered ? given : finished.keys().next().value;
      const result = ready === undefined ? undefined : finished.get(ready);
      if (result !== undefined) {
        finished.delete(ready!);
        given++;
        yield result;
      } else if (ended && running.size === 0 && finished.size === 0) {
        if (failure.met) throw failure.reason;
        return;
      } else await bell.rung();
    }
  } finally {
    signal?.removeEventListener("abort", bell.ring);
    stop.abort(signal?.reason ?? new DOMException("No more results are wanted", "AbortError"));
    await Promise.all(running);
    if (!ended) await iterator.return?.();
  }
}

function iterate<Image>(
  images: Iterable<Image> | AsyncIterable<Image>,
): Iterator<Image> | AsyncIterator<Image> {
  return Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
}

async function explained<Image, Result>(
  explainer: ImageExplainer<Image, Result>,
  image: Image,
  index: number,
  options: ExplainOptions,
): Promise<ManyResult<Image, Result>> {
  try {
    return { index, image, explanation: await explainer.explain(image, options) };
  } catch (error) {
    return { index, image, error };
  }
}

/** Something happened: wakes who waits, now or at the next wait. */
function createBell(): { ring: () => void; rung: () => Promise<void> } {
  let [happened, wake] = [false, () => {}];
  return {
    ring: () => {
      happened = true;
      wake();
    },
    rung: async () => {
      if (!happened) await new Promise<void>((resolve) => wake = resolve);
      happened = false;
    },
  };
}
