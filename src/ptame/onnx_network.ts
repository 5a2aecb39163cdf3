/**
 * A classifier from an .onnx file as training sees it: embedded behind the normalisation, differentiated like any
 * other graph.
 *
 * @module
 */
import type { Preprocessing } from "../../models/registry.ts";
import { type Builder, OPSET } from "../graph/builder.ts";
import { decodeOnnx, inspectOnnx } from "../graph/onnx_file.ts";
import type { Graph, Value } from "../graph/types.ts";
import { normalise } from "./observed_network.ts";
import type { FrozenNetwork } from "./step.ts";

/** Since 13 Softmax works along one axis, and axes and bounds are where the builder's operators have them. */
const LEAST_OPSET = 13;

/**
 * A network over the bytes of an .onnx file.
 *
 * @throws {TypeError} When it does not take one picture input [N, 3, S, S], or is of an opset that means other things.
 */
export function frozenOnnx(name: string, bytes: Uint8Array, preprocessing: Preprocessing): FrozenNetwork {
  const { inputs, opset } = inspectOnnx(bytes);
  // Softmax, the reductions and Clip mean or say something else outside this range.
  if (opset < LEAST_OPSET || opset > OPSET) {
    throw new TypeError(
      `Cannot train for ${name}: its opset is ${opset}, training takes ${LEAST_OPSET} to ${OPSET}; export it again`,
    );
  }
  const input = inputs[0];
  if (inputs.length !== 1 || input === undefined || input.shape.length !== 4 || input.shape[1] !== 3) {
    throw new TypeError(`Cannot train for ${name}: training needs one input [N, 3, S, S]`);
  }
  const size = typeof input.shape[2] === "number" ? input.shape[2] : preprocessing.crop;
  return {
    name,
    inputSize: size,
    pass: (b, images) => {
      const graph = withoutSoftmax(decodeOnnx(bytes, { shapes: { [input.name]: images.shape } }));
      const outputs = b.embed(graph, { [input.name]: normalise(b, images, preprocessing) });
      return { logits: asRows(b, outputs.get(graph.outputs[0]!.name)!) };
    },
    // Its weights are in the graph already.
    bind: (bound) => bound,
  };
}

/** The graph up to its last softmax: the loss takes scores, and a softmax of probabilities would be flat. */
function withoutSoftmax(graph: Graph): Graph {
  const output = graph.outputs[0]!;
  const last = graph.nodes.find((node) => node.outputs.includes(output.name));
  if (last?.op !== "Softmax" && last?.op !== "Identity") return { ...graph, outputs: [output] };
  const before = { ...graph, outputs: [graph.values.get(last.inputs[0]!)!] };
  return last.op === "Identity" ? withoutSoftmax(before) : before;
}

/** [N, classes, 1, 1] as [N, classes]. */
function asRows(b: Builder, scores: Value): Value {
  const [batch] = scores.shape;
  return scores.shape.length === 2 ? scores : b.reshape(scores, [batch!, -1]);
}
