/**
 * Gradient rule of GridSample: an image read at locations of a grid, as in a spatial transformer.
 *
 * Sources: the operator in ONNX's specification, version 16 (locations, padding, rounding), and Jaderberg et al.,
 * "Spatial Transformer Networks" (2015), equations 5 to 7 (the bilinear sum and its two derivatives).
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { type Attributes, int, intAttribute, textAttribute, type Value } from "../../graph/types.ts";
import { expanded, type GradientRule, requiredInput, single } from "../rule.ts";
import { scatterAdd } from "./indexing.ts";

/** How a node reads its image. */
interface Sampling {
  readonly nearest: boolean;
  /** "zeros", "border" or "reflection". */
  readonly padding: string;
  /** Whether −1 and 1 are the centres of the outermost cells, not their outer edges. */
  readonly aligned: boolean;
}

/** What the points of the grid read along one axis: K cells each, 1 for nearest and 2 for bilinear. */
interface Reading {
  /** Which cells, int32 and inside the image, [N, K, P]. */
  readonly cells: Value;
  /** What each weighs, [N, K, P]. */
  readonly weights: Value;
  /** Derivative of each weight with respect to the grid's number, [N, K, P]; nearest has none. */
  readonly slopes: Value | undefined;
}

// y[n,c,p] = Σ_kl x[n,c,r_k,s_l]·u_k·v_l (rows r, columns s, their weights u and v, all functions of the grid at p):
// dx[n,c,r_k,s_l] += dy[n,c,p]·u_k·v_l, and dgrid[n,p] = Σ_ckl dy[n,c,p]·x[n,c,r_k,s_l]·(u_k·v_l′, u_k′·v_l).
const gridSample: GradientRule = single((context) => {
  const { b, attributes, needs, x, y, dy } = context;
  const sampling = readSampling(attributes);
  const grid = requiredInput(context, 1);
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const points = y.shape[2]! * y.shape[3]!;
  // Rounding makes steps: the gradient towards the grid is zero, as in PyTorch.
  const towardsGrid = needs[1] === true && !sampling.nearest;
  if (!needs[0] && !towardsGrid) return [];

  const [across, down] = b.split(grid, 3, [1, 1]).map((part) => b.reshape(part, [batch, 1, points]));
  const rows = readAxis(b, down!, height, sampling, towardsGrid);
  const columns = readAxis(b, across!, width, sampling, towardsGrid);
  const perAxis = rows.cells.shape[1]!;
  const corners = perAxis ** 2;
  /** Numbers of the rows and of the columns, laid so that they are combined cell by cell. */
  const crossed = (ofRows: Value, ofColumns: Value): [Value, Value] => [
    b.reshape(ofRows, [batch, perAxis, 1, points]),
    b.reshape(ofColumns, [batch, 1, perAxis, points]),
  ];
  const product = (ofRows: Value, ofColumns: Value): Value =>
    b.reshape(b.mul(...crossed(ofRows, ofColumns)), [batch, 1, corners, points]);

  const flat = [batch, channels, corners * points];
  const cells = b.add(...crossed(b.mul(rows.cells, width), columns.cells));
  const indices = b.expand(b.reshape(cells, [batch, 1, corners * points]), flat);
  const seeds = b.reshape(dy, [batch, channels, 1, points]);

  let dx: Value | undefined;
  if (needs[0]) {
    const shares = b.reshape(b.mul(seeds, product(rows.weights, columns.weights)), flat);
    dx = b.reshape(scatterAdd(context, [batch, channels, height * width], indices, shares, 2), x.shape);
  }
  if (!towardsGrid) return [dx];

  const image = b.reshape(x, [batch, channels, height * width]);
  const read = b.node("GatherElements", [image, indices], { axis: int(2) })[0]!;
  const worth = b.reduceSum(b.mul(b.reshape(read, [batch, channels, corners, points]), seeds), [1]);
  const towards = (ofRows: Value, ofColumns: Value): Value =>
    b.reshape(b.reduceSum(b.mul(worth, product(ofRows, ofColumns)), [2]), [...grid.shape.slice(0, 3), 1]);
  return [dx, b.concat([towards(rows.weights, columns.slopes!), towards(rows.slopes!, columns.weights)], 3)];
});

function readSampling(attributes: Attributes): Sampling {
  const mode = textAttribute(attributes, "mode", "bilinear");
  if (mode !== "bilinear" && mode !== "nearest") throw new TypeError(`its mode ${mode} is not supported`);
  const padding = textAttribute(attributes, "padding_mode", "zeros");
  if (!["zeros", "border", "reflection"].includes(padding)) {
    throw new TypeError(`its padding_mode ${padding} is not supported`);
  }
  return {
    nearest: mode === "nearest",
    padding,
    aligned: intAttribute(attributes, "align_corners", 0) === 1,
  };
}

/**
 * What is read along an axis of `size` cells at the grid's numbers [N, 1, P].
 *
 * @param differentiated Whether the slopes are needed.
 */
function readAxis(
  b: Builder,
  numbers: Value,
  size: number,
  { nearest, padding, aligned }: Sampling,
  differentiated: boolean,
): Reading {
  const { type } = numbers;
  // In cells, −1 lies `edge` before the centre of the first one, and 1 lies `span` behind −1.
  const edge = aligned ? 0 : 0.5;
  const span = aligned ? size - 1 : size;
  let at = b.sub(b.mul(b.add(numbers, 1), span / 2), edge);
  // The runtime rounds before it reflects.
  if (nearest) at = rounded(b, at);
  let direction = b.constant(type, [], [1]);
  // With one aligned cell there is nothing to reflect: every number means that cell.
  if (padding === "reflection" && span > 0) {
    // There and back again: a triangle wave that repeats after twice the span.
    const beyond = b.add(at, edge);
    const phase = b.sub(beyond, b.mul(floor(b, b.div(beyond, 2 * span)), 2 * span));
    at = b.sub(b.sub(span, b.abs(b.sub(phase, span))), edge);
    direction = b.where(b.less(phase, span), direction, b.constant(type, [], [-1]));
  }

  const cells = nearest ? at : b.add(floor(b, at), b.constant(type, [1, 2, 1], [0, 1]));
  // A cell beyond the image weighs nothing, or is the one at its border.
  const inside = b.clip(cells, 0, size - 1);
  const kept = (values: Value): Value => {
    if (padding !== "zeros") return expanded(b, values, cells.shape);
    return b.where(b.equal(cells, inside), values, 0);
  };
  const weights = nearest ? b.constant(type, [], [1]) : b.sub(1, b.abs(b.sub(at, cells)));
  // The first cell's weight falls as the second's rises.
  const slopes = differentiated
    ? kept(b.mul(b.constant(type, [1, 2, 1], [-span / 2, span / 2]), direction))
    : undefined;
  return { cells: b.cast(inside, "int32"), weights: kept(weights), slopes };
}

function floor(b: Builder, x: Value): Value {
  return b.node("Floor", [x])[0]!;
}

/** The nearest whole number, of two the even one. Not by Round, which WebGPU has no kernel for. */
function rounded(b: Builder, x: Value): Value {
  const low = floor(b, x);
  const part = b.sub(x, low);
  const odd = b.sub(low, b.mul(floor(b, b.mul(low, 0.5)), 2));
  const one = b.constant(x.type, [], [1]);
  return b.add(low, b.where(b.equal(part, 0.5), odd, b.where(b.greater(part, 0.5), one, 0)));
}

/** Rules by operator. */
export const GRID_SAMPLE: Readonly<Record<string, GradientRule>> = { GridSample: gridSample };
