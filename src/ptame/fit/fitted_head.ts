/**
 * A head straight from a fit: the class-activation start with the regressed rows. It explains without any training, and
 * training can continue it.
 *
 * @module
 */
import { prepareImage } from "../../classifier/prepared_image.ts";
import { imageOrError } from "../../image/image_or_error.ts";
import type { ImageSource } from "../../image/types.ts";
import type { DeviceRequest } from "../../runtime/mod.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { evenlySpread } from "../evenly_spread.ts";
import { type ClassifierPair, recordedTaps } from "../classifier_pair.ts";
import { fittedRowsTensor, type Head, type HeadRecord, readHead, writeHead } from "../head_file.ts";
import { initialParameters } from "../initial_parameters.ts";
import type { FitRecord } from "./fit_record.ts";
import { fitClassRows, type FitProgress, type FittedRows, MOST_PHOTOS } from "./fit_rows.ts";

/** The part of a head's record that binds it to its fit and to its classifier. */
export async function fitRecords(
  pair: Pick<ClassifierPair, "digest">,
  fit: FitRecord,
): Promise<Pick<HeadRecord, "fit" | "modelDigest">> {
  return { fit, ...withoutUndefined({ modelDigest: await pair.digest() }) };
}

/** The head of fitted rows, not trained. */
export async function fittedHead(pair: ClassifierPair, { rows, fit }: FittedRows): Promise<Head> {
  const { auxiliary, backbone, shape } = pair;
  const name = `${backbone.facts.name} regression start`;
  const record: HeadRecord = {
    name,
    auxiliary: auxiliary.facts.name,
    backbone: backbone.facts.name,
    trained: false,
    ...withoutUndefined({ taps: recordedTaps(auxiliary.part()) }),
    ...await fitRecords(pair, fit),
  };
  const tensors = initialParameters(shape, { kind: "class-activation", classifier: rows });
  return await readHead(await writeHead(record, [...tensors, fittedRowsTensor(rows, shape.classes)]), name);
}

/** Options for fitting a head to photographs. */
export interface FitHeadOptions {
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
  readonly onFit?: ((progress: FitProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fits a head to photographs, of which it takes 400 at most, evenly spread. They are read by the calling thread.
 *
 * @throws {ImageError} When too few can be read.
 */
export async function fitHead(
  pair: ClassifierPair,
  photos: Iterable<ImageSource>,
  { device, threads, onFit, signal }: FitHeadOptions = {},
): Promise<Head> {
  const used = chosenPhotos([...photos]);
  const crops = [pair.backbone.facts.preprocessing, pair.auxiliary.facts.preprocessing] as const;
  const fitted = await fitClassRows({
    pair,
    total: used.length,
    read: (index, stop) =>
      imageOrError(() => prepareImage(used[index]!, crops, withoutUndefined({ signal: stop }))),
    device,
    threads,
    onProgress: onFit,
    signal,
  });
  return await fittedHead(pair, fitted);
}

/**
 * The photographs of a fit: {@linkcode MOST_PHOTOS} at most, evenly spread over the list, in an order in which the first
 * ones are spread over it, too, because a fit may end early.
 */
export function chosenPhotos<T>(photos: readonly T[]): T[] {
  const spread = evenlySpread(photos, MOST_PHOTOS);
  const count = spread.length;
  // Multiples of a number without a common divisor visit every place once.
  const step = [181, 191, 193].find((prime) => count % prime !== 0)!;
  return spread.map((_, i) => spread[i * step % count]!);
}
