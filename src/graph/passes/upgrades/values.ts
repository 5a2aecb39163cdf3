/**
 * Upgrades of operators that hold, convert or pass values.
 *
 * @module
 */
import { DATA_TYPE_CODES } from "../../shapes/elementwise.ts";
import { floatAttribute, int, intAttribute } from "../../types.ts";
import { attributesWith, inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";

/** A constant says its value in one of several attributes. */
const constant: Rewrite = ({ w, node, attributes }) => {
  const name = node.outputs[0]!;
  const tensor = attributes["value"];
  if (tensor?.type === "tensor") return [w.declare({ ...tensor.value, name })];
  const [number, list] = [attributes["value_int"], attributes["value_ints"]];
  const [real, reals] = [attributes["value_float"], attributes["value_floats"]];
  if (number?.type === "int") return [w.constant("int64", [], [number.value])];
  if (list?.type === "ints") return [w.constant("int64", [list.value.length], list.value)];
  if (real?.type === "float") return [w.constant("float32", [], [real.value])];
  if (reals?.type === "floats") return [w.constant("float32", [reals.value.length], reals.value)];
  throw new TypeError("it has no numbers");
};

/** Dropout is the identity in inference; a training mode left on is not what the network was measured with. */
const dropout: Rewrite = (node) => {
  const x = inputAt(node, 0);
  const ratio = dropoutRatio(node);
  const mode = node.inputs[2] === undefined ? undefined : node.w.numbers(node.inputs[2]);
  if (node.inputs[2] !== undefined && mode?.data[0] !== 0 && ratio !== 0) {
    node.note(`${node.node.op} in training mode is left out (${node.node.name})`);
  }
  const mask = node.node.outputs[1];
  if (mask === undefined || mask === "") return [x];
  return [x, node.w.expand(node.w.constant("bool", [], [1]), x.shape)];
};

function dropoutRatio({ w, inputs, attributes }: RewriteInput): number {
  const given = inputs[1] === undefined ? undefined : w.numbers(inputs[1])?.data[0];
  return given ?? floatAttribute(attributes, "ratio", 0.5);
}

/** Since 19 a cast to 8-bit floats may saturate; there are none here. */
const cast: Rewrite = ({ attributes }) => ({
  attributes: attributesWith(attributes, ["saturate", "round_mode"]),
});

const castLike: Rewrite = (node) => ({
  op: "Cast",
  inputs: [inputAt(node, 0)],
  attributes: { to: int(DATA_TYPE_CODES[inputAt(node, 1).type]) },
});

/** Whether numbers are NaN: what is not equal to itself. */
const isNaN: Rewrite = (node) => [node.w.node("Not", [node.w.equal(inputAt(node, 0), inputAt(node, 0))])[0]];

/** Rules by operator. */
export const VALUES: Readonly<Record<string, Rewrite>> = {
  Constant: constant,
  Dropout: dropout,
  Cast: cast,
  CastLike: castLike,
  IsNaN: isNaN,
  // Its old name.
  Scatter: () => ({ op: "ScatterElements" }),
  // Until 8, how it was broadcast was an attribute; since 7 that is gone.
  Gemm: ({ attributes }) => ({ attributes: attributesWith(attributes, ["broadcast"]) }),
  AveragePool: ({ attributes }) => {
    const dilations = attributes["dilations"];
    if (dilations?.type === "ints" && dilations.value.some((size) => size !== 1)) {
      throw new TypeError("its windows are dilated, which came with opset 19");
    }
    return { attributes: attributesWith(attributes, ["dilations"]) };
  },
  ArgMax: ({ attributes }) => {
    if (intAttribute(attributes, "select_last_index", 0) === 1) {
      throw new TypeError("its select_last_index is on");
    }
    return undefined;
  },
};
