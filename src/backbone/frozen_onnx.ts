/**
 * A classifier from an .onnx file as training sees it: embedded behind the normalisation, differentiated like any
 * other graph.
 *
 * @module
 */
import { type Builder, OPSET } from "../graph/builder.ts";
import { decodeOnnx, inspectOnnx } from "../graph/onnx_file.ts";
import type { Graph, Value } from "../graph/types.ts";
import { normalise } from "../ptame/observed_network.ts";
import type { FrozenNetwork } from "../ptame/step.ts";
import { describedModel } from "./described_model.ts";
import { type OnnxModel, outputOf } from "./onnx_backbone.ts";
import { LUMA, type PictureInput, pictureInput } from "./picture_input.ts";

/** Since 13 Softmax works along one axis, and axes and bounds are where the builder's operators have them. */
const LEAST_OPSET = 13;

/**
 * A network over an .onnx file.
 *
 * @throws {TypeError} When it does not take pictures, or is of an opset that means other things.
 */
export function frozenOnnx(given: OnnxModel): FrozenNetwork {
  const { name, onnx } = given;
  const summary = inspectOnnx(onnx);
  const model = describedModel(given, summary);
  const { opset } = summary;
  // Softmax, the reductions and Clip mean or say something else outside this range.
  if (opset < LEAST_OPSET || opset > OPSET) {
    throw new TypeError(
      `Cannot train for ${name}: its opset is ${opset}, training takes ${LEAST_OPSET} to ${OPSET}; export it again`,
    );
  }
  const input = pictureInput(name, summary.inputs, model.preprocessing);
  const which = outputOf(name, summary, model.output);
  return {
    name,
    inputSize: input.preprocessing.crop,
    pass: (b, images) => {
      const fed = placed(b, images, input);
      const graph = withoutActivation(decodeOnnx(onnx, { shapes: { [input.name]: fed.shape } }), which);
      const outputs = b.embed(graph, { [input.name]: fed });
      return { logits: asRows(b, outputs.get(graph.outputs[0]!.name)!) };
    },
    // Its weights are in the graph already.
    bind: (bound) => bound,
  };
}

/** Pictures [N, 3, S, S] in [0, 1] as the input takes them: what `pictureTensor` does, as a part of a graph. */
function placed(b: Builder, images: Value, { layout, order, preprocessing }: PictureInput): Value {
  let x = normalise(b, images, preprocessing);
  if (order === "grey") {
    x = b.reduceSum(b.mul(x, b.constant("float32", [1, 3, 1, 1], LUMA)), [1]);
  } else if (order === "BGR") {
    x = b.concat([2, 1, 0].map((channel) => b.slice(x, 1, channel, channel + 1)), 1);
  }
  return layout === "NHWC" ? b.transpose(x, [0, 2, 3, 1]) : x;
}

/** The graph up to its last softmax: the loss takes scores, and a softmax of probabilities would be flat. */
function withoutActivation(graph: Graph, which = 0): Graph {
  const output = graph.outputs[which]!;
  const last = graph.nodes.find((node) => node.outputs.includes(output.name));
  const drops = last !== undefined && ["Softmax", "LogSoftmax", "Sigmoid"].includes(last.op);
  if (!drops && last?.op !== "Identity") return { ...graph, outputs: [output] };
  const before = { ...graph, outputs: [graph.values.get(last.inputs[0]!)!] };
  return drops ? before : withoutActivation(before);
}

/** [N, classes, 1, 1] as [N, classes]. */
function asRows(b: Builder, scores: Value): Value {
  const [batch] = scores.shape;
  return scores.shape.length === 2 ? scores : b.reshape(scores, [batch!, -1]);
}
