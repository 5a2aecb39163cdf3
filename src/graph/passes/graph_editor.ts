/**
 * Converts a foreign graph to a static one, node by node. It stores what is known so far (values, constants, names of
 * other values) and turns each node into a constant, an alias of another value, or a node.
 *
 * It offers ONNX's operators in the builder's operator set, so that a pass can write replacement nodes like a network.
 *
 * @module
 */
import type { ByteSource } from "../../bytes/byte_source.ts";
import { decodeNumbers, encodeNumbers } from "../constants.ts";
import { createNames } from "../names.ts";
import { type NodeOptions, type NodeSink, type Operators, operatorsOver } from "../operators.ts";
import { inferShapes } from "../shapes/mod.ts";
import { shapeText, type ValueInfo } from "../shapes/rule.ts";
import type { Attributes, Initializer, Node, Value } from "../types.ts";
import { elementCount, intAttribute, intsAttribute } from "../types.ts";
import { canFold, fold } from "./fold/mod.ts";
import { type Numbers, Room } from "./fold/numbers.ts";

/** Elements of a constant that folding reads or makes: the attention masks of a Swin transformer have 150,000. */
const FOLDED_ELEMENTS = 2 ** 20;
/** Elements that folding makes in all: 128 MB of float64. */
const FOLDED_TOTAL = 2 ** 24;
/** Elements of a float constant outside the graph that is read to be folded; weights are better left to the runtime. */
const READ_ELEMENTS = 4096;
/** Elements of a value that can be: no image has 4 TiB of float32. */
const MOST_ELEMENTS = 2 ** 40;

/** Changes the inputs of a node before it is settled; see batch/mod.ts. */
export type Adapt = (
  w: GraphEditor,
  node: Node,
  inputs: readonly (Value | undefined)[],
) => readonly (Value | undefined)[];

/** A graph being made static. */
export interface GraphEditor extends NodeSink, Operators {
  /** The value of this name, or that it stands for. */
  find(name: string): Value | undefined;
  /** Numbers of a constant that is small enough to be worked with. */
  numbers(value: Value): Numbers | undefined;
  /** The constant of a value, whatever its size. */
  initializer(value: Value): Initializer | undefined;
  /** Whether a value depends on an input of the graph, rather than on constants alone. */
  isFed(value: Value): boolean;
  /** Declares an input or a constant. */
  declare(value: Value | Initializer): Value;
  /** Lets a name stand for a value. A value that was made since `mark()` takes the name itself. */
  name(name: string, value: Value): void;
  /** Starts the values of the current node. */
  mark(): void;
  /** Adds a node of the builder's operator set: folded, left out or emitted. Its outputs get their names. */
  settle(node: Node): void;
  /** A name that nothing has yet. */
  unique(stem: string): string;
  /** What has been made: nodes in running order, constants and values by name. */
  result(): {
    readonly nodes: Node[];
    readonly initializers: Map<string, Initializer>;
    readonly values: Map<string, Value>;
  };
}

/**
 * An empty editor.
 *
 * @param taken Names that the file uses: new ones keep off them.
 * @param files Contents of external data.
 */
