/**
 * Selects the images for training, the images for choosing the best head, and the target classes.
 *
 * @module
 */
import type { ImageSource } from "../../image/types.ts";
import type { ImageCrops } from "./image_crops.ts";
import { KEPT_CLASSES, type PartCounts, sortedTargets, sortImages, splitImages } from "./sorting.ts";
import type { TrainOptions } from "./train_options.ts";
import { readableImages, type SkippedImage } from "./training_images.ts";
import type { TrainingNetworks } from "./training_networks.ts";

/** The images of a run. */
export interface PreparedImages {
  /** Indices of the training images. */
  readonly use: readonly number[];
  /** Images for choosing the best head. */
  readonly validation: readonly ImageSource[];
  /** Images that are known to be unreadable. */
  readonly skipped: readonly SkippedImage[];
  /** The result of sorting, if classes are held out. */
  readonly sorted?: {
    /** [images, 5]; see `SortedImages`. */
    readonly classes: Int32Array;
    readonly counts: PartCounts;
    /** Whether it is new and not yet in a checkpoint. */
    readonly fresh: boolean;
  };
  /**
   * Target classes of a batch, if known before the step; never a held-out class.
   *
   * @param batch Indices of the images.
   */
  targetsOf(batch: readonly number[]): readonly number[] | undefined;
}

/** Options for preparing the images. */
export interface PrepareImagesOptions {
  readonly options: TrainOptions;
  readonly images: readonly ImageSource[];
  readonly crops: ImageCrops;
  readonly networks: TrainingNetworks;
  /** Number of images per pass through the backbone. */
  readonly piece: number;
  /** The result of sorting from an earlier part of the run. */
  readonly classes: Int32Array | undefined;
}

/**
 * Prepares the images of a run: sorts them if classes are held out, and finds readable images for validation.
 *
 * @throws {ImageError} When none of the images for validation can be read.
 */
export async function prepareImages(given: PrepareImagesOptions): Promise<PreparedImages> {
  const { options, images, crops, networks, piece } = given;
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
      crops,
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
