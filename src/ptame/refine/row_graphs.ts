/**
 * The loss of one class's fuser row on one image, and its gradient, as three small graphs around the classifier:
 *
 *     rowMasksGraph      features, row → map → the mask of each view
 *     backboneGraph      images, masks → CE, ∂CE/∂mask             the classifier (masks/masked_pass.ts)
 *     rowGradientGraph   features, row, ∂L/∂mask → ∂L/∂row
 *
 * No graph depends on the class or the image, so an explainer opens them once.
 *
 * @module
 */
import { gradients } from "../../gradient/backward.ts";
import type { GradientDevice } from "../../gradient/rule.ts";
import { type Builder, createBuilder } from "../../graph/builder.ts";
import { prune } from "../../graph/passes/prune.ts";
import type { Graph, Value } from "../../graph/types.ts";
import { float32Tensor, type Tensor } from "../../runtime/mod.ts";
import type { Feature } from "../fuse.ts";
import { fusedMaps, type HeadShape, minMaxMask } from "../head.ts";
import { budgetGradient, budgetInputs, budgetMasks, gates } from "../masks/budget.ts";
import { featureName } from "../explainer_graph.ts";

/** Names of the inputs and outputs of these graphs, besides those of budget.ts and masked_pass.ts. */
const [ROW, ROW_GRADIENT] = ["row", "row_gradient"] as const;

/** m of head.ts from the inputs "feature_0", … [1, C_l, S_l, S_l] and "row" [1, Σ C_l]; [1, 1, S, S]. */
function rowMap(b: Builder, { channels, sizes }: HeadShape): { readonly m: Value; readonly row: Value } {
  const features = channels.map((count, index) =>
    b.input(featureName(index), "float32", [1, count, sizes[index]!, sizes[index]!])
  );
  const row = b.input(ROW, "float32", [1, channels.reduce((sum, count) => sum + count, 0)]);
  return { m: minMaxMask(b, fusedMaps(b, features, row)), row };
}

/**
 * The masks of all views of one image.
 *
 * - Inputs: those of `rowFeeds` and `budgetInputs`.
 * - Outputs: "masks" [views, 1, S, S] in [0, 1], and "gates" [1, views, S, S] for `rowGradientGraph`.
 */
export function rowMasksGraph(shape: HeadShape, views: number): Graph {
  const b = createBuilder("row masks");
  const { m } = rowMap(b, shape);
  const given = budgetInputs(b, 1, views);
  const g = gates(b, m, given);
  b.output(g, "gates");
  const size = m.shape[3]!;
  b.output(b.reshape(budgetMasks(b, m, g, given), [views, 1, size, size]), "masks");
  return prune(b.build());
}

/**
 * From the masks back to the row.
 *
 * - Inputs: as of `rowMasksGraph`, "gates" of it, and "mask_gradients" [1, views, S, S], weighted as the loss weights
 *   each view.
 * - Output: "row_gradient" [1, Σ C_l].
 */
export function rowGradientGraph(shape: HeadShape, views: number, device: GradientDevice): Graph {
  const b = createBuilder("row gradient");
  const { m, row } = rowMap(b, shape);
  const given = budgetInputs(b, 1, views);
  const size = m.shape[3]!;
  const g = b.input("gates", "float32", [1, views, size, size]);
  const maskGradients = b.input("mask_gradients", "float32", [1, views, size, size]);
  const seed = budgetGradient(b, m, g, given, maskGradients);
  const [gradient] = gradients(b, [{ value: m, seed }], [row], { device });
  b.output(gradient!, ROW_GRADIENT);
  return prune(b.build());
}

/** Features and row as the graphs take them. */
export function rowFeeds(features: readonly Feature[], row: Float32Array): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { [ROW]: float32Tensor(row, [1, row.length]) };
  features.forEach(({ channels, size, data }, index) => {
    feeds[featureName(index)] = float32Tensor(data, [1, channels, size, size]);
  });
  return feeds;
}
