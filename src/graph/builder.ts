/**
 * Builds a graph node by node; every value has its static shape the moment it exists, so a mistake is reported
 * at the line that makes it. Networks, the head, the loss and gradients are all functions over a builder.
 *
 * @module
 */
import { decodeNumbers, encodeNumbers } from "./constants.ts";
import { createNames } from "./names.ts";
import { type NodeOptions, type NodeSink, type Operators, operatorsOver } from "./operators.ts";
import { inferShapes } from "./shapes/mod.ts";
import { shapeText } from "./shapes/rule.ts";
import type { Attributes, DataType, Graph, Initializer, Node, Value } from "./types.ts";
import { elementCount } from "./types.ts";

/** Version of ONNX's operator set that this project writes. */
export const OPSET = 17;

/** Constants of up to this many elements take part in shape inference. */
const KNOWN_CONSTANT_ELEMENTS = 1024;

/** A graph under construction. */
export interface Builder extends NodeSink, Operators {
  /** Declares an input of the graph. */
  input(name: string, type: DataType, shape: readonly number[]): Value;
  /**
   * Declares a weight by name and shape; its bytes are bound later (`bindWeights`). A second call with the same shape
   * returns the same value.
   */
  weight(name: string, shape: readonly number[], type?: DataType): Value;
  /** A rank-0 float32 constant. */
  scalar(value: number): Value;
  /** Makes a value an output of the graph, under `name` if given. */
  output(value: Value, name?: string): Value;
  /** The same graph, with `prefix` before the names of weights and nodes added through it. */
  scope(prefix: string): Builder;
  /** Adds all of another graph: its inputs become the given values; gives its outputs by name. */
  embed(graph: Graph, inputs: Readonly<Record<string, Value>>): Map<string, Value>;
  /** Numbers of a small constant, or `undefined` for any other value. */
  numbers(value: Value): readonly number[] | undefined;
  /** The nodes added so far in all scopes, in an order in which they can run. */
  nodes(): readonly Node[];
  /** The value of this name (with its prefix). */
  existingValue(name: string): Value;
  /** The graph built so far. */
  build(): Graph;
}

interface State {
  readonly name: string;
  readonly inputs: Value[];
  readonly outputs: Value[];
  readonly nodes: Node[];
  readonly values: Map<string, Value>;
  readonly initializers: Map<string, Initializer>;
  readonly numbers: Map<string, readonly number[]>;
  readonly constantNames: Map<string, string>;
  /** An unused name. */
  readonly unique: (stem: string) => string;
}

/** Starts an empty graph. */
export function createBuilder(name: string): Builder {
  const values = new Map<string, Value>();
  return builderOver({
    name,
    inputs: [],
    outputs: [],
    nodes: [],
    values,
    initializers: new Map(),
    numbers: new Map(),
    constantNames: new Map(),
    unique: createNames((name) => values.has(name)),
  }, "");
}

