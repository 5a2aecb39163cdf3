/**
 * What each output of an .onnx file is, read from the graph around it: its type, the activation that it ends in, which
 * other outputs are computed from it, the grid that it is rounded to, and names of classes.
 *
 * @module
 */
import type { GraphProto, NodeProto, ValueInfoProto } from "onnx-buf";
import { finalActivation, LAYOUT_OPERATORS, type OutputActivation } from "../final_activation.ts";
import { decodeNumbers } from "../constants.ts";
import type { DataType } from "../types.ts";
import { tensorData } from "./tensors.ts";
import { openShape, tensorType } from "./values.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** An output of a file. */
export interface OpenOutput {
  readonly name: string;
  /** Element type; `undefined` if it is not a tensor. */
  readonly type: DataType | undefined;
  /** What it is: "tensor", or ONNX's other kinds ("sequence", "map", …). */
  readonly kind: string;
  /** Its shape as the file declares it; `[]` also where nothing is declared. */
  readonly shape: readonly (number | string)[];
  /** The activation that it ends in. */
  readonly activation: OutputActivation;
  /** The operator that computes it, behind changes of layout; "" where an input is passed on. */
  readonly operator: string;
  /** Names of the other outputs that are computed from it. */
  readonly feeds: readonly string[];
  /** The grid of a quantised output: its number q means (q − zeroPoint) · scale. */
  readonly grid?: { readonly scale: number; readonly zeroPoint: number };
  /** Names of the classes, from a table of the file (ZipMap) that reads it. */
  readonly labels?: readonly string[];
}

/** Outputs among which `feeds` is searched; a file with more is not a classifier. */
const MOST_OUTPUTS = 64;

/** Describes all outputs of a graph. */
export function describeOutputs(graph: GraphProto): OpenOutput[] {
  const nodes = graph.node.map((proto) => ({
    op: proto.opType,
    inputs: proto.input,
    outputs: proto.output,
    proto,
  }));
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) for (const name of node.output) if (name !== "") makers.set(name, node);
  const names = graph.output.map(({ name }) => name);
  const sources = names.length > MOST_OUTPUTS
    ? new Map<string, ReadonlySet<string>>()
    : new Map(names.map((name) => [name, readBy(name, makers)]));
  const tables = graph.node.filter(({ opType }) => opType === "ZipMap");
  return graph.output.map((info): OpenOutput => {
    const { name } = info;
    const maker = makerBehindLayout(name, makers);
    const table = tables.find(({ input }) => findSource(input[0] ?? "", makers) === findSource(name, makers));
    const grid = maker === undefined ? undefined : readGrid(maker, graph);
    const labels = table === undefined ? undefined : tableLabels(table);
    return {
      name,
      ...describeKind(info),
      activation: finalActivation(nodes, name).activation,
      operator: maker?.opType ?? "",
      feeds: names.filter((other) => other !== name && sources.get(other)?.has(name)),
      ...withoutUndefined({ grid, labels }),
    };
  });
}

function describeKind(info: ValueInfoProto): Pick<OpenOutput, "type" | "kind" | "shape"> {
  const kind = info.type?.value.case;
  if (kind !== "tensorType") {
    return { type: undefined, kind: (kind ?? "value").replace("Type", ""), shape: [] };
  }
  return { type: tensorType(info), kind: "tensor", shape: openShape(info) };
}

/** Names of all values that a value is computed from. */
function readBy(name: string, makers: ReadonlyMap<string, NodeProto>): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [name];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const input of makers.get(at)?.input ?? []) {
      if (input === "" || seen.has(input)) continue;
      seen.add(input);
      waiting.push(input);
    }
  }
  return seen;
}

/** The value that a value repeats in another layout or type. */
function findSource(name: string, makers: ReadonlyMap<string, NodeProto>): string {
  let at = name;
  // At most as many steps as nodes, in case of a cycle.
  for (let i = 0; i < makers.size; i++) {
    const node = makers.get(at);
    if (node === undefined || !LAYOUT_OPERATORS.has(node.opType)) return at;
    at = node.input[0] ?? "";
  }
  return at;
}

function makerBehindLayout(name: string, makers: ReadonlyMap<string, NodeProto>): NodeProto | undefined {
  return makers.get(findSource(name, makers));
}

/** Scale and zero point of the numbers that a quantising node gives, if they are constants of the graph. */
function readGrid({ opType, input }: NodeProto, graph: GraphProto): OpenOutput["grid"] {
  const at = opType === "QuantizeLinear" ? 1 : /^QLinear(Softmax|Sigmoid)$/.test(opType) ? 3 : undefined;
  if (at === undefined) return undefined;
  const number = (name: string | undefined) => {
    const tensor = graph.initializer.find((each) => each.name === name);
    if (tensor === undefined) return undefined;
    const { type, data } = tensorData(tensor);
    const numbers = data.kind === "inline" ? decodeNumbers(type, data.bytes) : [];
    return numbers.length === 1 ? numbers[0] : undefined;
  };
  const scale = number(input[at]);
  if (scale === undefined) return undefined;
  const zeroPoint = (input[at + 1] ?? "") === "" ? 0 : number(input[at + 1]);
  return zeroPoint === undefined ? undefined : { scale, zeroPoint };
}

/** The names in a ZipMap; `undefined` where they only count the classes. */
function tableLabels({ attribute }: NodeProto): string[] | undefined {
  const strings = attribute.find(({ name }) => name === "classlabels_strings")?.strings ?? [];
  if (strings.length > 0) return strings.map((bytes) => new TextDecoder().decode(bytes));
  const numbers = attribute.find(({ name }) => name === "classlabels_int64s")?.ints ?? [];
  const counts = numbers.every((value, index) => Number(value) === index);
  return counts ? undefined : numbers.map(String);
}

const FLOATS: ReadonlySet<DataType | undefined> = new Set(["float32", "float16", "bfloat16", "float64"]);

/** Whether numbers of a type, or of a type on a grid, can be scores. */
export function givesScores({ type, grid }: Pick<OpenOutput, "type" | "grid">): boolean {
  return FLOATS.has(type) || (type !== undefined && grid !== undefined);
}
