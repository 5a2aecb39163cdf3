/**
 * One step with budgeted masks, the host's part: it draws the views, fills the masked regions and weights each view's
 * gradient. The graphs are in step.ts.
 *
 * @module
 */
import {
  type DeviceTensor,
  float32Data,
  float32Tensor,
  int64Tensor,
  type Tensor,
} from "../../runtime/mod.ts";
import { shownImages, viewFeeds } from "../masks/view_feeds.ts";
import { softmax } from "./targets.ts";
import { type View, viewLoss, viewsOfStep } from "../masks/views.ts";

/** What to show of every image. */
export interface BudgetPlan {
  /** The views that the steps cycle through. */
  readonly views: readonly View[];
  /** Number of views per image of a batch. */
  readonly each: number;
}

/** Whether the loss of any view depends on the classifier's scores of the whole image. */
export function needsCleanScores({ views }: BudgetPlan): boolean {
  return views.some(({ loss }) => loss === "drop");
}

type Feeds = Record<string, Tensor>;

/** The input of a step with budgeted masks. */
export interface BudgetStep {
  /** [batch, 3, H, W] in [0, 1]. */
  readonly images: Tensor;
  /** Class per image. */
  readonly targets: readonly number[];
  /** Scores of the whole images, [batch, classes]; optional if `needsCleanScores` is false. */
  readonly clean: Tensor | undefined;
  /** Position in the run, counted from 0. */
  readonly step: number;
  /** Runs `budgetMasksGraph`. */
  masks(feeds: Feeds): Promise<Feeds>;
  /** Runs `backboneGraph` over a number of rows. */
  masked(feeds: Feeds, count: number): Promise<Feeds>;
  /** Runs `budgetUpdateGraph`. */
  update(feeds: Feeds): Promise<Record<string, Tensor | DeviceTensor>>;
}

/** Runs the step: masks, masked pass, update. */
export async function runBudget({ views, each }: BudgetPlan, context: BudgetStep) {
  const { images, targets, clean } = context;
  const batch = images.shape[0]!;
  const drawn = viewsOfStep(views, context.step, batch, each);
  const given = viewFeeds(drawn, batch, each);
  const { masks, gates } = await context.masks(given);
  const size = masks!.shape[3]!;

  const count = drawn.length;
  const targetPerView = drawn.map((_, at) => targets[Math.floor(at / each)]!);
  const { cross_entropies: losses, mask_gradients: gradients } = await context.masked({
    ...shownImages(drawn, images, each, masks!),
    masks: masks!,
    targets: int64Tensor(targetPerView),
  }, count);

  const cleanProbabilities = clean === undefined ? undefined : targetProbabilities(clean, targets);
  const weighed = float32Data(gradients!).slice();
  let total = 0;
  drawn.forEach((view, at) => {
    const { loss, factor } = viewLoss(
      view,
      float32Data(losses!)[at]!,
      cleanProbabilities?.[Math.floor(at / each)] ?? NaN,
    );
    total += loss / count;
    for (let i = at * size * size; i < (at + 1) * size * size; i++) weighed[i]! *= factor / count;
  });
  const outputs = await context.update({
    ...given,
    gates: gates!,
    mask_gradients: float32Tensor(weighed, [batch, each, size, size]),
  });
  const keeping = float32Data(losses!).filter((_, at) => drawn[at]!.side === "keep");
  return {
    outputs,
    losses: losses!,
    terms: { ce: meanValue(keeping), area: meanValue(float32Data(masks!)), variation: 0, total },
  };
}

/** Mean of all; 0 of none. */
function meanValue(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The targets' probabilities from the logits of each image. */
function targetProbabilities(logits: Tensor, targets: readonly number[]): number[] {
  const classes = logits.shape[1]!;
  return targets.map((target, row) =>
    softmax(float32Data(logits).subarray(row * classes, (row + 1) * classes))(target)
  );
}
