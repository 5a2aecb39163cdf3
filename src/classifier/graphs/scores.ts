/**
 * Computes the scores of a classifier from its graph.
 *
 * @module
 */
import { float32Data, float32Tensor, openSession, type Session, type Tensor } from "../../runtime/mod.ts";
import type { Size } from "../../image/preprocess.ts";
import { partSize, PREFIX, scoresGraph } from "./forward.ts";
import { probabilitiesOfPlain, toProbabilities } from "../prediction.ts";
import type { ScoreMeaning } from "../score_meaning.ts";
import type { GraphPart, ScoreOptions, Scores } from "../types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Opens the scores that a part of a graph gives. */
export async function openPartScores(
  part: GraphPart,
  meaning: ScoreMeaning,
  { device = "auto", threads, batch = 1 }: ScoreOptions = {},
): Promise<Scores> {
  const bound = part.bind({ graph: scoresGraph(part, batch), files: new Map() }, PREFIX);
  const session = await openSession(bound.graph, {
    device,
    files: bound.files,
    ...withoutUndefined({ threads }),
  });
  const size = partSize(part);
  const scores: Scores["scores"] = (images, signal) =>
    scoreRows(session, images, { batch, size, output: "logits", signal });
  return scoresOver(session, scores, { meaning, plain: true });
}

/** Scores of a session whose rows are the file's own output. */
export function fileScores(
  session: Session,
  scores: Scores["scores"],
  meaning: ScoreMeaning,
): Scores {
  return scoresOver(session, scores, { meaning, plain: false });
}

function scoresOver(
  session: Session,
  scores: Scores["scores"],
  { meaning, plain }: { readonly meaning: ScoreMeaning; readonly plain: boolean },
): Scores {
  const known = meaning.asked !== undefined || meaning.activation !== "none";
  let recognised = false;
  return {
    session,
    plain,
    get recognised() {
      return recognised;
    },
    scores,
    probabilities: async (images, signal) => {
      const rows = await scores(images, signal);
      const all = rows.map((row) =>
        plain ? probabilitiesOfPlain(row, meaning) : toProbabilities(row, meaning)
      );
      // A row that is not changed is taken as it is.
      recognised = !known && all.some((row, i) => row === rows[i]);
      return all;
    },
  };
}

/** How to run images through a session. */
export interface RowOptions {
  /** Batch size of the session. */
  readonly batch: number;
  /** Width and height of the images. */
  readonly size: Size;
  /** The output with one row per image. */
  readonly output: string;
  /** Additional inputs besides the images, for the images of a batch from index `at` on. */
  readonly more?: (at: number) => Readonly<Record<string, Tensor>>;
  readonly signal?: AbortSignal | undefined;
}

/** Runs images in full batches, padding the last one, and gives one row of `output` per image. */
export async function scoreRows(
  session: Session,
  images: readonly Float32Array[],
  { batch, size, output, more, signal }: RowOptions,
): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (let at = 0; at < images.length; at += batch) {
    const part = images.slice(at, at + batch);
    const outputs = await session.run({ images: imagesTensor(part, batch, size), ...more?.(at) }, { signal });
    const data = float32Data(outputs[output]!);
    const length = data.length / batch;
    part.forEach((_, i) => all.push(data.slice(i * length, (i + 1) * length)));
  }
  return all;
}

/** Images as one tensor [batch, 3, H, W]; zeros if there are fewer. One image alone is not copied. */
export function imagesTensor(
  images: readonly Float32Array[],
  batch: number,
  { width, height }: Size,
): Tensor {
  const shape = [batch, 3, height, width];
  if (batch === 1) return float32Tensor(images[0]!, shape);
  const data = new Float32Array(batch * 3 * height * width);
  images.forEach((image, i) => data.set(image, i * image.length));
  return float32Tensor(data, shape);
}
