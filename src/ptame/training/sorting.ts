/**
 * Sorts images by the classifier's top class before the first step, so that images of held-out classes are never
 * trained on.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import { elementCount } from "../../graph/types.ts";
import { ImageError, type ImageSource } from "../../image/types.ts";
import { type DeviceRequest, float32Data, float32Tensor } from "../../runtime/mod.ts";
import { type ClassPart, classPart, spreadOverClasses } from "../class_split.ts";
import { topClasses } from "../../classifier/prediction.ts";
import { centreCrop, type ImageCrops } from "./image_crops.ts";
import { BACKBONE_PREFIX } from "../explainer_graph.ts";
import { imagesShape } from "../masks/masked_pass.ts";
import { forwardGraph } from "./step.ts";
import { stepSessions } from "./step_sessions.ts";
import { type SkippedImage, sourceName } from "./training_images.ts";

/** Number of classes to keep per image, best first. */
export const KEPT_CLASSES = 5;

/** Default number of images for choosing a head. */
const CHOOSE_BY = 100;

/** The input of sorting. */
export interface SortOptions {
  readonly images: readonly ImageSource[];
  /** Their crops, the backbone's input first. */
  readonly crops: ImageCrops;
  readonly backbone: GraphPart;
  /** Number of images per pass through the backbone. */
  readonly piece: number;
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
  /** Called after every pass. */
  readonly onProgress?: (progress: SortProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Progress of sorting. */
export interface SortProgress {
  /** Images done, including unreadable ones. */
  readonly done: number;
  /** Number of all images. */
  readonly total: number;
  /** Estimated from the images done so far. */
  readonly secondsLeft: number;
}

/** The result of sorting. */
export interface SortedImages {
  /** [images, 5]: the top classes of each image, best first; -1 if the image cannot be read, or has fewer classes. */
  readonly classes: Int32Array;
  /** Images that cannot be read. */
  readonly skipped: readonly SkippedImage[];
}

/** Classifies every image once, with the centre crop of evaluations. */
export async function sortImages(options: SortOptions): Promise<SortedImages> {
  const { images, crops, backbone, piece, signal, onProgress } = options;
  const total = images.length;
  const classes = new Int32Array(total * KEPT_CLASSES).fill(-1);
  const skipped: SkippedImage[] = [];
  const session = await stepSessions(options.device, options.threads).open(
    forwardGraph(backbone, piece, BACKBONE_PREFIX, { taps: false, logits: true }),
    [[backbone, BACKBONE_PREFIX]],
  );
  const asked: Promise<Float32Array | ImageError>[] = [];
  try {
    const started = performance.now();
    for (let start = 0; start < total; start += piece) {
      signal?.throwIfAborted();
      // Workers read ahead while the classifier blocks this thread.
      const ahead = Math.min(total, start + (crops.workers > 0 ? 4 : 1) * piece);
      for (let index = asked.length; index < ahead; index++) {
        const read = centreCrop(crops, index, signal);
        // It may fail after nobody waits for it.
        read.catch(() => undefined);
        asked.push(read);
      }
      const shape = imagesShape(backbone, piece);
      const pixels = new Float32Array(elementCount(shape));
      const found: number[] = [];
      for (let index = start; index < Math.min(start + piece, total); index++) {
        const read = await asked[index]!;
        delete asked[index];
        if (read instanceof ImageError) {
          skipped.push({ image: sourceName(images[index]!, index), reason: read.message });
        } else {
          pixels.set(read, found.length * read.length);
          found.push(index);
        }
      }
      if (found.length > 0) {
        const fed = float32Tensor(pixels, shape);
        const logits = float32Data((await session.run({ images: fed }, { signal }))["logits"]!);
        const width = logits.length / piece;
        found.forEach((index, row) => {
          const best = topClasses(logits.subarray(row * width, (row + 1) * width), [], KEPT_CLASSES);
          classes.set(best.map((each) => each.index), index * KEPT_CLASSES);
        });
      }
      const done = Math.min(start + piece, total);
      const seconds = (performance.now() - started) / 1000;
      onProgress?.({ done, total, secondsLeft: seconds / done * (total - done) });
      // Let signals and timers be handled, as between steps.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } finally {
    await session.dispose();
  }
  return { classes, skipped };
}

/** Images and distinct classes of each part, and how many images cannot be read: for the record of a head. */
export type PartCounts =
  & Readonly<Record<ClassPart, { readonly images: number; readonly classes: number }>>
  & { readonly unreadable: number };

/** The images that a run with held-out classes uses. */
export interface SplitImages {
  /** Indices of the images to train on. */
  readonly train: readonly number[];
  /**
   * Indices of the images for choosing a head: at most 100, spread over the classes, independent of their order in the
   * list.
   */
  readonly choose: readonly number[];
  readonly counts: PartCounts;
}

/**
 * Splits sorted images by their top class.
 *
 * @param classes See {@linkcode SortedImages}.
 * @param share Share of the classes to hold out.
 */
export function splitImages(images: readonly ImageSource[], classes: Int32Array, share: number): SplitImages {
  const sorted = images.flatMap((image, index) => {
    const top = classes[index * KEPT_CLASSES]!;
    return top < 0
      ? []
      : [{ index, name: sourceName(image, index), class: top, part: classPart(top, share) }];
  });
  const of = (part: ClassPart) => sorted.filter((image) => image.part === part);
  const counted = (part: ClassPart) => ({
    images: of(part).length,
    classes: new Set(of(part).map((image) => image.class)).size,
  });
  return {
    train: of("train").map(({ index }) => index),
    choose: spreadOverClasses(of("choose")).slice(0, CHOOSE_BY).map(({ index }) => index),
    counts: {
      train: counted("train"),
      choose: counted("choose"),
      score: counted("score"),
      unreadable: images.length - sorted.length,
    },
  };
}

/**
 * The class of each image of a batch, as found by sorting. It belongs to part "train", whatever the augmented crop looks
 * like.
 */
export function sortedTargets(classes: Int32Array, batch: readonly number[]): number[] {
  return batch.map((index) => classes[index * KEPT_CLASSES]!);
}