export function createGraphEditor(
  taken: ReadonlySet<string>,
  files: ReadonlyMap<string, ByteSource>,
  adapt?: Adapt,
): GraphEditor {
  const values = new Map<string, Value>();
  const initializers = new Map<string, Initializer>();
  const stands = new Map<string, string>();
  const known = new Map<string, Numbers>();
  const nodes: Node[] = [];
  const fed = new Set<string>();
  const room = new Room(FOLDED_ELEMENTS, FOLDED_TOTAL);
  const unique = createNames((name) => taken.has(name));
  let marked = 0;

  function find(name: string): Value | undefined {
    let at: string | undefined = name;
    while (at !== undefined && !values.has(at)) at = stands.get(at);
    return at === undefined ? undefined : values.get(at);
  }

  function declare(given: Value | Initializer): Value {
    const { name, type, shape } = given;
    if (!(elementCount(shape) <= MOST_ELEMENTS) || shape.some((size) => size < 0)) {
      throw new TypeError(`Cannot read ONNX model: ${name} would be ${shapeText(shape)}`);
    }
    const value = { name, type, shape };
    values.set(name, value);
    if ("data" in given) initializers.set(name, given);
    else fed.add(name);
    return value;
  }

  function initializer(value: Value): Initializer | undefined {
    const present = initializers.get(value.name);
    if (present !== undefined) return present;
    const numbers = known.get(value.name);
    if (numbers === undefined) return undefined;
    const data = { kind: "inline", bytes: encodeNumbers(numbers.type, numbers.data) } as const;
    const made = { ...value, data };
    initializers.set(value.name, made);
    return made;
  }

  /** Whether `numbers` would give numbers; decoding a weight only to ask would cost seconds. */
  function isKnown({ name, type, shape }: Value): boolean {
    if (known.has(name)) return true;
    const data = initializers.get(name)?.data;
    if (data === undefined || data.kind === "unbound" || type === "string") return false;
    return data.kind === "inline"
      ? elementCount(shape) <= FOLDED_ELEMENTS
      : elementCount(shape) <= (type.startsWith("float") ? READ_ELEMENTS : FOLDED_ELEMENTS) &&
        files.has(data.file);
  }

  function numbers(value: Value): Numbers | undefined {
    const present = known.get(value.name);
    if (present !== undefined || !isKnown(value)) return present;
    const { type, shape } = value;
    const bytes = readBytes(initializers.get(value.name)!);
    if (bytes === undefined) return undefined;
    const numbers = { type, shape, data: Float64Array.from(decodeNumbers(type, bytes)) };
    known.set(value.name, numbers);
    return numbers;
  }

  function readBytes({ data }: Initializer): Uint8Array | undefined {
    if (data.kind === "inline") return data.bytes;
    return data.kind === "external" ? files.get(data.file)?.read(data.offset, data.length) : undefined;
  }

  function addConstant(name: string, numbers: Numbers): Value {
    const value = declare({ name, type: numbers.type, shape: numbers.shape });
    fed.delete(name);
    known.set(name, numbers);
    return value;
  }

  function name(name: string, value: Value): void {
    const fresh = nodes.slice(marked).some((node) => node.outputs.includes(value.name));
    if (!fresh) return void stands.set(name, value.name);
    const renamed = (each: string) => (each === value.name ? name : each);
    for (let i = marked; i < nodes.length; i++) {
      const node = nodes[i]!;
      nodes[i] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
    }
    values.delete(value.name);
    values.set(name, { ...value, name });
    if (fed.delete(value.name)) fed.add(name);
    stands.set(value.name, name);
  }

  function settle(given: Node): void {
    const node = given;
    const read = node.inputs.map((input): Value | undefined => {
      if (input === "") return undefined;
      const value = find(input);
      if (value === undefined) {
        throw new TypeError(
          `Cannot read node ${node.name} (${node.op}): it reads ${input}, which is left out`,
        );
      }
      return value;
    });
    const inputs = adapt === undefined ? read : adapt(editor, node, read);
    const numbersAt = (i: number) => (inputs[i] === undefined ? undefined : numbers(inputs[i]));
    const outputCount = node.outputs.length;
    const lacksRule = node.op === "NonZero";
    const infos: readonly ValueInfo[] = lacksRule ? [] : inferShapes(node.name, {
      op: node.op,
      attributes: node.attributes,
      inputs,
      outputCount,
      constant: (i) => {
        const numbers = numbersAt(i);
        return numbers === undefined ? undefined : Array.from(numbers.data);
      },
    });
    if (outputCount > Math.max(1, infos.length)) {
      throw new TypeError(`Cannot read node ${node.name} (${node.op}): it has ${outputCount} outputs`);
    }
    const give = (made: readonly Numbers[]) => {
      node.outputs.forEach((output, i) => {
        if (output !== "") addConstant(output, made[i]!);
      });
    };
    const { op, attributes } = node;
    if (op === "Shape") {
      const { shape } = inputs[0]!;
      const cut = shape.slice(
        intAttribute(attributes, "start", 0),
        intAttribute(attributes, "end", shape.length),
      );
      return give([{ ...infos[0]!, data: Float64Array.from(cut) }]);
    }
    if (op === "Size") return give([{ ...infos[0]!, data: Float64Array.of(elementCount(inputs[0]!.shape)) }]);
    const same = samesAs(op, attributes, inputs, infos, numbersAt);
    if (same !== undefined) return void stands.set(node.outputs[0]!, same.name);
    if (canFold(op) && inputs.every((value) => value === undefined || isKnown(value))) {
      const numbers = inputs.map((_, i) => numbersAt(i));
      let made: readonly Numbers[] | undefined;
      try {
        made = fold({ op, attributes, inputs: numbers, outputCount, outputs: infos, room });
      } catch (cause) {
        if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
        throw new TypeError(`Cannot work out node ${node.name} (${op}): ${cause.message}`, { cause });
      }
      if (made !== undefined) return give(made);
    }
    if (lacksRule) throw new TypeError(`Cannot read node ${node.name} (${op}): its input must be a constant`);
    const stored = inputs[0] && RESHAPING.has(op) ? initializers.get(inputs[0].name) : undefined;
    if (stored !== undefined) {
      // A weight in another shape is the same bytes.
      declare({ ...stored, name: node.outputs[0]!, shape: infos[0]!.shape });
      return;
    }
    const depends = inputs.some((value) => value !== undefined && fed.has(value.name));
    node.outputs.forEach((output, i) => {
      if (output === "") return;
      declare({ name: output, ...infos[i]! });
      if (!depends) fed.delete(output);
    });
    nodes.push({ ...node, inputs: inputs.map((value) => value?.name ?? "") });
  }

  const sink: NodeSink = {
    constant: (type, shape, numbers) =>
      addConstant(unique("constant"), { type, shape, data: Float64Array.from(numbers) }),
    int64s: (list) => sink.constant("int64", [list.length], list),
    node: (
      op: string,
      inputs: readonly (Value | undefined)[],
      attributes: Attributes = {},
      options: NodeOptions = {},
    ) => {
      const name = unique(options.name ?? op.toLowerCase());
      const outputs = Array.from({ length: options.outputs ?? 1 }, (_, i) => unique(`${name}_out${i || ""}`));
      settle({ name, op, domain: "", inputs: inputs.map((value) => value?.name ?? ""), outputs, attributes });
      return outputs.map((output) => find(output)!);
    },
  };

  const editor: GraphEditor = {
    ...sink,
    ...operatorsOver(sink),
    find,
    numbers: numbers,
    initializer: initializer,
    isFed: ({ name }) => fed.has(name),
    declare,
    name,
    mark: () => void (marked = nodes.length),
    settle,
    unique,
    result: () => {
      const used = new Map<string, Initializer>();
      for (const { inputs } of nodes) {
        for (const input of inputs) {
          const found = input === "" ? undefined : initializer(values.get(input)!);
          if (found !== undefined) used.set(input, found);
        }
      }
      return { nodes: [...nodes], initializers: used, values: new Map(values) };
    },
  };
  return editor;
}

