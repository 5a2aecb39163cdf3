/**
 * Layer-wise relevance propagation (Bach et al. 2015; Montavon et al. 2019, "Layer-Wise Relevance Propagation: An
 * Overview") as rules for backward.ts: what it calls the gradient of a value is then the value's relevance R. With x a
 * layer's input, y its output, J its derivative and ± the sign of what is stabilised:
 *
 *     ε (linear layers, pooling, sums)   R_x = x · Jᵀ (R_y / (y ± ε))
 *     γ (convolutions)                   the same with W + γ·max(W, 0) for outputs above 0, W + γ·min(W, 0) below
 *     z^B (first convolution)            R_x = x·W ᵀs − l·W⁺ᵀs − h·W⁻ᵀs,  s = R_y / (xW − lW⁺ − hW⁻ ± ε)
 *
 * l and h are what black and white images become at the first convolution. Activations pass relevance on; max pooling
 * gives it to the winner; a product of two parts of the network halves it between them (Achtibat et al. 2024). γ is in the
 * general form for inputs of either sign (Andéol et al. 2021). Where zennit 0.5.1 has a rule (Epsilon, Gamma, ZBox, Norm,
 * Pass), this is the same, stabilisers included. A batch normalisation after a convolution is merged into it, as zennit's
 * canonizer does; any other gets ε, as in Captum.
 * Attention and layer normalisation have no rule here.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import { replayed } from "../graph/replay.ts";
import { floatAttribute, type Node, type Value } from "../graph/types.ts";
import { type GradientRule, requiredInput, sameShape, single, type SingleContext } from "./rule.ts";
import { RULES } from "./rules/mod.ts";
import { MOVEMENT } from "./rules/movement.ts";

/** Which rules: ε everywhere, or the composite of z^B, γ and ε. */
export type RelevanceComposite = "epsilon" | "gamma";

/** The stabiliser ε, and the factor γ. */
const [EPSILON, GAMMA] = [1e-6, 0.25];

/** Layers with weights that are linear in their input. */
const WEIGHTED = new Set(["Conv", "Gemm", "MatMul", "ConvTranspose"]);
/** Operators that are linear in each input that carries relevance. */
const LINEAR = new Set([
  ...["Conv", "Gemm", "MatMul", "ConvTranspose", "BatchNormalization", "Add", "Sub", "Sum"],
  ...["AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum"],
]);
/** Activations of one value. */
const PASSING = new Set([
  ...[
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Clip",
    "HardSigmoid",
    "HardSwish",
    "Elu",
    "Selu",
    "Gelu",
    "Mish",
    "Sigmoid",
  ],
  ...["Tanh", "Softplus", "Identity", "Dropout", "Neg"],
]);

/** `R / (y ± ε)`. */
function shared(b: Builder, relevance: Value, y: Value): Value {
  return b.div(relevance, b.where(b.less(y, 0), b.add(y, -EPSILON), b.add(y, EPSILON)));
}

/** `Jᵀ s` of a node of this kind towards its first input. */
function transposed(context: SingleContext, x: Value, w: Value, y: Value, s: Value): Value {
  const [found] = RULES[context.node.op]!({
    ...context,
    inputs: [x, w],
    outputs: [y],
    needs: [true, false],
    dy: [s],
  });
  return found!;
}

const passing: GradientRule = ({ needs, dy }) => needs.map((needed) => needed ? dy[0] : undefined);

const epsilon: GradientRule = single((context) => {
  const { b, node, needs, inputs, dy, y } = context;
  if (node.op === "MatMul" && needs[0] && needs[1]) {
    throw new TypeError("no rule for a product of two activations, as in an attention");
  }
  const found = RULES[node.op]!({ ...context, dy: [shared(b, dy, y)] });
  return found.map((part, i) => part === undefined || !needs[i] ? undefined : b.mul(inputs[i]!, part));
});

const gate: GradientRule = single(({ b, needs, inputs, dy, y }) => {
  const both = needs[0] && needs[1];
  return needs.map((needed, i) => {
    if (!needed) return undefined;
    if (!sameShape(inputs[i]!.shape, y.shape)) {
      // A gate of one number for each channel: half of the relevance of all its positions.
      const axes = y.shape.flatMap((size, axis) => inputs[i]!.shape[axis] === size ? [] : [axis]);
      return b.mul(b.reduceSum(dy, axes, true), both ? 0.5 : 1);
    }
    return both ? b.mul(dy, 0.5) : dy;
  });
});

/** The parts of a value above and below zero. */
function splitAtZero(b: Builder, value: Value): readonly [above: Value, below: Value] {
  return [b.relu(value), b.neg(b.relu(b.neg(value)))];
}

/** The convolution itself over other inputs and weights. */
function convolved({ b, attributes }: SingleContext, x: Value, w: Value, bias: Value | undefined): Value {
  return b.node("Conv", bias === undefined ? [x, w] : [x, w, bias], attributes)[0]!;
}

