/**
 * Converts an .onnx file of any exporter to a graph that this project can run, tap, embed and differentiate: static
 * shapes, the builder's operator set, folded shape arithmetic.
 *
 * @module
 */
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { readOnnx } from "./onnx/read.ts";
import type { OpenGraph, OpenNode } from "./open_graph.ts";
import { type BatchLog, rebatching, recording } from "./passes/batch/mod.ts";
import { dequantizer, refuseQuantised } from "./passes/dequantize/mod.ts";
import { createDerivedFile } from "./passes/derived.ts";
import type { Rewrite } from "./passes/rewrite.ts";
import { withOutputs } from "./passes/with_outputs.ts";
import { specialise, type Specialised } from "./passes/specialise.ts";
import type { Adapt } from "./passes/graph_editor.ts";
import { UPGRADES } from "./passes/upgrades/mod.ts";
import { hasOtherFloats, widened } from "./passes/widen.ts";
import { encodeNumbers } from "./constants.ts";
import { elementCount, type Graph, type Initializer, type Value } from "./types.ts";

/** Options for reading a file. */
export interface LoadOptions {
  /** Shapes of inputs by name; required if the file leaves dimensions open. The first axis is the batch. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Names of the outputs to keep; all by default. What only others need is not read, whatever it is. */
  readonly outputs?: readonly string[];
  /** Contents of the files of external data, by the names that the model uses. */
  readonly files?: ReadonlyMap<string, ByteSource | Uint8Array>;
  /** Inputs that become constants, each filled with one number. */
  readonly constants?: readonly (Value & { readonly value: number })[];
  /** Converts float16, bfloat16 and float64 networks completely to float32. Off by default. */
  readonly float32?: boolean;
  /** Converts quantised networks to float32, without rounding but with their ranges. By default, they are an error. */
  readonly dequantize?: boolean;
}

/** A file as a graph. */
export interface LoadedOnnx {
  /** The graph; its inputs and outputs have the names that they have in the file. */
  readonly graph: Graph;
  /** Contents of the files that its initializers point into, for `openSession`. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** Notes on differences between the graph and the file; usually empty. */
  readonly notes: readonly string[];
}

/** Names under which the model itself, and weights made of its own, are external data. */
const MODEL = "ptame:model";
const DERIVED = "ptame:derived";

/** Size from which weights stay in the model's file and are not copied into graphs. */
const HEAVY_BYTES = 4096;

/**
 * Reads an .onnx file of any exporter, operator sets 7 to 25, functions of its own included.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model, or one that contradicts itself.
 * @throws {TypeError} When a shape stays open, external data are missing, or a node is not supported; the message
 * names node and operator.
 * @throws {RangeError} When a tensor lies outside its file.
 */
export function loadOnnx(bytes: Uint8Array, options: LoadOptions = {}): LoadedOnnx {
  const { shapes = {}, float32 = false } = options;
  const files = new Map([...options.files ?? []].map(([name, content]) => [name, toByteSource(content)]));
  const derived = createDerivedFile(DERIVED);
  const all = new Map([...files, [MODEL, toByteSource(bytes)], [DERIVED, derived.content]]);
  let open = withConstants(withOutputs(readOnnx(bytes), options.outputs), options.constants ?? []);
  checkExternalData(open, files);
  checkInputs(open, shapes);
  const notes: string[] = [];
  if (float32) {
    if (hasOtherFloats(open)) notes.push("its other floating-point types are computed in float32");
    open = widened(open, derived, files);
  }
  // Created for each walk, because the rules of quantised operators have state.
  const rules = () =>
    options.dequantize
      ? dequantizer({ derived, files: all, rule })
      : (node: OpenNode) => refuseQuantised(node) ?? rule(node);
  const made = inBatches(
    withExternalData(open, bytes),
    shapes,
    (graph, own, adapt) => specialise(graph, { shapes: own, files: all, rule: rules(), adapt }),
  );
  const used = new Set<string>();
  for (const { data } of made.graph.initializers.values()) if (data.kind === "external") used.add(data.file);
  const kept = new Map([...all].filter(([name]) => used.has(name)));
  return { graph: made.graph, files: kept, notes: [...notes, ...made.notes] };
}

