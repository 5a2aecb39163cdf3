/**
 * Refining without gradients, for classifiers that give scores alone. The row moves in a random subspace of few
 * dimensions: each direction is one random change of all weights. A step tries a change and its opposite (antithetic
 * perturbations, as in Spall's simultaneous perturbation, 1992) and keeps what is better than the best so far.
 *
 * @module
 */
import { createStream } from "../../random/generator.ts";
import type { Step } from "./refine.ts";
import type { RowLoss, RowSubject } from "./row_loss.ts";

/** Dimensions of the subspace. */
const DIMENSIONS = 8;
/** First size of a change, in units of the row's scale. */
const FIRST_SIZE = 0.5;
/** What a success and a failure make of the size. */
const [GROWTH, SHRINKAGE] = [1.3, 0.85];
/** Stream of the directions; those before it are the views'. */
const DIRECTIONS_STREAM = 1000;

/** The rows of the search: the start, and after each step the better of its two rows. It never ends by itself. */
export async function* triedSteps(
  loss: RowLoss,
  subject: RowSubject,
  start: Float32Array,
  scale: Float32Array,
  seed: number,
): AsyncGenerator<Step> {
  const generator = createStream(seed, DIRECTIONS_STREAM);
  const each = subject.views.length;
  let best = { row: start, loss: await loss.value(subject, start) };
  let size = FIRST_SIZE;
  yield { step: 0, ...best, passes: each };
  const basis = Array.from(
    { length: DIMENSIONS },
    () => scale.map((value) => value * generator.normal() / Math.sqrt(DIMENSIONS)),
  );
  for (let step = 1;; step++) {
    const parts = basis.map(() => size * generator.normal());
    const change = start.map((_, i) =>
      basis.reduce((sum, direction, k) => sum + parts[k]! * direction[i]!, 0)
    );
    const tried = [];
    for (const sign of [1, -1]) {
      const row = best.row.map((weight, i) => weight + sign * change[i]!);
      tried.push({ row, loss: await loss.value(subject, row) });
    }
    const better = tried[0]!.loss <= tried[1]!.loss ? tried[0]! : tried[1]!;
    const improved = better.loss < best.loss;
    if (improved) best = better;
    size *= improved ? GROWTH : SHRINKAGE;
    yield { step, ...better, passes: (1 + 2 * step) * each };
  }
}
