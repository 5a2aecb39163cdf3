/**
 * The state that a training run carries from step to step: the head's parameters, its running statistics, and the
 * optimiser's moments. Each is an input of the update graph, and its updated value is an output that is fed back.
 *
 * @module
 */
import { elementCount } from "../../graph/types.ts";
import { float32Tensor, type Tensor } from "../../runtime/mod.ts";
import { FUSER, headParameters, type HeadShape } from "../head.ts";
import type { HeadTensor } from "../head_file.ts";
import {
  COMMON,
  MIXING,
  OWN_ROWS,
  type RowForm,
  type RowStart,
  trainedParameters,
  writtenOut,
} from "./rows.ts";

/** How training changes a parameter of the head. */
export type ParameterRole =
  /** Updated by its gradient; it has moments. */
  | "learned"
  /** Updated only by weight decay: biases before a batch normalisation, whose gradient is exactly zero. */
  | "decayed"
  /** Updated by batch statistics: running means and variances. */
  | "statistic";

/** How training changes the parameter of that name (one of `trainedParameters`). */
export function parameterRole(name: string): ParameterRole {
  if (name.endsWith(".running_mean") || name.endsWith(".running_var")) return "statistic";
  return name.startsWith("convs.") && name.endsWith(".bias") ? "decayed" : "learned";
}

/** The moments of AdamW, by their names in the state. */
export const MOMENTS = ["first", "second", "largest"] as const;

/** Name of a parameter of the head in the state. */
export function parameterState(parameter: string): string {
  return `head.${parameter}`;
}

/** Name of one of a parameter's moments in the state. */
export function momentState(moment: typeof MOMENTS[number], parameter: string): string {
  return `${moment}.${parameter}`;
}

/** Name of the output with a part of the state after the step. */
export function nextState(name: string): string {
  return `next.${name}`;
}

/** Every part of the state by name, with its shape: inputs of the update; `nextState` of each is an output. */
export function stateShapes(shape: HeadShape, rows: RowForm = OWN_ROWS): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const parameters = trainedParameters(shape, rows);
  for (const [name, dims] of parameters) shapes.set(parameterState(name), dims);
  for (const [name, dims] of parameters) {
    if (parameterRole(name) !== "learned") continue;
    for (const moment of MOMENTS) shapes.set(momentState(moment, name), dims);
  }
  return shapes;
}

/**
 * The state before the first step: a head's parameters, zero for what shared rows learn, and zero moments.
 *
 * @throws {TypeError} When a parameter is missing or has another shape.
 */
export function initialState(
  shape: HeadShape,
  head: Iterable<HeadTensor>,
  rows: RowForm = OWN_ROWS,
): Record<string, Tensor> {
  const given = new Map([...head].map((tensor) => [parameterState(tensor.name), tensor]));
  const fromZero = new Set([MIXING, COMMON].map(parameterState));
  const state: Record<string, Tensor> = {};
  for (const [name, dims] of stateShapes(shape, rows)) {
    if (!name.startsWith(parameterState("")) || fromZero.has(name)) {
      state[name] = float32Tensor(new Float32Array(elementCount(dims)), dims);
      continue;
    }
    const tensor = given.get(name);
    if (tensor === undefined || tensor.shape.join() !== dims.join()) {
      const found = tensor === undefined ? "missing" : `[${tensor.shape.join(", ")}]`;
      throw new TypeError(`Cannot start training: ${name} is ${found}, not [${dims.join(", ")}]`);
    }
    state[name] = float32Tensor(tensor.data, dims);
  }
  return state;
}

/**
 * The head's parameters in a state, for writing a head file.
 *
 * @param start The start of shared rows; own rows need none.
 */
export function extractHead(
  shape: HeadShape,
  state: Readonly<Record<string, Tensor>>,
  rows: RowForm = OWN_ROWS,
  start?: RowStart,
): HeadTensor[] {
  const numbers = (name: string) => state[parameterState(name)]!.data as Float32Array;
  return [...headParameters(shape)].map(([name, dims]) => {
    if (name !== FUSER || rows.kind === "own") return { name, shape: dims, data: numbers(name) };
    if (start === undefined) {
      throw new TypeError("Cannot write shared rows: their start is not given");
    }
    const data = writtenOut(shape, rows, start, numbers(MIXING), numbers(COMMON));
    return { name, shape: dims, data };
  });
}