/** The graph with some of its inputs as initializers. */
function withConstants(graph: OpenGraph, constants: NonNullable<LoadOptions["constants"]>): OpenGraph {
  const names = new Set(constants.map(({ name }) => name));
  const initializers = constants.map(({ name, type, shape, value }): Initializer => {
    const bytes = encodeNumbers(type, new Array(elementCount(shape)).fill(value));
    return { name, type, shape, data: { kind: "inline", bytes } };
  });
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => !names.has(name)),
    initializers: [...graph.initializers, ...initializers],
  };
}

/** Makes a graph static for the requested batch, and rebuilds it if it was exported for another. */
function inBatches(
  graph: OpenGraph,
  shapes: Readonly<Record<string, readonly number[]>>,
  walk: (graph: OpenGraph, shapes: Readonly<Record<string, readonly number[]>>, adapt?: Adapt) => Specialised,
): Specialised {
  const input = graph.inputs[0];
  const asked = input === undefined ? undefined : shapes[input.name];
  const declared = input?.shape[0];
  const own = typeof declared === "number" ? declared : 1;
  if (graph.inputs.length !== 1 || asked === undefined || asked.length < 2 || asked[0] === own) {
    return walk(graph, shapes);
  }
  if (typeof declared !== "number") {
    try {
      const made = walk(graph, shapes);
      if (made.graph.outputs.every(({ shape }) => shape[0] === asked[0])) return made;
    } catch (error) {
      // Some files declare an open batch, but have a fixed batch in their shapes.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const log: BatchLog = new Map();
  walk(graph, { ...shapes, [input!.name]: asked.with(0, own) }, recording(log));
  return walk(graph, shapes, rebatching(log, own, asked[0]!));
}

/** The graph with its large weights as external data that lie in the model's own file. */
function withExternalData(graph: OpenGraph, model: Uint8Array): OpenGraph {
  const initializers = graph.initializers.map((each) => {
    if (each.data.kind !== "inline") return each;
    const { bytes } = each.data;
    if (bytes.buffer !== model.buffer || bytes.length < HEAVY_BYTES) return each;
    const offset = bytes.byteOffset - model.byteOffset;
    return { ...each, data: { kind: "external", file: MODEL, offset, length: bytes.length } as const };
  });
  return { ...graph, initializers };
}

function rule({ op, domain }: OpenNode): Rewrite | undefined {
  const name = domain === "" ? op : `${domain}.${op}`;
  return Object.hasOwn(UPGRADES, name) ? UPGRADES[name] : undefined;
}

/** Refuses external data that are not given, or that lie outside their file. */
function checkExternalData(graph: OpenGraph, files: ReadonlyMap<string, ByteSource>): void {
  const constants = graph.nodes.flatMap((node) =>
    Object.values(node.attributes).flatMap((attribute) =>
      attribute.type === "tensor" ? [{ ...attribute.value, name: node.name }] : []
    )
  );
  for (const { name, data } of [...graph.initializers, ...constants]) {
    if (data.kind !== "external") continue;
    const file = files.get(data.file);
    if (file === undefined) {
      throw new TypeError(`Cannot read ONNX model: its external data ${data.file} are not given`);
    }
    if (data.offset + data.length > file.size) {
      throw new RangeError(
        `Cannot read ONNX model: tensor ${name} is at bytes ${data.offset} to ${
          data.offset + data.length
        } of ` +
          `${data.file}, which has ${file.size}`,
      );
    }
  }
  for (const node of graph.nodes) {
    for (const inner of Object.values(node.subgraphs ?? {})) checkExternalData(inner, files);
  }
}

/** Refuses shapes for unknown inputs, or of another rank. */
function checkInputs(graph: OpenGraph, shapes: Readonly<Record<string, readonly number[]>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const input = graph.inputs.find((each) => each.name === name);
    if (input === undefined) {
      const names = graph.inputs.map((each) => each.name).join(", ") || "none";
      throw new TypeError(`Cannot read ONNX model: it has no input ${name} (${names})`);
    }
    const fits = shape.length === input.shape.length &&
      shape.every((size) => Number.isSafeInteger(size) && size > 0);
    if (!fits) {
      throw new TypeError(
        `Cannot read ONNX model: input ${name} [${input.shape.join(", ")}] cannot be [${shape.join(", ")}]`,
      );
    }
  }
}
