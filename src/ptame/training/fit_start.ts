/**
 * The start of a run from the classifier's answers alone: class rows by regression (fit/fit_rows.ts) over some of the
 * images, before the first step.
 *
 * @module
 */
import { imageOrError } from "../../image/image_or_error.ts";
import type { ImageSource } from "../../image/types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { chosenPhotos } from "../fit/fitted_head.ts";
import { fitClassRows } from "../fit/fit_rows.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { ImageCrops } from "./image_crops.ts";
import type { TrainOptions } from "./train_options.ts";
import type { TrainingNetworks } from "./training_networks.ts";

/** Part of a limited time that reading photographs may take; the rest trains. */
const FIT_SHARE = 0.6;

/** What the regression reads. */
export interface FitStartOptions {
  readonly options: TrainOptions;
  readonly images: readonly ImageSource[];
  readonly crops: ImageCrops;
  readonly networks: TrainingNetworks;
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * The networks of a run with the rows of a regression in place of the auxiliary's final layer, if the options ask for
 * it. A resumed run has them in its checkpoint.
 *
 * @throws {ImageError} When fewer than 20 images can be read.
 */
export async function withFittedRows(given: FitStartOptions): Promise<TrainingNetworks> {
  const { options, images, crops, networks, checkpoint } = given;
  const { start, device, threads, signal, onProgress, seconds, finish } = options;
  if (start !== "regression") return networks;
  const [fit, fitted] = [checkpoint?.record.fit, checkpoint?.fitted];
  if (fit !== undefined && fitted !== undefined) {
    onProgress?.({ kind: "fitted", fit });
    return { ...networks, classifier: fitted.data, fit };
  }
  const chosen = chosenPhotos(images.map((_, index) => index));
  const found = await fitClassRows({
    pair: networks.pair,
    total: chosen.length,
    read: (index, stop) =>
      imageOrError(async () => {
        const [pixels, auxiliaryPixels] = await crops.crop(
          chosen[index]!,
          { kind: "centre", input: "all" },
          stop,
        );
        return { pixels: pixels!, ...withoutUndefined({ auxiliaryPixels }) };
      }),
    device,
    threads,
    seconds: seconds && FIT_SHARE * seconds,
    finish,
    onProgress: (progress) => onProgress?.({ kind: "fitting", ...progress }),
    signal,
  });
  onProgress?.({ kind: "fitted", fit: found.fit });
  return { ...networks, classifier: found.rows, fit: found.fit };
}
