/**
 * Gradient rule of Resize: interpolation is linear and works axis by axis, so its adjoint is a product with a
 * constant matrix per axis.
 *
 * @module
 */
import { floatAttribute, intAttribute, textAttribute } from "../../graph/types.ts";
import { interpolationMatrix, type InterpolationOptions } from "../interpolation.ts";
import { constantInput, type GradientRule, multipliedAlong, unary } from "../rule.ts";

// y = M₁·x·M₂ᵀ (one matrix per axis): dx = M₁ᵀ·dy·M₂.
const resize: GradientRule = unary((context) => {
  const { b, attributes, x, y, dy } = context;
  if (intAttribute(attributes, "antialias", 0) === 1) throw new TypeError("its antialias is on");
  if (attributes["axes"] !== undefined) throw new TypeError("its axes attribute is not supported");
  const scales = constantInput(context, 2);
  const options: InterpolationOptions = {
    mode: textAttribute(attributes, "mode", "nearest"),
    coordinates: textAttribute(attributes, "coordinate_transformation_mode", "half_pixel"),
    nearest: textAttribute(attributes, "nearest_mode", "round_prefer_floor"),
    cubicCoefficient: floatAttribute(attributes, "cubic_coeff_a", -0.75),
    excludeOutside: intAttribute(attributes, "exclude_outside", 0) === 1,
  };
  let result = dy;
  x.shape.forEach((size, axis) => {
    const scale = scales?.[axis] ?? y.shape[axis]! / size;
    if (y.shape[axis] === size && scale === 1) return;
    const data = interpolationMatrix(size, y.shape[axis]!, { ...options, scale });
    result = multipliedAlong(b, result, axis, { rows: y.shape[axis]!, columns: size, data });
  });
  return result;
});

/** Rules by operator. */
export const RESIZE: Readonly<Record<string, GradientRule>> = { Resize: resize };