function builderOver(state: State, prefix: string): Builder {
  const { unique } = state;

  function declare(value: Value): Value {
    if (state.values.has(value.name)) throw new TypeError(`Cannot declare ${value.name} twice`);
    if (value.shape.some((size) => !Number.isInteger(size) || size < 0)) {
      throw new TypeError(`Cannot declare ${value.name}: shape ${shapeText(value.shape)} is not static`);
    }
    state.values.set(value.name, value);
    return value;
  }

  function input(name: string, type: DataType, shape: readonly number[]): Value {
    const value = declare({ name, type, shape });
    state.inputs.push(value);
    return value;
  }

  function weight(name: string, shape: readonly number[], type: DataType = "float32"): Value {
    const full = prefix + name;
    const present = state.initializers.get(full);
    if (present !== undefined) {
      if (shapeText(present.shape) !== shapeText(shape)) {
        throw new TypeError(
          `Cannot use weight ${full} as ${shapeText(shape)}: it is ${shapeText(present.shape)}`,
        );
      }
      return state.values.get(full)!;
    }
    const value = declare({ name: full, type, shape });
    state.initializers.set(full, { ...value, data: { kind: "unbound" } });
    return value;
  }

  function constant(type: DataType, shape: readonly number[], numbers: ArrayLike<number>): Value {
    if (elementCount(shape) !== numbers.length) {
      throw new TypeError(`Cannot make a constant ${shapeText(shape)} of ${numbers.length} numbers`);
    }
    const small = numbers.length <= 16;
    const key = small ? `${type} ${shapeText(shape)} ${Array.from(numbers).join(" ")}` : "";
    const known = small ? state.constantNames.get(key) : undefined;
    if (known !== undefined) return state.values.get(known)!;
    const name = unique(`${prefix}constant`);
    const value = declare({ name, type, shape });
    const bytes = encodeNumbers(type, numbers);
    state.initializers.set(name, { ...value, data: { kind: "inline", bytes } });
    if (numbers.length <= KNOWN_CONSTANT_ELEMENTS) state.numbers.set(name, Array.from(numbers));
    if (small) state.constantNames.set(key, name);
    return value;
  }

  function node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes = {},
    options: NodeOptions = {},
  ): Value[] {
    const name = unique(prefix + (options.name ?? op.toLowerCase()));
    const outputCount = options.outputs ?? 1;
    for (const value of inputs) {
      if (value !== undefined && state.values.get(value.name) !== value) {
        throw new TypeError(`Cannot add node ${name} (${op}): ${value.name} is not a value of this graph`);
      }
    }
    const infos = inferShapes(name, {
      op,
      attributes,
      inputs,
      outputCount,
      constant: (index) => {
        const value = inputs[index];
        return value === undefined ? undefined : state.numbers.get(value.name);
      },
    });
    const outputs = infos.slice(0, outputCount).map((info, i) => {
      const outputName = unique(i === 0 ? `${name}_out` : `${name}_out${i}`);
      return declare({ name: outputName, type: info.type, shape: info.shape });
    });
    state.nodes.push({
      name,
      op,
      domain: "",
      inputs: inputs.map((value) => value?.name ?? ""),
      outputs: outputs.map((value) => value.name),
      attributes,
    });
    return outputs;
  }

  function output(value: Value, name?: string): Value {
    let result = value;
    if (name !== undefined && name !== value.name) {
      // An output cannot be renamed in place: its name is already what later nodes read.
      result = declare({ ...value, name });
      state.nodes.push({
        name: unique(`${name}_output`),
        op: "Identity",
        domain: "",
        inputs: [value.name],
        outputs: [name],
        attributes: {},
      });
    }
    state.outputs.push(result);
    return result;
  }

  function embed(graph: Graph, inputs: Readonly<Record<string, Value>>): Map<string, Value> {
    const renamed = new Map<string, Value>();
    const bring = (value: Value): Value => {
      const present = renamed.get(value.name);
      if (present !== undefined) return present;
      const mine = declare({ ...value, name: unique(prefix + value.name) });
      renamed.set(value.name, mine);
      return mine;
    };
    for (const wanted of graph.inputs) {
      const given = inputs[wanted.name];
      if (given === undefined) {
        throw new TypeError(`Cannot embed graph ${graph.name}: input ${wanted.name} is not given`);
      }
      if (given.type !== wanted.type || shapeText(given.shape) !== shapeText(wanted.shape)) {
        throw new TypeError(
          `Cannot embed graph ${graph.name}: input ${wanted.name} is ${wanted.type} ${
            shapeText(wanted.shape)
          }, not ` +
            `${given.type} ${shapeText(given.shape)}`,
        );
      }
      renamed.set(wanted.name, given);
    }
    for (const initializer of graph.initializers.values()) {
      const mine = bring(initializer);
      state.initializers.set(mine.name, { ...mine, data: initializer.data });
      if (initializer.data.kind === "inline" && elementCount(mine.shape) <= KNOWN_CONSTANT_ELEMENTS) {
        if (["float32", "float64", "int64", "int32", "bool"].includes(mine.type)) {
          state.numbers.set(mine.name, decodeNumbers(mine.type, initializer.data.bytes));
        }
      }
    }
    for (const each of graph.nodes) {
      state.nodes.push({
        ...each,
        name: unique(prefix + each.name),
        inputs: each.inputs.map((name) => (name === "" ? "" : renamed.get(name)!.name)),
        outputs: each.outputs.map((name) => (name === "" ? "" : bring(graph.values.get(name)!).name)),
      });
    }
    return new Map(graph.outputs.map((value) => [value.name, renamed.get(value.name)!]));
  }

  function existingValue(name: string): Value {
    const value = state.values.get(name);
    if (value === undefined) throw new TypeError(`Cannot find value ${name} in graph ${state.name}`);
    return value;
  }

  const core = {
    input,
    weight,
    constant,
    scalar: (value: number) => constant("float32", [], [value]),
    int64s: (values: readonly number[]) => constant("int64", [values.length], values),
    node,
    output,
    scope: (added: string) => builderOver(state, prefix + added),
    embed,
    numbers: (value: Value) => state.numbers.get(value.name),
    nodes: () => state.nodes,
    existingValue,
    build: (): Graph => ({
      name: state.name,
      opset: OPSET,
      inputs: [...state.inputs],
      outputs: [...state.outputs],
      initializers: new Map(state.initializers),
      nodes: [...state.nodes],
      values: new Map(state.values),
    }),
  };
  return { ...core, ...operatorsOver(core) };
}
