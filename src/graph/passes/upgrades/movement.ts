/**
 * Upgrades of operators that move, cut and join data: attributes that became inputs, and new forms expressed with older
 * operators.
 *
 * @module
 */
import { normalisedAxis } from "../../shapes/rule.ts";
import { intAttribute, intsAttribute, textAttribute } from "../../types.ts";
import { attributesWith, inputAt, knownAt, type Rewrite } from "../rewrite.ts";

/** An attribute of these names becomes the input at a place. */
const asInputs = (before: number, names: readonly string[]): Rewrite => (node) => {
  const { w, attributes, opset } = node;
  if (opset >= before) return undefined;
  const given = names.map((name) => {
    const list = intsAttribute(attributes, name);
    return list === undefined ? undefined : w.int64s(list);
  });
  while (given.length > 0 && given.at(-1) === undefined) given.pop();
  return { attributes: attributesWith(attributes, names), inputs: [inputAt(node, 0), ...given] };
};

/** Axes came as an input in 18, the value as an input in 11. */
const pad: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  const x = inputAt(node, 0);
  const mode = textAttribute(attributes, "mode", "constant");
  if (opset < 11) {
    const value = attributes["value"];
    const filler = value?.type === "float" && value.value !== 0
      ? [w.constant(x.type, [], [value.value])]
      : [];
    const pads = w.int64s(intsAttribute(attributes, "pads") ?? x.shape.flatMap(() => [0, 0]));
    return { attributes: attributesWith(attributes, ["pads", "value"]), inputs: [x, pads, ...filler] };
  }
  const given = knownAt(node, 1) ?? [];
  if (mode === "wrap" && given.some((size) => size !== 0)) {
    throw new TypeError("its mode wrap, which came with opset 19, is not supported");
  }
  const axes = knownAt(node, 3);
  if (axes === undefined) return undefined;
  const rank = x.shape.length;
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((each, i) => {
    const axis = normalisedAxis(each, rank);
    pads[axis] = given[i]!;
    pads[axis + rank] = given[i + axes.length]!;
  });
  return { inputs: [x, w.int64s(pads), node.inputs[2]] };
};

/** Since 18 the number of parts may be given, and the last may be smaller. */
const split: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  if (opset < 13) return asInputs(13, ["split"])(node);
  if (attributes["num_outputs"] === undefined) return undefined;
  const x = inputAt(node, 0);
  const axis = normalisedAxis(intAttribute(attributes, "axis", 0), x.shape.length);
  const count = intAttribute(attributes, "num_outputs", 1);
  const part = Math.ceil(x.shape[axis]! / count);
  const sizes = Array.from({ length: count }, (_, i) => Math.min(part, x.shape[axis]! - i * part));
  return { attributes: attributesWith(attributes, ["num_outputs"]), inputs: [x, w.int64s(sizes)] };
};

const topK: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  if (opset >= 10) return undefined;
  const k = w.int64s([intAttribute(attributes, "k", 1)]);
  return { attributes: attributesWith(attributes, ["k"]), inputs: [inputAt(node, 0), k] };
};

/** Channels and blocks of pixels are separated by a reshape, and exchanged. */
const depthToSpace: Rewrite = (node) => {
  const { w, attributes } = node;
  const x = inputAt(node, 0);
  const [n, c, h, width] = x.shape as [number, number, number, number];
  const size = intAttribute(attributes, "blocksize", 1);
  const rest = c / (size * size);
  const columnsFirst = textAttribute(attributes, "mode", "DCR") === "DCR";
  const apart = columnsFirst ? [n, size, size, rest, h, width] : [n, rest, size, size, h, width];
  const perm = columnsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return [w.reshape(w.transpose(w.reshape(x, apart), perm), [n, rest, h * size, width * size])];
};

const spaceToDepth: Rewrite = (node) => {
  const { w, attributes } = node;
  const x = inputAt(node, 0);
  const [n, c, h, width] = x.shape as [number, number, number, number];
  const size = intAttribute(attributes, "blocksize", 1);
  const apart = w.reshape(x, [n, c, h / size, size, width / size, size]);
  return [
    w.reshape(w.transpose(apart, [0, 3, 5, 1, 2, 4]), [n, c * size * size, h / size, width / size]),
  ];
};

/** Rules by operator. */
export const MOVEMENT: Readonly<Record<string, Rewrite>> = {
  Squeeze: asInputs(13, ["axes"]),
  Unsqueeze: asInputs(13, ["axes"]),
  Slice: asInputs(10, ["starts", "ends", "axes"]),
  Pad: pad,
  Split: split,
  TopK: topK,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