const gamma: GradientRule = single((context) => {
  const { b, x, y, dy, inputs } = context;
  const [w, bias] = [requiredInput(context, 1), inputs[2]];
  const more = (value: Value) => splitAtZero(b, value).map((part) => b.add(value, b.mul(part, GAMMA)));
  const [xAbove, xBelow] = splitAtZero(b, x);
  const [wAbove, wBelow] = more(w) as [Value, Value];
  const [biasAbove, biasBelow] = bias === undefined ? [] : more(bias);
  const zero = b.constant(dy.type, [], [0]);
  const parts = [
    { chosen: b.greater(y, 0), pairs: [[xAbove, wAbove, biasAbove], [xBelow, wBelow, undefined]] as const },
    { chosen: b.less(y, 0), pairs: [[xAbove, wBelow, biasBelow], [xBelow, wAbove, undefined]] as const },
  ].flatMap(({ chosen, pairs }) => {
    const outputs = pairs.map(([input, weight, add]) => convolved(context, input, weight, add));
    const s = b.where(chosen, shared(b, dy, b.add(outputs[0]!, outputs[1]!)), zero);
    return pairs.map(([input, weight], i) =>
      b.mul(input, transposed(context, input, weight, outputs[i]!, s))
    );
  });
  return [parts.reduce((sum, part) => b.add(sum, part))];
});

/** z^B with what black and white become before the convolution. */
function boxed(low: Value, high: Value): GradientRule {
  return single((context) => {
    const { b, x, y, dy, inputs } = context;
    const [w, bias] = [requiredInput(context, 1), inputs[2]];
    const [above, below] = splitAtZero(b, w);
    const [biasAbove, biasBelow] = bias === undefined ? [] : splitAtZero(b, bias);
    const [zLow, zHigh] = [
      convolved(context, low, above, biasAbove),
      convolved(context, high, below, biasBelow),
    ];
    const s = shared(b, dy, b.sub(b.sub(y, zLow), zHigh));
    const own = b.mul(x, transposed(context, x, w, y, s));
    const bounds = b.add(
      b.mul(low, transposed(context, low, above, zLow, s)),
      b.mul(high, transposed(context, high, below, zHigh, s)),
    );
    return [b.sub(own, bounds)];
  });
}

/**
 * The rules of a composite for a network in a builder.
 *
 * @param b The network; for "gamma" it receives what black and white images become.
 * @param images The images, in [0, 1].
 * @returns The rule of each node; `undefined` for an operator that has none.
 */
export function relevanceRules(
  b: Builder,
  images: Value,
  composite: RelevanceComposite,
): (node: Node) => GradientRule | undefined {
  const nodes = [...b.nodes()];
  // What is made of the image before the first layer with weights: the normalisation of pixels.
  const prepared = new Set([images.name]);
  for (const { op, inputs, outputs } of nodes) {
    if (!WEIGHTED.has(op) && inputs.some((name) => prepared.has(name))) {
      outputs.forEach((name) => prepared.add(name));
    }
  }
  /** A value of the normalisation, for images of one level. */
  const levelled = (name: string, level: number): Value => {
    const own = b.scope(`level${level}/`);
    const flat = own.expand(own.constant(images.type, [], [level]), images.shape);
    return replayed(own, nodes, new Map([[images.name, flat]]), name);
  };
  const normalised = normalisedConvolutions(nodes);
  const convolution = (input: string): GradientRule => {
    if (composite === "epsilon") return epsilon;
    return prepared.has(input) ? boxed(levelled(input, 0), levelled(input, 1)) : gamma;
  };
  return (node) => {
    const { op, domain, inputs, outputs } = node;
    if (domain !== "") return undefined;
    if (prepared.has(outputs[0]!)) {
      return Object.hasOwn(MOVEMENT, op) ? MOVEMENT[op] : passing;
    }
    if (op === "Conv") {
      const norm = normalised.get(outputs[0]!);
      return norm === undefined ? convolution(inputs[0]!) : merged(norm, convolution(inputs[0]!));
    }
    // Its layer is one with the convolution's.
    if (op === "BatchNormalization" && normalised.has(inputs[0]!)) return passing;
    if (LINEAR.has(op)) return epsilon;
    if (PASSING.has(op)) return passing;
    if (op === "Mul") return gate;
    if (op === "MaxPool" || op === "GlobalMaxPool" || Object.hasOwn(MOVEMENT, op)) return RULES[op];
    // A division by a constant is a linear layer without a bias: relevance passes.
    return op === "Div" ? dividing : undefined;
  };
}

/** The batch normalisations that alone read a convolution, by the name of what they read. */
function normalisedConvolutions(nodes: readonly Node[]): ReadonlyMap<string, Node> {
  const readers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const name of node.inputs) readers.set(name, [...readers.get(name) ?? [], node]);
  }
  return new Map(nodes.flatMap(({ op, outputs }) => {
    const [only, ...others] = readers.get(outputs[0]!) ?? [];
    const alone = op === "Conv" && only?.op === "BatchNormalization" && others.length === 0;
    return alone ? [[outputs[0]!, only] as const] : [];
  }));
}

/** A convolution's rule with the weights that it has once its batch normalisation is merged into it. */
function merged(norm: Node, rule: GradientRule): GradientRule {
  return (context) => {
    const { b, inputs } = context;
    const [scale, shift, mean, variance] = norm.inputs.slice(1).map((name) => b.existingValue(name)) as [
      ...[Value, Value, Value, Value],
    ];
    const factor = b.div(scale, b.sqrt(b.add(variance, floatAttribute(norm.attributes, "epsilon", 1e-5))));
    const w = requiredInput(context, 1);
    const weight = b.mul(w, b.reshape(factor, [w.shape[0]!, ...w.shape.slice(1).map(() => 1)]));
    const centre = inputs[2] === undefined ? b.neg(mean) : b.sub(inputs[2], mean);
    const bias = b.add(shift, b.mul(centre, factor));
    const output = b.existingValue(norm.outputs[0]!);
    return rule({ ...context, inputs: [inputs[0], weight, bias], outputs: [output] });
  };
}

const dividing: GradientRule = (context) => {
  if (context.needs[1]) throw new TypeError("no rule for a division by an activation");
  return passing(context);
};
