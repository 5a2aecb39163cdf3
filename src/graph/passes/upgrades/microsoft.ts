/**
 * Operators that ONNX Runtime puts in place of several when it saves a graph that it has optimised, as those several.
 *
 * @module
 */
import { floatAttribute, int, intAttribute, textAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import { gelu } from "./activations.ts";

/** The first input, plus the second if there is one. */
function biased(node: RewriteInput): Value {
  const [x, bias] = [inputAt(node, 0), node.inputs[1]];
  return bias === undefined ? x : node.w.add(x, bias);
}

/** A convolution followed by an optional summand and an activation. */
const fusedConv: Rewrite = (node) => {
  const { w, attributes } = node;
  const own = ["activation", "activation_params"];
  const [x, weight, bias, summand] = [inputAt(node, 0), inputAt(node, 1), node.inputs[2], node.inputs[3]];
  const conv = w.node(
    "Conv",
    bias === undefined ? [x, weight] : [x, weight, bias],
    attributesWith(attributes, own),
  )[0]!;
  const sum = summand === undefined ? conv : w.add(conv, summand);
  const list = attributes["activation_params"];
  const parameters = list?.type === "floats" ? list.value : [];
  const activation = textAttribute(attributes, "activation", "");
  const named = (...names: string[]) =>
    Object.fromEntries(
      names.slice(0, parameters.length).map((
        name,
        i,
      ) => [name, { type: "float", value: parameters[i]! } as const]),
    );
  switch (activation) {
    case "":
      return [sum];
    case "Relu":
    case "Sigmoid":
    case "Tanh":
      return [w.node(activation, [sum])[0]];
    case "Clip":
      return [w.clip(sum, parameters[0] ?? -Infinity, parameters[1] ?? Infinity)];
    case "LeakyRelu":
      return [w.node(activation, [sum], named("alpha"))[0]];
    case "HardSigmoid":
      return [w.node(activation, [sum], named("alpha", "beta"))[0]];
    default:
      throw new TypeError(`its activation ${activation} is not supported`);
  }
};

/** A matrix product of transposed operands, times a number. */
const fusedMatMul: Rewrite = (node) => {
  const { w, attributes } = node;
  if (intAttribute(attributes, "transBatchA", 0) + intAttribute(attributes, "transBatchB", 0) > 0) {
    throw new TypeError("its batch is transposed, which is not supported");
  }
  const operand = (index: number, flag: string) => {
    const x = inputAt(node, index);
    const rank = x.shape.length;
    if (intAttribute(attributes, flag, 0) === 0 || rank < 2) return x;
    return w.transpose(x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
  };
  const product = w.matmul(operand(0, "transA"), operand(1, "transB"));
  const alpha = floatAttribute(attributes, "alpha", 1);
  return [alpha === 1 ? product : w.mul(product, alpha)];
};

/** Layer normalisation of a sum; the sum itself may be an output, too. */
const skipLayerNormalization: Rewrite = (node) => {
  const { w, attributes } = node;
  let sum = w.add(inputAt(node, 0), inputAt(node, 1));
  if (node.inputs[4] !== undefined) sum = w.add(sum, node.inputs[4]);
  const operands = node.inputs[3] === undefined
    ? [sum, inputAt(node, 2)]
    : [sum, inputAt(node, 2), node.inputs[3]];
  const epsilon = { type: "float", value: floatAttribute(attributes, "epsilon", 1e-12) } as const;
  const normal = w.node("LayerNormalization", operands, { axis: int(-1), epsilon })[0];
  return [normal, undefined, undefined, node.node.outputs[3] === undefined ? undefined : sum];
};

/** Rules by operator. */
export const MICROSOFT: Readonly<Record<string, Rewrite>> = {
  "com.microsoft.Gelu": (node) => [gelu(node.w, inputAt(node, 0), false)],
  "com.microsoft.BiasGelu": (node) => [gelu(node.w, biased(node), false)],
  "com.microsoft.FastGelu": (node) => [gelu(node.w, biased(node), true)],
  "com.microsoft.QuickGelu": (node) => {
    const x = inputAt(node, 0);
    return [node.w.mul(x, node.w.sigmoid(node.w.mul(x, floatAttribute(node.attributes, "alpha", 1.702))))];
  },
  "com.microsoft.FusedConv": fusedConv,
  "com.microsoft.FusedMatMul": fusedMatMul,
  "com.microsoft.SkipLayerNormalization": skipLayerNormalization,
};
