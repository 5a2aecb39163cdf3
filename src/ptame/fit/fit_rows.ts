/**
 * Class rows for a classifier whose classes the auxiliary does not share, from its inputs and outputs alone.
 *
 * A head's class-activation start needs a vector w_c for every class, so that the mean over the image of w_c·f, with f
 * the auxiliary's last tap, follows the score of class c. Where auxiliary and classifier share their classes, the
 * auxiliary's final layer is that. Elsewhere the vectors are the ridge regression (ridge.ts) of the classifier's scores
 * on the tap's means, over a few hundred photographs without labels: one pass through each network for each photograph.
 * What is kept of a photograph is C + classes numbers.
 *
 * @module
 */
import type { PreparedImage } from "../../classifier/prepared_image.ts";
import { topClasses } from "../../classifier/prediction.ts";
import { partSize } from "../../classifier/graphs/forward.ts";
import { imagesTensor } from "../../classifier/graphs/scores.ts";
import { createBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph } from "../../graph/types.ts";
import { ImageError } from "../../image/types.ts";
import type { GraphPart } from "../../classifier/types.ts";
import { type DeviceRequest, float32Data, openSession } from "../../runtime/mod.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { ClassifierPair } from "../classifier_pair.ts";
import { AUXILIARY_PREFIX } from "../explainer_graph.ts";
import type { FitRecord } from "./fit_record.ts";
import { plainScores } from "./plain_scores.ts";
import { ridgeRegression } from "./ridge.ts";

/** Photographs that are used at most: more take longer and hardly change the rows. */
export const MOST_PHOTOS = 400;
/** Photographs that are needed at least. */
export const LEAST_PHOTOS = 20;

/** Progress of a fit. */
export interface FitProgress {
  /** Photographs done, including unreadable ones. */
  readonly done: number;
  /** Number of all photographs. */
  readonly total: number;
  /** Estimated from those done so far. */
  readonly secondsLeft: number;
}

/** Fitted class rows. */
export interface FittedRows {
  /** The vectors w_c, [classes, channels of the auxiliary's last tap]. */
  readonly rows: Float32Array;
  /** How well they fit. */
  readonly fit: FitRecord;
}