const RESHAPING = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);
/** Operators that change nothing where they keep the shape (and, for Cast, the type). */
const KEEPING = new Set([...RESHAPING, "Expand", "Tile", "Slice", "Cast"]);
const FIRST_OF_ONE = new Set(["Concat", "Sum", "Max", "Min", "Mean"]);

/** The value that a node's result is the same as, where it does nothing. */
function samesAs(
  op: string,
  attributes: Attributes,
  inputs: readonly (Value | undefined)[],
  infos: readonly ValueInfo[],
  numbersAt: (index: number) => Numbers | undefined,
): Value | undefined {
  const x = inputs[0];
  const to = infos[0];
  if (x === undefined || to === undefined || infos.length !== 1) return undefined;
  if (op === "Identity" || (inputs.length === 1 && FIRST_OF_ONE.has(op))) return x;
  if (shapeText(x.shape) !== shapeText(to.shape) || x.type !== to.type) return undefined;
  if (op === "Slice") return numbersAt(4)?.data.every((step) => step === 1) ?? true ? x : undefined;
  if (op === "Pad") return numbersAt(1)?.data.every((size) => size === 0) ? x : undefined;
  if (op === "Transpose") {
    return intsAttribute(attributes, "perm")?.every((axis, i) => axis === i) ? x : undefined;
  }
  return KEEPING.has(op) ? x : undefined;
}
