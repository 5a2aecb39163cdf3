/**
 * An .onnx file as a part of a graph: embedded after the normalisation, differentiated like any other graph, and tapped
 * for a head.
 *
 * @module
 */
import type { TapDefinition } from "../../../models/network.ts";
import type { Builder } from "../../graph/builder.ts";
import { withoutFinalActivation } from "../../graph/final_activation.ts";
import { type LoadedOnnx, loadOnnx } from "../../graph/load_onnx.ts";
import type { Graph, Initializer, Value } from "../../graph/types.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import { asMaps, featureMaps } from "../taps/feature_maps.ts";
import { normalise } from "../network_part.ts";
import type { InspectedModel } from "./model.ts";
import { classesOfShape } from "./output.ts";
import { pairFactors, type ScoreMeaning } from "../score_meaning.ts";
import { extraShape } from "./extra_inputs.ts";
import type { ImageInput } from "./image_input.ts";
import { inputShape, LUMA } from "./input_tensor.ts";
import type { Tap } from "../taps/tap.ts";
import type { GraphPart } from "../types.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** A network over an .onnx file of any exporter, in float32 regardless of the file's precision. */
export function onnxPart(inspected: InspectedModel, meaning: ScoreMeaning = inspected.meaning): GraphPart {
  const { input, model } = inspected;
  const { name } = model;
  // Each built graph has its own contents (widened halves, folded scales).
  const contents = new Map<string, ByteSource>();
  let graphs = 0;
  let found: readonly Tap[] | undefined;

  // If the numbers are taken as they are, so is the activation at the end.
  const plainGraph = (graph: Graph): Graph =>
    meaning.asked === "none" ? graph : withoutFinalActivation(graph, graph.outputs[0]!.name);

  const tapped = (): readonly Tap[] => {
    if (found !== undefined) return found;
    const { graph } = loadedFor(inspected, 1);
    const plain = plainGraph(graph);
    const path = { graph: plain, image: input.name, logits: plain.outputs[0]!.name };
    return found = featureMaps(name, path, model.taps);
  };

  /** Adds the network; gives its scores, and its taps as maps. */
  const add = (b: Builder, images: Value, taps: readonly Tap[]) => {
    const count = images.shape[0]!;
    const { graph, files, batch } = loadedFor(inspected, count);
    const fed = filled(b, placed(b, images, input), batch);
    const index = graphs++;
    const numbered = (file: string) => `${file}~${index}`;
    for (const [file, content] of files) contents.set(numbered(file), content);
    const named = withFilesNamed(graph, numbered);
    // The loss takes scores; a softmax of probabilities would be flat.
    const plain = plainGraph(named);
    const [scores] = plain.outputs;
    const values = taps.map((tap) => plain.values.get(tap.value.name) ?? missing(name, tap, count));
    const outputs = b.embed({ ...plain, outputs: [scores!, ...values] }, { [input.name]: fed });
    const own = (value: Value) => batch === count ? value : b.slice(value, 0, 0, count);
    return {
      logits: own(asRows(b, name, outputs.get(scores!.name)!, batch, meaning)),
      taps: taps.map((tap, i) => own(asMaps(b, outputs.get(values[i]!.name)!, tap))),
    };
  };

  return {
    name,
    inputSize: input.preprocessing.crop,
    ...withoutUndefined({ inputWidth: input.preprocessing.width }),
    tapNames: [],
    taps: () =>
      tapped().map((tap): TapDefinition => ({ name: tap.name, channels: tap.channels, size: tap.width })),
    scores: (b, images) => add(b, images, []).logits,
    pass: (b, images) => add(b, images, tapped()),
    // Its weights are already in the graph, or point into its own files.
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

/**
 * The number of classes, from the shapes of the file's graph.
 *
 * @throws {TypeError} When the file cannot be read as a graph, or does not give a row of scores.
 */
export function classesByShape(inspected: InspectedModel): number {
  const { input, model } = inspected;
  const batch = input.batch ?? 1;
  const { graph } = loaded(inspected, batch);
  return classesOfShape(model.name, graph.outputs[0]!.shape, batch);
}

/** The file as a graph for a number of images, with its scores as the only output. */
function loaded({ model, input, extra, files, output }: InspectedModel, batch: number): LoadedOnnx {
  return loadOnnx(model.onnx, {
    shapes: { [input.name]: inputShape(input, batch) },
    constants: extra.map((each) => ({ ...each, shape: extraShape(each, batch) })),
    files,
    outputs: [output.name],
    float32: true,
    dequantize: model.dequantize ?? false,
  });
}

/**
 * The same for at least `count` images: a file for a fixed number of images that cannot be rebuilt for fewer keeps its
 * number.
 */
function loadedFor(inspected: InspectedModel, count: number): LoadedOnnx & { readonly batch: number } {
  const fixed = inspected.input.batch ?? count;
  try {
    return { ...loaded(inspected, count), batch: count };
  } catch (error) {
    if (!(error instanceof TypeError) || fixed <= count) throw error;
    return { ...loaded(inspected, fixed), batch: fixed };
  }
}

/** Images repeated to fill a batch. */
function filled(b: Builder, images: Value, batch: number): Value {
  const count = images.shape[0]!;
  if (count === batch) return images;
  const repeated = b.concat(new Array<Value>(Math.ceil(batch / count)).fill(images), 0);
  return repeated.shape[0] === batch ? repeated : b.slice(repeated, 0, 0, batch);
}

function missing(called: string, { name }: Tap, batch: number): never {
  throw new TypeError(
    `Cannot use ${called} as auxiliary: tap ${name} is not computed for ${batch} image(s) at once`,
  );
}

/** The graph with other names for its external files. */
function withFilesNamed(graph: Graph, rename: (file: string) => string): Graph {
  const initializers = new Map<string, Initializer>();
  for (const [name, initializer] of graph.initializers) {
    const { data } = initializer;
    const renamed = data.kind === "external" ? { ...data, file: rename(data.file) } : data;
    initializers.set(name, { ...initializer, data: renamed });
  }
  return { ...graph, initializers };
}

/** Converts images [N, 3, H, W] in [0, 1] to the network's input: `inputTensor` as a part of a graph. */
function placed(b: Builder, images: Value, { layout, order, alpha, preprocessing }: ImageInput): Value {
  let x = normalise(b, images, preprocessing);
  if (order === "grey") {
    x = b.reduceSum(b.mul(x, b.constant("float32", [1, 3, 1, 1], LUMA)), [1]);
  } else if (order === "BGR") {
    x = b.concat([2, 1, 0].map((channel) => b.slice(x, 1, channel, channel + 1)), 1);
  }
  if (alpha !== undefined) {
    const [batch, , height, width] = images.shape as [number, number, number, number];
    const opaque = b.constant("float32", [1, 1, 1, 1], [alpha]);
    x = b.concat([x, b.expand(opaque, [batch, 1, height, width])], 1);
  }
  return layout === "NHWC" ? b.transpose(x, [0, 2, 3, 1]) : x;
}

/** Scores of any form as [N, classes]: with further dimensions of 1, without N for one image, one number for two. */
function asRows(b: Builder, called: string, scores: Value, batch: number, { single }: ScoreMeaning): Value {
  const classes = classesOfShape(called, scores.shape, batch);
  const same = scores.shape.length === 2 && scores.shape[0] === batch;
  const rows = same ? scores : b.reshape(scores, [batch, classes]);
  if (single === undefined) return rows;
  return b.concat(pairFactors(single).map((factor) => b.mul(rows, factor)), 1);
}
