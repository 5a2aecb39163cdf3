/**
 * Quantised operators as the operators on real numbers that they stand for: ONNX's own and those that ONNX Runtime's
 * quantiser writes. What rounds is left out; what holds a result in its range stays, for it often is the activation.
 *
 * @module
 */
import { normalisedAxis } from "../../shapes/rule.ts";
import { type DataType, floatAttribute, int, intAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, knownAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import type { Affine } from "./affine.ts";

/** What the rules need of the pass: values with what their whole numbers stand for. */
export interface Quantised {
  /** The real numbers that an integer input represents by `affine`. */
  real(node: RewriteInput, index: number, affine: Affine): Value;
  /** The affine of a node's scale and zero point inputs, for the whole numbers of input `of` (or the result). */
  affineAt(node: RewriteInput, scale: number, of: number | "result", axis: number): Affine;
  /** The same of inputs anywhere, for whole numbers of a type. */
  affineOf(node: RewriteInput, scale: number, zeroPoint: number, type: DataType, axis: number): Affine;
  /** The real numbers of a constant with a scale per block along an axis. */
  blocks(node: RewriteInput): Value;
  /** Output 0 of a node: real numbers, held in the range of `affine`, known to be quantised so. */
  result(node: RewriteInput, real: Value, affine: Affine): Value;
}

/** A quantised operator of one or more operands: reals in, a real out. */
type OnReals = (node: RewriteInput, reals: readonly Value[]) => Value;

/** Rules by operator; those of other domains as `domain.Op`. */
export function quantisedOperators(q: Quantised): Readonly<Record<string, Rewrite>> {
  /** Operands as (x, scale, zero point) one after the other, then scale and zero point of the result. */
  const elementwise = (operands: number, act: OnReals): Rewrite => (node) => {
    const reals = Array.from(
      { length: operands },
      (_, i) => q.real(node, 3 * i, q.affineAt(node, 3 * i + 1, 3 * i, 0)),
    );
    const affine = q.affineAt(node, 3 * operands, "result", 0);
    return [q.result(node, act(node, reals), affine)];
  };

  const quantize: Rewrite = (node) => {
    refuseBlocks(node);
    const x = inputAt(node, 0);
    const axis = axisAt(node, x, 1);
    return [q.result(node, x, q.affineAt(node, 1, "result", axis))];
  };

  const dequantize: Rewrite = (node) => {
    if (intAttribute(node.attributes, "block_size", 0) !== 0) return [q.blocks(node)];
    return [q.real(node, 0, q.affineAt(node, 1, 0, axisAt(node, inputAt(node, 0), 1)))];
  };

  const conv: Rewrite = (node) => {
    const { w, attributes } = node;
    const input = q.affineAt(node, 1, 0, 1);
    const weights = q.affineAt(node, 4, 3, 0);
    const affine = q.affineAt(node, 6, "result", 1);
    const operands = [q.real(node, 0, input), q.real(node, 3, weights)];
    if (node.inputs[8] !== undefined) operands.push(q.real(node, 8, biasAffine(input, weights)));
    return [q.result(node, w.node("Conv", operands, attributes)[0]!, affine)];
  };

  const matmul: Rewrite = (node) => {
    const left = q.affineAt(node, 1, 0, inputAt(node, 0).shape.length - 2);
    const right = q.affineAt(node, 4, 3, inputAt(node, 3).shape.length - 1);
    const product = node.w.matmul(q.real(node, 0, left), q.real(node, 3, right));
    return [q.result(node, product, q.affineAt(node, 6, "result", 1))];
  };

  /** Whole numbers in, whole numbers out: (x − its zero point)·(w − its zero point), no scale. */
  const integer = (op: string, axis: (rank: number) => number): Rewrite => (node) => {
    const [x, weights] = [inputAt(node, 0), inputAt(node, 1)];
    const operands = [[x, 0, 2], [weights, 1, 3]] as const;
    const reals = operands.map(([value, index, zero]) => {
      const zeroPoint = knownAt(node, zero) ?? [0];
      const scale = zeroPoint.map(() => 1);
      const affine = { scale, zeroPoint, type: value.type, axis: axis(value.shape.length) };
      return q.real(node, index, affine);
    });
    return [node.w.node(op, reals, node.attributes)[0]];
  };

  /** As `integer`, but with scales, and a bias of real numbers. */
  const integerToFloat: Rewrite = (node) => {
    const { w } = node;
    const [x, weights] = [inputAt(node, 0), inputAt(node, 1)];
    const left = q.real(node, 0, q.affineOf(node, 2, 4, x.type, x.shape.length - 2));
    const right = q.real(node, 1, q.affineOf(node, 3, 5, weights.type, weights.shape.length - 1));
    const product = w.matmul(left, right);
    return [node.inputs[6] === undefined ? product : w.add(product, node.inputs[6])];
  };

  /** Real numbers times quantised weights, which the runtime quantises on the way. */
  const dynamicMatmul: Rewrite = (node) => {
    const { w } = node;
    const weights = inputAt(node, 1);
    const affine = q.affineOf(node, 2, 3, weights.type, weights.shape.length - 1);
    const product = w.matmul(inputAt(node, 0), q.real(node, 1, affine));
    return [node.inputs[4] === undefined ? product : w.add(product, node.inputs[4])];
  };

  const where: Rewrite = (node) => {
    const reals = [1, 4].map((index) => q.real(node, index, q.affineAt(node, index + 1, index, 0)));
    const chosen = node.w.where(inputAt(node, 0), reals[0]!, reals[1]!);
    return [q.result(node, chosen, q.affineAt(node, 7, "result", 0))];
  };

  const gemm: Rewrite = (node) => {
    const { attributes, w } = node;
    const left = q.affineAt(node, 1, 0, 0);
    const right = q.affineAt(node, 4, 3, intAttribute(attributes, "transB", 0) === 1 ? 0 : 1);
    const alpha = floatAttribute(attributes, "alpha", 1);
    const operands = [q.real(node, 0, left), q.real(node, 3, right)];
    if (node.inputs[6] !== undefined) {
      const bias = biasAffine(left, right);
      operands.push(q.real(node, 6, { ...bias, scale: bias.scale.map((scale) => scale * alpha) }));
    }
    const real = w.node("Gemm", operands, attributes)[0]!;
    return [node.inputs[7] === undefined ? real : q.result(node, real, q.affineAt(node, 7, "result", 1))];
  };

  const concat: Rewrite = (node) => {
    const affine = q.affineAt(node, 0, "result", 0);
    const reals: Value[] = [];
    for (let i = 2; i < node.inputs.length; i += 3) {
      reals.push(q.real(node, i, q.affineAt(node, i + 1, i, 0)));
    }
    return [q.result(node, node.w.concat(reals, intAttribute(node.attributes, "axis", 0)), affine)];
  };

  const dynamic: Rewrite = (node) => {
    // As if the scale were 1: numbers stay what they are, and what multiplies by the scale later does nothing.
    const { w } = node;
    const affine = { scale: [1], zeroPoint: [0], type: "int32", axis: 0 } as const;
    return [
      q.result(node, inputAt(node, 0), affine),
      w.constant("float32", [], [1]),
      w.constant("uint8", [], [0]),
    ];
  };

  const channelsFirst = (node: RewriteInput) => {
    if (intAttribute(node.attributes, "channels_last", 0) === 1) {
      throw new TypeError("its channels_last is on");
    }
  };
  const without = ({ attributes }: RewriteInput) => attributesWith(attributes, ["channels_last", "opset"]);
  const like = (op: string): OnReals => (node, reals) => {
    channelsFirst(node);
    return node.w.node(op, reals, without(node))[0]!;
  };

  return {
    QuantizeLinear: quantize,
    DequantizeLinear: dequantize,
    "com.microsoft.QuantizeLinear": quantize,
    "com.microsoft.DequantizeLinear": dequantize,
    DynamicQuantizeLinear: dynamic,
    QLinearConv: conv,
    QLinearMatMul: matmul,
    ConvInteger: integer("Conv", () => 0),
    MatMulInteger: integer("MatMul", (rank) => rank - 1),
    "com.microsoft.QLinearAdd": elementwise(2, ({ w }, [a, b]) => w.add(a!, b!)),
    "com.microsoft.QLinearMul": elementwise(2, ({ w }, [a, b]) => w.mul(a!, b!)),
    "com.microsoft.QLinearSigmoid": elementwise(1, ({ w }, [x]) => w.sigmoid(x!)),
    "com.microsoft.QLinearLeakyRelu": elementwise(1, like("LeakyRelu")),
    "com.microsoft.QLinearGlobalAveragePool": elementwise(1, like("GlobalAveragePool")),
    "com.microsoft.QLinearAveragePool": elementwise(1, like("AveragePool")),
    "com.microsoft.QLinearSoftmax": elementwise(1, (node, [x]) => {
      if (intAttribute(node.attributes, "opset", 13) < 13) {
        throw new TypeError("its softmax is of opset 12 or before");
      }
      return node.w.node("Softmax", [x], { axis: int(intAttribute(node.attributes, "axis", -1)) })[0]!;
    }),
    "com.microsoft.MatMulIntegerToFloat": integerToFloat,
    "com.microsoft.DynamicQuantizeMatMul": dynamicMatmul,
    "com.microsoft.QLinearWhere": where,
    "com.microsoft.QLinearConcat": concat,
    "com.microsoft.QGemm": gemm,
  };
}

/** A bias counts in units of what a product of its operands counts in. */
function biasAffine(left: Affine, right: Affine): Affine {
  const scale = right.scale.map((each) => Math.fround(each * left.scale[0]!));
  return { scale, zeroPoint: scale.map(() => 0), type: "int32", axis: 0 };
}

function axisAt({ attributes }: RewriteInput, x: Value, fallback: number): number {
  // With one scale the axis means nothing, and may be out of range.
  const axis = intAttribute(attributes, "axis", fallback);
  return x.shape.length < 2 ? 0 : normalisedAxis(axis, x.shape.length);
}

function refuseBlocks({ attributes }: RewriteInput): void {
  if (intAttribute(attributes, "block_size", 0) !== 0) {
    throw new TypeError("it is quantised in blocks, which is not supported");
  }
}
