/**
 * A classifier from an .onnx file as training sees it: embedded behind the normalisation, differentiated like any
 * other graph.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import { withoutFinalActivation } from "../graph/final_activation.ts";
import { loadOnnx } from "../graph/load_onnx.ts";
import { inspectOnnx } from "../graph/onnx_file.ts";
import type { Graph, Initializer, Value } from "../graph/types.ts";
import { normalise } from "../ptame/observed_network.ts";
import type { FrozenNetwork } from "../ptame/training/step.ts";
import type { ByteSource } from "../weights/byte_source.ts";
import { describedModel } from "./described_model.ts";
import { externalDataOf, type OnnxModel, outputOf } from "./onnx_classifier.ts";
import { LUMA, type PictureInput, pictureInput } from "./picture_input.ts";

/**
 * A network over an .onnx file of any exporter, in float32 whatever the file computes in.
 *
 * @throws {SyntaxError} When the bytes are not an ONNX model.
 * @throws {TypeError} When it does not take pictures, or its external data are not given; and, when a graph is built
 * of it, for a node that is not supported.
 */
export function frozenOnnx(given: OnnxModel): FrozenNetwork {
  const { name, onnx } = given;
  const summary = inspectOnnx(onnx);
  const model = describedModel(given, summary);
  const input = pictureInput(name, summary.inputs, model.preprocessing);
  const which = outputOf(name, summary, model.output);
  const files = externalDataOf(model, summary);
  // Each graph that is built brings contents of its own (halves that are widened, scales that are folded in).
  const contents = new Map<string, ByteSource>();
  let graphs = 0;
  return {
    name,
    inputSize: input.preprocessing.crop,
    pass: (b, images) => {
      const fed = placed(b, images, input);
      const loaded = loadOnnx(onnx, {
        shapes: { [input.name]: fed.shape },
        files,
        float32: true,
        dequantize: model.dequantize ?? false,
      });
      const index = graphs++;
      const own = (file: string) => `${file}~${index}`;
      for (const [file, content] of loaded.files) contents.set(own(file), content);
      const named = withFilesNamed(loaded.graph, own);
      // The loss takes scores, and a softmax of probabilities would be flat.
      const graph = withoutFinalActivation(named, named.outputs[which]!.name);
      const outputs = b.embed(graph, { [input.name]: fed });
      return { logits: asRows(b, outputs.get(graph.outputs[0]!.name)!) };
    },
    // Its weights are in the graph already, or point into the files that it came with.
    bind: ({ graph, files }) => {
      const used = new Map(files);
      for (const { data } of graph.initializers.values()) {
        const content = data.kind === "external" ? contents.get(data.file) : undefined;
        if (data.kind === "external" && content !== undefined) used.set(data.file, content);
      }
      return { graph, files: used };
    },
  };
}

/** The graph with other names for the files that it points into. */
function withFilesNamed(graph: Graph, rename: (file: string) => string): Graph {
  const initializers = new Map<string, Initializer>();
  for (const [name, initializer] of graph.initializers) {
    const { data } = initializer;
    const renamed = data.kind === "external" ? { ...data, file: rename(data.file) } : data;
    initializers.set(name, { ...initializer, data: renamed });
  }
  return { ...graph, initializers };
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

/** [N, classes, 1, 1] as [N, classes]. */
function asRows(b: Builder, scores: Value): Value {
  const [batch] = scores.shape;
  return scores.shape.length === 2 ? scores : b.reshape(scores, [batch!, -1]);
}
