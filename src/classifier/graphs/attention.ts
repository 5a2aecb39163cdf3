/**
 * The attentions of a transformer in any graph, and the graphs that explain by them: attention rollout and LeGrad.
 *
 * An attention is a Softmax whose last two axes both run over the tokens of the whole grid, as followed from the image
 * (taps/axis_rules.ts). Attentions in windows (Swin), of pooled tokens, or fused in one operator are not found.
 *
 * @module
 */
import { gradients } from "../../gradient/backward.ts";
import type { GradientDevice } from "../../gradient/rule.ts";
import { prune } from "../../graph/passes/prune.ts";
import { replayed } from "../../graph/replay.ts";
import { type Graph, intAttribute, type Value } from "../../graph/types.ts";
import { type Axis, type GridPlaces, gridPlacesOf, isOfGrid, plainAxis } from "../taps/axes.ts";
import { followAxes } from "../taps/axis_rules.ts";
import { PREFIX, scoredPass } from "./forward.ts";
import { bottlenecks, type ForwardPath, valuesOnPath } from "../taps/path.ts";
import type { GraphPart } from "../types.ts";

/** An attention, and the tokens after its block. */
interface Attention {
  /** Its weights, [heads, T, T] with ones before. */
  readonly weights: Value;
  /** The tokens after its block, before the next one's attention. */
  readonly tokens: Value;
}

/** The attentions of a network, shallow to deep, and the places of the grid among the tokens. */
export interface Attentions {
  /** The attentions. */
  readonly list: readonly Attention[];
  /** Where the grid's tokens lie. */
  readonly grid: Pick<GridPlaces, "width" | "height" | "places">;
  /** Number of tokens. */
  readonly count: number;
}

/** How to explain by attentions. */
export type AttentionKind = "rollout" | "legrad";

/** Finds the attentions over all tokens. */
function findAttentions(path: ForwardPath): Attentions {
  const { graph } = path;
  const axes = followAxes(graph, path.image);
  const order = valuesOnPath(path);
  const softmaxes = graph.nodes.flatMap(({ op, attributes, outputs }) => {
    const value = graph.values.get(outputs[0]!);
    const own = value === undefined ? undefined : axes.get(value.name);
    if (op !== "Softmax" || value === undefined || own === undefined || !order.has(value.name)) return [];
    const rank = own.length;
    const last = [-1, rank - 1].includes(intAttribute(attributes, "axis", -1));
    const over = rank >= 3 && last && value.shape.at(-1) === value.shape.at(-2) &&
      own.slice(0, -2).every((axis) => !isOfGrid(axis)) && isOfGrid(own.at(-2)!) && isOfGrid(own.at(-1)!);
    return over ? [{ value, axis: own.at(-1)! }] : [];
  });
  const grid = softmaxes[0] === undefined ? undefined : wholeGrid(softmaxes[0].axis);
  const count = softmaxes[0]?.value.shape.at(-1);
  if (
    grid === undefined || count === undefined || softmaxes.some(({ value }) => value.shape.at(-1) !== count)
  ) {
    throw new TypeError(
      `Cannot explain ${graph.name} by attention: it has no attention over all tokens; use --method gradcam`,
    );
  }
  const cuts = bottlenecks(path, order);
  // Where residual connections end; a normalisation after the last block is part of the scores.
  const sums = new Set(graph.nodes.flatMap(({ op, outputs }) => op === "Add" ? outputs : []));
  const list = softmaxes.map(({ value }, i) => {
    const from = order.get(value.name)!;
    const next = softmaxes[i + 1];
    const to = next === undefined ? Infinity : order.get(next.value.name)!;
    const between = cuts.filter(([name, at]) =>
      at > from && at < to && (axes.get(name) ?? []).some(isOfGrid) && sums.has(name)
    );
    const tokens = between.at(-1);
    if (tokens === undefined) {
      throw new TypeError(
        `Cannot explain ${graph.name} by attention: no tokens are found after ${value.name}`,
      );
    }
    return { weights: value, tokens: graph.values.get(tokens[0])! };
  });
  return { list, grid, count };
}

function wholeGrid(axis: Axis): Attentions["grid"] | undefined {
  return gridPlacesOf([plainAxis(1), axis]);
}

/**
 * "images" [1, 3, H, W] to "tokens" [T].
 *
 * Rollout (Abnar and Zuidema 2020): `Ã_L ⋯ Ã_1` with `Ã = (mean over heads A + 1) / 2`; the row of the class token, or
 * the mean of all rows if every token is one of the grid.
 *
 * LeGrad (Bousselham et al. 2024), with "target" [1, classes]: the sum over blocks l of the mean over heads and rows of
 * `ReLU(∂s_l/∂A_l)`, s_l being the score that the network's last part gives to the tokens after block l.
 *
 * @throws {TypeError} When the network has no attention over all tokens, or LeGrad cannot differentiate an operator.
 */
export function attentionGraph(
  network: GraphPart,
  kind: AttentionKind,
  device: GradientDevice,
): Graph & Pick<Attentions, "grid"> {
  const { b, images, logits } = scoredPass(network, 1);
  const path = { graph: b.build(), image: images.name, logits: logits.name, prefix: PREFIX };
  const { list, grid, count } = findAttentions(path);
  const perHead = (value: Value) => b.reshape(value, [-1, count, count]);
  if (kind === "rollout") {
    const identity = b.constant(
      "float32",
      [count, count],
      Float32Array.from(
        { length: count * count },
        (_, i) => i % (count + 1) === 0 ? 1 : 0,
      ),
    );
    const mixed = list.map(({ weights }) =>
      b.mul(b.add(b.reduceMean(perHead(weights), [0], false), identity), 0.5)
    );
    const whole = mixed.reduce((below, above) => b.matmul(above, below));
    const besides = Array.from({ length: count }, (_, i) => i).filter((token) =>
      !grid.places.includes(token)
    );
    const row = besides.length > 0
      ? b.slice(whole, 0, besides[0]!, besides[0]! + 1)
      : b.reduceMean(whole, [0]);
    b.output(b.reshape(row, [count]), "tokens");
    return { ...prune(b.build()), grid };
  }
  const target = b.input("target", "float32", logits.shape);
  const last = list.at(-1)!.tokens;
  const parts = list.map(({ weights, tokens }) => {
    const scores = tokens === last
      ? logits
      : replayed(b, path.graph.nodes, new Map([[last.name, tokens]]), logits.name);
    const [gradient] = gradients(b, b.reduceSum(b.mul(scores, target), undefined, false), [weights], {
      device,
    });
    return b.reduceMean(b.relu(perHead(gradient!)), [0, 1], false);
  });
  b.output(parts.reduce((sum, part) => b.add(sum, part)), "tokens");
  return { ...prune(b.build()), grid };
}
