/**
 * The number types of models on the Hub.
 *
 * @module
 */

/** A number type of a model's weights, as transformers.js names it. */
export type ModelDtype = "fp32" | "fp16" | "q8" | "int8" | "uint8" | "q4" | "q4f16" | "bnb4";

/** All of them. */
export const MODEL_DTYPES: readonly ModelDtype[] = [
  "fp32",
  "fp16",
  "q8",
  "int8",
  "uint8",
  "q4",
  "q4f16",
  "bnb4",
];
