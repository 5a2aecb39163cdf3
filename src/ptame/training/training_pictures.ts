/**
 * Which images a run trains on, which it chooses the best head by, and for which classes.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import type { PictureCuts } from "./picture_cuts.ts";
import { KEPT_CLASSES, type PartCounts, sortedTargets, sortImages, splitImages } from "./sorting.ts";
import type { TrainOptions } from "./train_options.ts";
import { readableImages, type SkippedImage } from "./training_images.ts";
import type { TrainingNetworks } from "./training_networks.ts";

/** The images of a run. */
export interface TrainingPictures {
  /** Places of those that are trained on. */
  readonly use: readonly number[];
  /** Those that the best head is chosen by. */
  readonly validation: readonly ImageSource[];
  /** Those that cannot be read, as far as it is known. */
  readonly skipped: readonly SkippedImage[];
  /** Where classes are held out: what sorting found. */
  readonly sorted?: {
    /** [images, 5]; see `SortedImages`. */
    readonly classes: Int32Array;
    readonly counts: PartCounts;
    /** Whether it is of this run, and in no checkpoint yet. */
    readonly fresh: boolean;
  };
  /**
   * Classes of a batch, where they are known before the step: never a held-out one.
   *
   * @param batch Places of the images.
   */
  targetsOf(batch: readonly number[]): readonly number[] | undefined;
}

/** What the images are prepared with. */
export interface PreparePictures {
  readonly options: TrainOptions;
  readonly images: readonly ImageSource[];
  readonly cuts: PictureCuts;
  readonly networks: TrainingNetworks;
  /** Images that go through the backbone at once. */
  readonly piece: number;
  /** What an earlier part of the run found by sorting. */
  readonly classes: Int32Array | undefined;
}

/**
 * Prepares the images of a run: sorts them where classes are held out, and finds what validation can read.
 *
 * @throws {ImageError} When none of the images for validation can be read.
 */
export async function preparePictures(given: PreparePictures): Promise<TrainingPictures> {
  const { options, images, cuts, networks, piece } = given;
  const { holdOutClasses: share = 0, signal, onProgress, device, threads } = options;
  const named = await readableImages(options.validation ?? [], signal);
  if (share === 0) {
    return {
      use: images.map((_, index) => index),
      validation: named.readable,
      skipped: named.skipped,
      targetsOf: () => undefined,
    };
  }
  const fresh = given.classes?.length !== KEPT_CLASSES * images.length;
  const { classes, skipped } = fresh
    ? await sortImages({
      images,
      cuts,
      backbone: networks.backbone,
      piece,
      device,
      threads,
      signal,
      onProgress: (progress) => onProgress?.({ kind: "sorting", ...progress }),
    })
    : { classes: given.classes!, skipped: [] };
  const { train, choose, counts } = splitImages(images, classes, share);
  onProgress?.({ kind: "sorted", holdOutClasses: share, counts });
  return {
    use: train,
    validation: named.readable.length > 0 ? named.readable : choose.map((index) => images[index]!),
    skipped: [...named.skipped, ...skipped],
    sorted: { classes, counts, fresh },
    targetsOf: (batch) => sortedTargets(classes, batch),
  };
}
