/**
 * Upgrades of operators that interpolate. Resize, and Upsample, which came before it: every version in the form of 13,
 * with sizes of all axes or scales of all axes. GridSample: in the words of 16.
 *
 * @module
 */
import { normalisedAxis } from "../../shapes/rule.ts";
import { intAttribute, intsAttribute, text, textAttribute, type Value } from "../../types.ts";
import { attributesWith, inputAt, knownAt, type Patch, type Rewrite, type RewriteInput } from "../rewrite.ts";
import { withoutUndefined } from "../../../text/without_undefined.ts";

/** Scales meant q / scale, and nearest the cell below, until Resize had words for it. */
function asymmetric(x: Value, scales: Value, mode: string): Patch {
  return {
    op: "Resize",
    inputs: [x, undefined, scales],
    attributes: {
      mode: text(mode === "bilinear" ? "linear" : mode),
      coordinate_transformation_mode: text("asymmetric"),
      nearest_mode: text("floor"),
    },
  };
}

const upsample: Rewrite = (node) => {
  const { w, attributes } = node;
  const x = inputAt(node, 0);
  const given = attributes["scales"];
  const scales = given?.type === "floats"
    ? w.constant("float32", [given.value.length], given.value)
    : inputAt(node, 1);
  return asymmetric(x, scales, textAttribute(attributes, "mode", "nearest"));
};

const resize: Rewrite = (node) => {
  const { w, attributes, opset } = node;
  const x = inputAt(node, 0);
  if (opset < 11) return asymmetric(x, inputAt(node, 1), textAttribute(attributes, "mode", "nearest"));
  if (intAttribute(attributes, "antialias", 0) === 1) {
    throw new TypeError("its antialias, which came with opset 18, is not supported");
  }
  const rank = x.shape.length;
  const axes = intsAttribute(attributes, "axes")?.map((axis) => normalisedAxis(axis, rank)) ??
    x.shape.map((_, i) => i);
  const sizes = given(node, 3);
  const scales = given(node, 2);
  const policy = textAttribute(attributes, "keep_aspect_ratio_policy", "stretch");
  const mode = coordinateMode(node, axes, sizes, scales);
  const kept = attributesWith(
    attributes,
    ["axes", "antialias", "keep_aspect_ratio_policy"],
    withoutUndefined({ coordinate_transformation_mode: mode === undefined ? undefined : text(mode) }),
  );
  const all = <T>(list: readonly T[], rest: (axis: number) => T) =>
    x.shape.map((_, axis) => (axes.includes(axis) ? list[axes.indexOf(axis)]! : rest(axis)));
  if (sizes !== undefined) {
    let wanted = sizes;
    if (policy !== "stretch") {
      const factors = axes.map((axis, i) => sizes[i]! / x.shape[axis]!);
      const factor = policy === "not_larger" ? Math.min(...factors) : Math.max(...factors);
      wanted = axes.map((axis) => Math.floor(factor * x.shape[axis]! + 0.5));
    }
    const shape = all(wanted, (axis) => x.shape[axis]!);
    return { attributes: kept, inputs: [x, undefined, undefined, w.int64s(shape)] };
  }
  if (scales === undefined) throw new TypeError("it has neither sizes nor scales");
  return {
    attributes: kept,
    inputs: [x, undefined, w.constant("float32", [rank], all(scales, () => 1))],
  };
};

/** An empty tensor stands for an input left out. */
function given(node: RewriteInput, index: number): number[] | undefined {
  const numbers = knownAt(node, index);
  return numbers?.length === 0 ? undefined : numbers;
}

/** The coordinate mode where it must be another; half_pixel_symmetric is half_pixel where sizes come out whole. */
function coordinateMode(
  { attributes, inputs }: RewriteInput,
  axes: readonly number[],
  sizes: readonly number[] | undefined,
  scales: readonly number[] | undefined,
): string | undefined {
  const mode = textAttribute(attributes, "coordinate_transformation_mode", "half_pixel");
  if (mode === "tf_half_pixel_for_nn" || mode === "tf_crop_and_resize") {
    throw new TypeError(`its coordinate_transformation_mode ${mode} is not supported`);
  }
  if (mode !== "half_pixel_symmetric") return undefined;
  const whole = sizes !== undefined ||
    axes.every((axis, i) => Number.isInteger(inputs[0]!.shape[axis]! * scales![i]!));
  if (!whole) throw new TypeError("its half_pixel_symmetric with sizes that do not come out whole");
  return "half_pixel";
}

/** Since 20 an image may have any number of axes, and the modes have names that fit all. */
const gridSample: Rewrite = ({ attributes, opset }) => {
  const mode = textAttribute(attributes, "mode", "linear");
  if (opset < 20 || mode === "nearest") return undefined;
  return { attributes: attributesWith(attributes, [], { mode: text(`bi${mode}`) }) };
};

/** Rules by operator. */
export const RESIZE: Readonly<Record<string, Rewrite>> = {
  Resize: resize,
  Upsample: upsample,
  GridSample: gridSample,
};