/** What to fit, and on what. */
export interface FitOptions {
  /** The classifiers; no session is open. */
  readonly pair: Pick<ClassifierPair, "auxiliary" | "backbone">;
  /** Number of photographs. */
  readonly total: number;
  /** A photograph, cropped for both classifiers; the error if it cannot be read. Requested in order. */
  readonly read: (index: number, signal: AbortSignal | undefined) => Promise<PreparedImage | ImageError>;
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
  /** Seconds after which no further photograph is read, once there are {@linkcode LEAST_PHOTOS}. */
  readonly seconds?: number | undefined;
  /** Ends the reading, once there are {@linkcode LEAST_PHOTOS}; before, it stops the fit. */
  readonly finish?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fits the rows. Dispose of nothing: its sessions are closed.
 *
 * @throws {ImageError} When fewer than {@linkcode LEAST_PHOTOS} photographs can be read.
 * @throws {RangeError} When the scores are not finite, or the photographs all look the same to the auxiliary.
 */
export async function fitClassRows(options: FitOptions): Promise<FittedRows> {
  const { pair: { auxiliary, backbone }, total, signal, finish, seconds = Infinity, device = "auto" } =
    options;
  const runtime = { device, ...withoutUndefined({ threads: options.threads }) };
  const features: Float32Array[] = [];
  const scores: Float64Array[] = [];
  let unreadable: ImageError | undefined;
  const part = auxiliary.part();
  const asked = await backbone.openScores(runtime);
  try {
    const bound = part.bind({ graph: pooledGraph(part), files: new Map() }, AUXILIARY_PREFIX);
    const session = await openSession(bound.graph, { ...runtime, files: bound.files });
    try {
      const started = performance.now();
      let next = total > 0 ? options.read(0, signal) : undefined;
      for (let index = 0; index < total; index++) {
        signal?.throwIfAborted();
        const read = await next!;
        // The next photograph is read, where a worker reads, while the networks run.
        next = index + 1 < total ? options.read(index + 1, signal) : undefined;
        next?.catch(() => undefined);
        if (read instanceof ImageError) unreadable ??= read;
        else {
          const [row] = await asked.scores([read.pixels], signal);
          scores.push(plainScores(row!, backbone.facts.activation, asked.plain));
          const image = imagesTensor([read.auxiliaryPixels ?? read.pixels], 1, partSize(part));
          features.push(float32Data((await session.run({ image }, { signal }))["pooled"]!).slice());
        }
        const passed = (performance.now() - started) / 1000;
        const done = index + 1;
        options.onProgress?.({
          done,
          total,
          secondsLeft: Math.max(0, Math.min(passed / done * (total - done), seconds - passed)),
        });
        const enough = features.length >= LEAST_PHOTOS;
        if (enough && (passed >= seconds || finish?.aborted)) break;
        if (!enough) finish?.throwIfAborted();
        // wasm never yields: let signals and timers be handled here.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } finally {
      await session.dispose();
    }
  } finally {
    await asked.session.dispose();
  }
  if (features.length < LEAST_PHOTOS) {
    throw new ImageError(
      `Cannot fit a head on ${features.length} photographs: at least ${LEAST_PHOTOS} are needed, a few hundred are good`,
      { cause: unreadable },
    );
  }
  const { weights, lambda, leftOut, explained } = ridgeRegression(
    joined(features),
    joined(scores),
    features.length,
  );
  const fit = { photos: features.length, lambda, explained, ...comparedClasses(scores, leftOut, explained) };
  return { rows: scaledLike(auxiliary.finalLayer(), weights, features[0]!.length), fit };
}

/** "image" [1, 3, S, S] in [0, 1] to "pooled" [1, C], the mean of each channel of the last tap. */
function pooledGraph(part: GraphPart): Graph {
  const b = createBuilder(part.name);
  const image = b.input("image", "float32", [1, 3, part.inputSize, part.inputSize]);
  const { taps } = part.pass(b.scope(AUXILIARY_PREFIX), image);
  b.output(b.flatten(b.globalAveragePool(taps.at(-1)!)), "pooled");
  return prune(b.build());
}

/** How often the regression of the other photographs names the classifier's top class, and what it explains in all. */
function comparedClasses(
  scores: readonly Float64Array[],
  leftOut: Float64Array,
  explained: readonly number[],
): Pick<FitRecord, "agreement" | "chance" | "explainedInAll"> {
  const classes = explained.length;
  const top = (row: ArrayLike<number>) => topClasses(Float32Array.from(row), [], 1)[0]!.index;
  const own = scores.map(top);
  const guessed = scores.map((_, i) => top(leftOut.subarray(i * classes, (i + 1) * classes)));
  const counts = new Map<number, number>();
  for (const index of own) counts.set(index, (counts.get(index) ?? 0) + 1);
  const variances = explained.map((_, output) => {
    const mean = scores.reduce((sum, row) => sum + row[output]!, 0) / scores.length;
    return scores.reduce((sum, row) => sum + (row[output]! - mean) ** 2, 0);
  });
  const whole = variances.reduce((sum, value) => sum + value, 0);
  return {
    agreement: own.filter((index, i) => index === guessed[i]).length / own.length,
    chance: Math.max(...counts.values()) / own.length,
    explainedInAll: whole > 0
      ? explained.reduce((sum, value, output) => sum + value * variances[output]!, 0) / whole
      : 0,
  };
}

/**
 * Rows scaled together so that their mean length is that of the auxiliary's own rows, for which the rates of training
 * were chosen. Maps do not depend on the scale.
 */
function scaledLike(own: Float32Array | undefined, rows: Float32Array, width: number): Float32Array {
  const length = (of: Float32Array) =>
    Math.sqrt(of.reduce((sum, value) => sum + value * value, 0) / (of.length / width));
  const present = length(rows);
  if (own === undefined || !(present > 0)) return rows;
  const factor = length(own) / present;
  return rows.map((value) => value * factor);
}

function joined(rows: readonly ArrayLike<number>[]): Float64Array {
  const width = rows[0]!.length;
  const all = new Float64Array(rows.length * width);
  rows.forEach((row, i) => all.set(row, i * width));
  return all;
}
