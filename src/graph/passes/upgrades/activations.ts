/**
 * Upgrades of activation functions: bounds that were attributes, softmax's old meaning, functions that came later or
 * that the builder's operators say as well.
 *
 * @module
 */
import { normalisedAxis } from "../../shapes/rule.ts";
import { elementCount, floatAttribute, int, intAttribute, textAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import type { GraphEditor } from "../graph_editor.ts";

/** Bounds are inputs since 11. */
const clip: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  if (opset >= 11) return undefined;
  const x = inputAt(node, 0);
  const bound = (name: string) => {
    const value = floatAttribute(attributes, name, NaN);
    // Until 11 the greatest float32 stood for no bound.
    return Number.isNaN(value) || Math.abs(value) > 3.4e38 ? undefined : w.constant(x.type, [], [value]);
  };
  return { attributes: {}, inputs: [x, bound("min"), bound("max")] };
};

/** Until 13 the axes from `axis` (1 by default) on were one. */
const softmax: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  if (opset >= 13) return undefined;
  const x = inputAt(node, 0);
  const axis = normalisedAxis(intAttribute(attributes, "axis", 1), x.shape.length);
  // Only one axis remains if all later axes are 1.
  const wide = x.shape.flatMap((size, i) => (i >= axis && size !== 1 ? [i] : []));
  if (wide.length <= 1) return { attributes: { axis: int(wide[0] ?? axis) } };
  const rows = w.reshape(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
  return [w.reshape(w.node(node.node.op, [rows], { axis: int(1) })[0]!, x.shape)];
};

/** x·Φ(x), exactly or by tanh. */
export function gelu(w: GraphEditor, x: Value, approximate: boolean): Value {
  if (!approximate) return w.mul(w.mul(x, w.add(w.erf(w.mul(x, Math.SQRT1_2)), 1)), 0.5);
  const inner = w.mul(w.mul(x, w.add(w.mul(w.mul(x, x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
  return w.mul(w.mul(x, w.add(w.tanh(inner), 1)), 0.5);
}

const of = (build: (w: GraphEditor, x: Value, node: RewriteInput) => Value): Rewrite => (node) => [
  build(node.w, inputAt(node, 0), node),
];

/** Rules by operator. */
export const ACTIVATIONS: Readonly<Record<string, Rewrite>> = {
  Clip: clip,
  Softmax: softmax,
  LogSoftmax: softmax,
  Gelu: of((w, x, { attributes }) => gelu(w, x, textAttribute(attributes, "approximate", "none") === "tanh")),
  Mish: of((w, x) => w.mul(x, w.tanh(w.node("Softplus", [x])[0]!))),
  // Since 24.
  Swish: of((w, x, { attributes }) => {
    const alpha = floatAttribute(attributes, "alpha", 1);
    return w.mul(x, w.sigmoid(alpha === 1 ? x : w.mul(x, alpha)));
  }),
  Softsign: of((w, x) => w.div(x, w.add(w.abs(x), 1))),
  Celu: of((w, x, { attributes }) => {
    const alpha = floatAttribute(attributes, "alpha", 1);
    return w.add(w.relu(x), w.min(w.mul(w.sub(w.exp(w.div(x, alpha)), 1), alpha), 0));
  }),
  ThresholdedRelu: of((w, x, { attributes }) =>
    w.where(w.greater(x, floatAttribute(attributes, "alpha", 1)), x, w.constant(x.type, [], [0]))
  ),
  Shrink: of((w, x, { attributes }) => {
    const [lambda, bias] = [floatAttribute(attributes, "lambd", 0.5), floatAttribute(attributes, "bias", 0)];
    const zero = w.constant(x.type, [], [0]);
    const above = w.where(w.greater(x, lambda), w.sub(x, bias), zero);
    return w.where(w.less(x, -lambda), w.add(x, bias), above);
  }),
  // Until 8 a slope [C] could stand for [C, 1, 1] by an attribute; since 7 it is broadcast like any other.
  PRelu: ({ attributes }) => ({ attributes: attributesWith(attributes, ["broadcast"]) }),
};
