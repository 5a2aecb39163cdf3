/**
 * An .onnx file of this project's own kind as a graph: its operator set as it stands, its nodes in running order. So a
 * test sees what was written, which `loadOnnx` would rewrite.
 *
 * @module
 */
import { decodeNumbers } from "../../src/graph/constants.ts";
import { readOnnx } from "../../src/graph/onnx/read.ts";
import { inferShapes } from "../../src/graph/shapes/mod.ts";
import type { Graph, Initializer, Node, Value } from "../../src/graph/types.ts";

/**
 * Reads an .onnx file as a graph with static shapes; `shapes` fixes inputs whose dimensions are open.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model, or one that contradicts itself.
 * @throws {TypeError} When a shape stays open or an operator is not known.
 */
export function decodeOnnx(
  bytes: Uint8Array,
  options: { readonly shapes?: Readonly<Record<string, readonly number[]>> } = {},
): Graph {
  const open = readOnnx(bytes);
  const values = new Map<string, Value>();
  const initializers = new Map<string, Initializer>();
  const declare = (value: Value) => {
    if (values.has(value.name)) {
      throw new SyntaxError(`Cannot read ONNX model: ${value.name} is defined twice`);
    }
    values.set(value.name, value);
  };
  const store = (initializer: Initializer) => {
    declare({ name: initializer.name, type: initializer.type, shape: initializer.shape });
    initializers.set(initializer.name, initializer);
  };
  open.initializers.forEach(store);
  const inputs = open.inputs.map((input): Value => {
    const shape = options.shapes?.[input.name] ?? input.shape;
    if (!shape.every((size) => typeof size === "number")) {
      throw new TypeError(
        `Cannot read ONNX model: input ${input.name} has open dimensions [${shape.join(", ")}]`,
      );
    }
    const value = { name: input.name, type: input.type, shape: shape as number[] };
    declare(value);
    return value;
  });
  const nodes: Node[] = [];
  for (const node of open.nodes) {
    const { name, op, domain, attributes } = node;
    if (domain !== "") {
      throw new TypeError(`Cannot read node ${name}: operator ${domain}.${op} is not ONNX's own`);
    }
    if (op === "Constant") {
      const value = attributes["value"];
      if (value?.type !== "tensor") {
        throw new TypeError(`Cannot read node ${name}: a Constant without a tensor value`);
      }
      store({ ...value.value, name: node.outputs[0]! });
      continue;
    }
    const nodeInputs = node.inputs.map((input) => {
      if (input === "") return undefined;
      const value = values.get(input);
      if (value === undefined) {
        throw new SyntaxError(
          `Cannot read ONNX model: node ${name} reads ${input}, which nothing before it defines`,
        );
      }
      return value;
    });
    const infos = inferShapes(name, {
      op,
      attributes,
      inputs: nodeInputs,
      outputCount: node.outputs.length,
      constant: (at) => {
        const data = initializers.get(nodeInputs[at]?.name ?? "");
        return data?.data.kind === "inline" ? decodeNumbers(data.type, data.data.bytes) : undefined;
      },
    });
    node.outputs.forEach((output, i) => {
      if (output !== "") declare({ name: output, ...infos[i]! });
    });
    nodes.push({ name, op, domain: "", inputs: node.inputs, outputs: node.outputs, attributes });
  }
  const outputs = open.outputs.map((name) => {
    const value = values.get(name);
    if (value === undefined) {
      throw new SyntaxError(`Cannot read ONNX model: output ${name} is not computed`);
    }
    return value;
  });
  return { name: open.name, opset: open.opsets[""] ?? 0, inputs, outputs, initializers, nodes, values };
}
