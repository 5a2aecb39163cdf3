/**
 * One step with budgeted masks, the host's part: it draws the views, fills the masked regions and weights each view's
 * gradient. The graphs are in step.ts.
 *
 * @module
 */
import { upsampleMap } from "../../image/upsample.ts";
import {
  type DeviceTensor,
  float32DataOf,
  float32Tensor,
  int64Tensor,
  type Tensor,
} from "../../runtime/mod.ts";
import { GATE_WIDTH } from "./budget.ts";
import { fillOf } from "./fill.ts";
import { softmaxOf } from "./targets.ts";
import { lossOf, type View, viewsOfStep } from "./views.ts";

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
  /** [batch, 3, S, S] in [0, 1]. */
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
  const [batch, , side] = images.shape as [number, number, number, number];
  const drawn = viewsOfStep(views, context.step, batch, each);
  const perView = (value: (view: View) => number) =>
    float32Tensor(Float32Array.from(drawn, value), [batch, each, 1, 1]);
  const given = {
    shares: perView(({ share }) => share),
    soft: perView(({ mask }) => Number(mask === "soft")),
    kept: perView((view) => Number(view.side === "keep")),
    widths: perView(({ width = GATE_WIDTH }) => width),
  };
  const { masks, gates } = await context.masks(given);
  const size = masks!.shape[3]!;

  const count = drawn.length;
  const pixels = float32DataOf(images);
  const picture = 3 * side * side;
  const shown = new Float32Array(count * picture);
  const fills = new Float32Array(count * picture);
  drawn.forEach(({ fill }, at) => {
    const own = pixels.subarray(Math.floor(at / each) * picture, (Math.floor(at / each) + 1) * picture);
    shown.set(own, at * picture);
    // The fill is already black.
    if (fill === "black") return;
    const small = float32DataOf(masks!).subarray(at * size * size, (at + 1) * size * size);
    const mask = upsampleMap(small, size, size, side, side);
    fillOf(fill, own, mask, fills.subarray(at * picture, (at + 1) * picture));
  });
  const targetPerView = drawn.map((_, at) => targets[Math.floor(at / each)]!);
  const { cross_entropies: losses, mask_gradients: gradients } = await context.masked({
    images: float32Tensor(shown, [count, ...images.shape.slice(1)]),
    fills: float32Tensor(fills, [count, ...images.shape.slice(1)]),
    masks: masks!,
    targets: int64Tensor(targetPerView),
  }, count);

  const cleanProbabilities = clean === undefined ? undefined : probabilitiesOf(clean, targets);
  const weighed = float32DataOf(gradients!).slice();
  let total = 0;
  drawn.forEach((view, at) => {
    const { loss, factor } = lossOf(
      view,
      float32DataOf(losses!)[at]!,
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
  const keeping = float32DataOf(losses!).filter((_, at) => drawn[at]!.side === "keep");
  return {
    outputs,
    losses: losses!,
    terms: { ce: meanOf(keeping), area: meanOf(float32DataOf(masks!)), variation: 0, total },
  };
}

/** Mean of all; 0 of none. */
function meanOf(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The targets' probabilities from the logits of each image. */
function probabilitiesOf(logits: Tensor, targets: readonly number[]): number[] {
  const classes = logits.shape[1]!;
  return targets.map((target, row) =>
    softmaxOf(float32DataOf(logits).subarray(row * classes, (row + 1) * classes))(target)
  );
}
