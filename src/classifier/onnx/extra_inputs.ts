/**
 * The inputs of a foreign classifier besides the image, each filled with one number: the share that a dropout keeps, a
 * mask of ones, a switch for training.
 *
 * @module
 */
import type { OpenValue } from "../../graph/open_graph.ts";
import { type DataType, elementCount } from "../../graph/types.ts";
import type { Tensor } from "../../runtime/mod.ts";
import { suggestion } from "../../text/nearest.ts";
import { inputText } from "./image_input.ts";
import { numbersAs } from "./input_tensor.ts";

/** An input besides the image. */
export interface ExtraInput {
  readonly name: string;
  readonly type: DataType;
  /** Its shape; "batch" is the number of images. */
  readonly shape: readonly (number | "batch")[];
  /** What fills it. */
  readonly value: number;
}

const TYPES: readonly DataType[] = [
  "float32",
  "float16",
  "float64",
  "int32",
  "int64",
  "int8",
  "uint8",
  "bool",
];

/**
 * Fills all inputs but the image.
 *
 * @param called Name of the classifier in errors.
 * @param image The image input.
 * @param values What fills each, by name.
 * @throws {TypeError} When one is not given a value, or cannot be filled with a number.
 * @throws {RangeError} When a value is for an input that does not exist.
 */
export function extraInputs(
  called: string,
  inputs: readonly OpenValue[],
  image: OpenValue,
  values: Readonly<Record<string, number>> = {},
): ExtraInput[] {
  const others = inputs.filter((input) => input !== image);
  const stray = Object.keys(values).find((name) => !others.some((input) => input.name === name));
  if (stray !== undefined) {
    const names = others.map(({ name }) => name);
    const known = names.length === 0 ? "it takes only images" : `besides images it takes ${names.join(", ")}`;
    throw new RangeError(
      `Cannot explain ${called}: it has no further input ${stray}${suggestion(stray, names)} (${known})`,
    );
  }
  const missing = others.filter(({ name }) => values[name] === undefined);
  if (missing.length > 0) {
    const all = missing.map((input) => `${input.type} ${inputText(input)}`).join(", ");
    throw new TypeError(
      `Cannot explain ${called}: it also takes ${all}; give each a number with --input ${
        missing[0]!.name
      }=VALUE ` +
        `(in a program, inputs)`,
    );
  }
  return others.map((input): ExtraInput => {
    const { name, type } = input;
    if (!TYPES.includes(type)) {
      throw new TypeError(`Cannot explain ${called}: its input ${inputText(input)} is ${type}, not a number`);
    }
    const shape = input.shape.map((size, axis) => {
      if (typeof size === "number" && size >= 0) return size;
      if (axis === 0 || size === image.shape[0]) return "batch";
      throw new TypeError(
        `Cannot explain ${called}: its input ${
          inputText(input)
        } leaves axis ${axis} open; export it with fixed sizes`,
      );
    });
    return { name, type, shape, value: values[name]! };
  });
}

/** The shape of an input for a number of images. */
export function extraShape({ shape }: ExtraInput, batch: number): number[] {
  return shape.map((size) => size === "batch" ? batch : size);
}

/** The tensors of all of them, by name. */
export function extraTensors(inputs: readonly ExtraInput[], batch: number): Record<string, Tensor> {
  return Object.fromEntries(inputs.map((input) => {
    const shape = extraShape(input, batch);
    const numbers = new Float32Array(elementCount(shape)).fill(input.value);
    return [input.name, { type: input.type, shape, data: numbersAs(input.type, numbers) }];
  }));
}
