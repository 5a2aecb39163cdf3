/**
 * Upgrades of normalisations: outputs that only training needs are dropped, newer operators are expressed with older
 * ones.
 *
 * @module
 */
import { normalisedAxis } from "../../shapes/rule.ts";
import { elementCount, floatAttribute, intAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";

const batchNormalization: Rewrite = (node) => {
  const { attributes, w } = node;
  if (intAttribute(attributes, "training_mode", 0) === 1) {
    // Standardised weights (NFNet) are normalised by their own statistics, whatever the image is.
    const given = [0, 1, 2].map((index) => inputAt(node, index));
    if (given.every((value) => !w.isFed(value))) return [standardised(node)];
    throw new TypeError("it is in training mode; export the model in inference mode (model.eval())");
  }
  if (intAttribute(attributes, "spatial", 1) === 0) throw new TypeError("its spatial = 0 is not supported");
  const without = ["training_mode", "spatial", "is_test", "consumed_inputs", "momentum"];
  return { attributes: attributesWith(attributes, without), outputs: 1 };
};

/** Normalised per channel (axis 1) by its own mean and variance, times scale, plus bias. */
function standardised(node: RewriteInput): Value {
  const { w, attributes } = node;
  const x = inputAt(node, 0);
  const axes = x.shape.flatMap((_, i) => i === 1 ? [] : [i]);
  const along = (index: number) =>
    w.reshape(inputAt(node, index), x.shape.map((size, i) => i === 1 ? size : 1));
  const centred = w.sub(x, w.reduceMean(x, axes));
  const variance = w.reduceMean(w.mul(centred, centred), axes);
  const deviation = w.sqrt(w.add(variance, floatAttribute(attributes, "epsilon", 1e-5)));
  return w.add(w.mul(w.div(centred, deviation), along(1)), along(2));
}

/** x over the root of its mean square, times scale. */
export function rootMeanSquareNormalised(
  { w, attributes }: RewriteInput,
  x: Value,
  scale: Value,
): Value {
  const first = normalisedAxis(intAttribute(attributes, "axis", -1), x.shape.length);
  const axes = x.shape.flatMap((_, i) => i >= first ? [i] : []);
  const square = w.reduceMean(w.mul(x, x), axes);
  const root = w.sqrt(w.add(square, floatAttribute(attributes, "epsilon", 1e-5)));
  return w.mul(w.div(x, root), scale);
}

/** Groups of channels are normalised like instances; scale and bias are per group in 18, per channel since 21. */
const groupNormalization: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  const [x, scale, bias] = [inputAt(node, 0), inputAt(node, 1), inputAt(node, 2)];
  const groups = intAttribute(attributes, "num_groups", 1);
  if (x.shape.length < 3) throw new TypeError(`its input has ${x.shape.length} axes, not 3 or more`);
  const [n, c] = x.shape as [number, number];
  const fill = (value: number) => w.constant(x.type, [groups], new Array<number>(groups).fill(value));
  const plain = w.node("InstanceNormalization", [w.reshape(x, [n, groups, -1]), fill(1), fill(0)], {
    epsilon: { type: "float", value: floatAttribute(attributes, "epsilon", 1e-5) },
  })[0]!;
  const along = (value: Value, rank: number) =>
    w.reshape(value, [1, elementCount(value.shape), ...new Array<number>(rank - 2).fill(1)]);
  if (opset >= 21 && scale.shape[0] === c) {
    const back = w.reshape(plain, x.shape);
    return [w.add(w.mul(back, along(scale, x.shape.length)), along(bias, x.shape.length))];
  }
  return [w.reshape(w.add(w.mul(plain, along(scale, 3)), along(bias, 3)), x.shape)];
};

/** x over its norm along an axis. */
const lpNormalization: Rewrite = (node) => {
  const { w, attributes } = node;
  const x = inputAt(node, 0);
  const axis = normalisedAxis(intAttribute(attributes, "axis", -1), x.shape.length);
  const op = intAttribute(attributes, "p", 2) === 1 ? "ReduceL1" : "ReduceL2";
  return [w.div(x, w.node(op, [x], { axes: { type: "ints", value: [axis] } })[0]!)];
};

/** Rules by operator. */
export const NORMALIZATION: Readonly<Record<string, Rewrite>> = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: ({ attributes }) => ({
    attributes: attributesWith(attributes, ["stash_type"]),
    outputs: 1,
  }),
  LpNormalization: lpNormalization,
  // Since 23; before, ONNX Runtime's own.
  RMSNormalization: (node) => [rootMeanSquareNormalised(node, inputAt(node, 0), inputAt(node, 1))],
  SimplifiedLayerNormalization: (node) => [
    rootMeanSquareNormalised(node, inputAt(node, 0), inputAt(node, 1)),
  ],
};
