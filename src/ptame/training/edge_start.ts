/**
 * A start for fine maps: before a head is trained, its shallowest tap learns to draw edges, in the same way for all
 * classes.
 *
 * The deepest tap says which part of an image supports a class, at the resolution of the classifier's last map. Within
 * such a cell, the edges show where the object is. Gradients through masks learn that slowly, because the shallow
 * features mean nothing at the start. So the convolution, the normalisation and a row of weights for the first tap are
 * fitted to the edges of some of the images (`edgeMap`) by least squares, with the head's own formula:
 *
 *     r = ReLU(γ·norm(conv1x1(f)) + β + f),   minimise mean (row·r + offset − edges)²
 *
 * and the row is added to the first tap's part of every class's row. docs/decisions.md lists the effect.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import { gradients } from "../../gradient/backward.ts";
import { createBuilder } from "../../graph/builder.ts";
import { elementCount, type Graph } from "../../graph/types.ts";
import { edgeMap } from "../../image/edges.ts";
import { ImageError } from "../../image/types.ts";
import { createGenerator } from "../../random/generator.ts";
import { meanValue } from "../../faithfulness/probe.ts";
import { type Device, float32Data, float32Tensor, type Tensor } from "../../runtime/mod.ts";
import { type Feature, fuseMap } from "../fuse.ts";
import { FUSER, type HeadShape, tapParameterNames } from "../head.ts";
import type { HeadTensor } from "../head_file.ts";
import { fillUniform } from "../initial_parameters.ts";
import { adamw, scalarInputs } from "./optimizer.ts";
import { centreCrop, type ImageCrops } from "./image_crops.ts";
import { rowLength } from "./rows.ts";
import { oneCycle } from "./schedule.ts";
import { AUXILIARY_PREFIX } from "../explainer_graph.ts";
import { forwardGraph, tapName } from "./step.ts";
import { heldState, scalarTensors, stepSessions } from "./step_sessions.ts";
import { trainingFeatures } from "./training_head.ts";
import { MOMENTS, momentState, nextState, parameterState } from "./training_state.ts";

/** Maximum number of images to learn edges from. */
const MOST_IMAGES = 64;
/** Maximum number of elements of their first taps in memory: 128 MB. */
const MOST_NUMBERS = 32e6;
/** Images in a step of the fit, and steps, at most. */
const [BATCH, MOST_STEPS] = [8, 800];
const LEARNING_RATE = 1e-2;

/** The input for learning edges. */
export interface EdgeStartOptions {
  /** Network whose taps the head reads. */
  readonly auxiliary: GraphPart;
  readonly shape: HeadShape;
  /** The initial head; the strength of its maps determines the strength of the edges. */
  readonly head: readonly HeadTensor[];
  /** Standard deviation of the edges as a fraction of that of the initial head's maps. */
  readonly strength: number;
  /** Images, and the indices of those that may be used. */
  readonly crops: ImageCrops;
  readonly use: readonly number[];
  /** Which of the inputs of `crops` is the auxiliary's. */
  readonly input: number;
  /** Steps of the run: the fit takes no more. */
  readonly steps: number;
  readonly device: Device;
  readonly threads?: number | undefined;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** A head whose first tap draws edges. */
export interface EdgeStart {
  readonly head: HeadTensor[];
  /** The weights added to the first tap's part of every row, [channels of the first tap]. */
  readonly row: readonly number[];
  /** Fraction of the edges' variance that the first tap explains, at most 1. */
  readonly explained: number;
}

/** Fits the first tap to edges and adds them to the head. */
export async function edgeStart(options: EdgeStartOptions): Promise<EdgeStart> {
  const { shape, head, strength } = options;
  const seen = await readEdgeSamples(options);
  const { parameters, explained } = await fit(options, seen);
  const names = tapParameterNames(0);
  // The fitted edges have a deviation of 1.
  const row = [...parameters.get(ROW)!].map((weight) => weight * strength * seen.mapDeviation);
  const fitted = new Map<string, Float32Array>([
    [names.convWeight, parameters.get(names.convWeight)!],
    [names.scale, parameters.get(names.scale)!],
    [names.bias, parameters.get(names.bias)!],
    [names.convBias, new Float32Array(shape.channels[0]!)],
    ...edgeStatistics(seen, parameters.get(names.convWeight)!, shape.channels[0]!),
  ]);
  const changed = head.map((tensor) => ({ ...tensor, data: fitted.get(tensor.name) ?? tensor.data }));
  return { head: withEdgeRow(changed, shape, row), row, explained };
}

/** The head with the same numbers added to the first tap's part of every class's row. */
export function withEdgeRow(
  head: readonly HeadTensor[],
  shape: HeadShape,
  row: readonly number[],
): HeadTensor[] {
  const length = rowLength(shape);
  return head.map((tensor) => {
    if (tensor.name !== FUSER) return tensor;
    const data = tensor.data.slice();
    for (let at = 0; at < data.length; at += length) {
      row.forEach((weight, channel) => data[at + channel]! += weight);
    }
    return { ...tensor, data };
  });
}

/** The input of the fit. */
interface EdgeSamples {
  readonly count: number;
  /** First taps, divided by `scale`, [count, C, S, S]. */
  readonly taps: Float32Array;
  /** Standard deviation of all elements of the first taps. */
  readonly scale: number;
  /** Edges with a mean of 0 and a deviation of 1, [count, S, S]. */
  readonly edges: Float32Array;
  /** Mean deviation of the head's maps of the class that each image's features speak for most. */
  readonly mapDeviation: number;
}

async function readEdgeSamples(options: EdgeStartOptions): Promise<EdgeSamples> {
  const { auxiliary, shape, head, crops, use, input, device, threads, signal } = options;
  const [channels, size] = [shape.channels[0]!, shape.sizes[0]!];
  const each = channels * size * size;
  const wanted = Math.max(BATCH, Math.min(MOST_IMAGES, Math.floor(MOST_NUMBERS / each), use.length));
  const session = await stepSessions(device, threads).open(
    forwardGraph(auxiliary, 1, AUXILIARY_PREFIX, { taps: true, logits: false }),
    [[auxiliary, AUXILIARY_PREFIX]],
  );
  const [taps, edges] = [new Float32Array(wanted * each), new Float32Array(wanted * size * size)];
  let [count, deviations] = [0, 0];
  try {
    for (let i = 0; i < wanted; i++) {
      signal?.throwIfAborted();
      const pixels = await centreCrop(crops, use[Math.floor(i * use.length / wanted)]!, signal, input);
      // The trainer reports unreadable images later.
      if (pixels instanceof ImageError) continue;
      const side = auxiliary.inputSize;
      const outputs = await session.run({ images: float32Tensor(pixels, [1, 3, side, side]) }, { signal });
      const features = shape.channels.map((count, tap): Feature => {
        const data = float32Data(outputs[tapName(tap)]!);
        return { channels: count, size: shape.sizes[tap]!, data: data.map((value) => Math.max(0, value)) };
      });
      deviations += deviation(fuseMap(features, speakingRow(features, findFuser(head), shape)).values);
      taps.set(float32Data(outputs[tapName(0)]!), count * each);
      edges.set(edgeMap(pixels, { width: side, height: side }, size), count * size * size);
      count++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } finally {
    await session.dispose();
  }
  if (count === 0) throw new ImageError("Cannot learn edges: none of the images can be read");
  const [readTaps, readEdges] = [taps.subarray(0, count * each), edges.subarray(0, count * size * size)];
  const scale = Math.max(deviation(readTaps), 1e-8);
  const [mean, spread] = [meanValue(readEdges), Math.max(deviation(readEdges), 1e-8)];
  return {
    count,
    taps: readTaps.map((value) => value / scale),
    scale,
    edges: readEdges.map((value) => (value - mean) / spread),
    mapDeviation: deviations / count,
  };
}

function findFuser(head: readonly HeadTensor[]): Float32Array {
  return head.find(({ name }) => name === FUSER)!.data;
}

/** The row whose map has the highest mean. */
function speakingRow(features: readonly Feature[], fuser: Float32Array, shape: HeadShape): Float32Array {
  const means = features.flatMap(({ channels, size, data }) =>
    Array.from(
      { length: channels },
      (_, channel) => meanValue(data.subarray(channel * size * size, (channel + 1) * size * size)),
    )
  );
  const length = rowLength(shape);
  const row = (index: number) => fuser.subarray(index * length, (index + 1) * length);
  let [best, highest] = [0, -Infinity];
  for (let index = 0; index < shape.classes; index++) {
    const sum = row(index).reduce((total, weight, i) => total + weight * means[i]!, 0);
    if (sum > highest) [best, highest] = [index, sum];
  }
  return row(best);
}

const ROW = "row";
const OFFSET = "offset";

/** Fits convolution, normalisation and row; the returned parameters apply to the unscaled tap. */
async function fit(
  { shape, device, threads, seed, signal, ...options }: EdgeStartOptions,
  seen: EdgeSamples,
): Promise<{ readonly parameters: ReadonlyMap<string, Float32Array>; readonly explained: number }> {
  const [channels, size] = [shape.channels[0]!, shape.sizes[0]!];
  const batch = Math.min(BATCH, seen.count);
  const names = tapParameterNames(0);
  const shapes = new Map<string, readonly number[]>([
    [names.convWeight, [channels, channels, 1, 1]],
    [names.scale, [channels]],
    [names.bias, [channels]],
    [ROW, [1, channels, 1, 1]],
    [OFFSET, [1, 1, 1, 1]],
  ]);
  const states = [...shapes.keys()].flatMap((name) => [
    parameterState(name),
    ...MOMENTS.map((moment) => momentState(moment, name)),
  ]);
  const generator = createGenerator(seed);
  const held = heldState(initialFit(shapes, generator.uniform));
  const sessions = stepSessions(device, threads);
  const session = await sessions.open(fitGraph(shapes, batch, size, device), [], states.map(nextState));
  const steps = Math.min(MOST_STEPS, options.steps);
  const losses: number[] = [];
  let state: Record<string, Tensor>;
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const chosen = Array.from({ length: batch }, () => generator.below(seen.count));
      const outputs = await session.runOnDevice({
        tap: float32Tensor(picked(seen.taps, chosen, channels * size * size), [batch, channels, size, size]),
        edges: float32Tensor(picked(seen.edges, chosen, size * size), [batch, 1, size, size]),
        ...scalarTensors({ step, ...oneCycle(step, steps, LEARNING_RATE), weightDecay: 0 }),
        ...held.values(),
      }, { signal });
      losses.push(float32Data(outputs["loss"] as Tensor)[0]!);
      held.moveOn(outputs, states);
      if (step % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    state = await held.copy();
  } finally {
    held.dispose();
    await sessions.dispose();
  }
  const parameters = new Map(
    [...shapes.keys()].map((name) => [name, float32Data(state[parameterState(name)]!).slice()]),
  );
  // The edges have a variance of 1, and the last steps move little.
  const explained = 1 - meanValue(Float32Array.from(losses.slice(-100)));
  // r of the divided tap is r of the tap, divided: scale and bias grow with it, the row shrinks.
  for (const name of [names.scale, names.bias]) {
    parameters.get(name)!.forEach((value, i, all) => all[i] = value * seen.scale);
  }
  parameters.get(ROW)!.forEach((value, i, all) => all[i] = value / seen.scale);
  return { parameters, explained };
}

/** The parameters before the fit, drawn as PyTorch draws them, and moments of zero. */
function initialFit(
  shapes: ReadonlyMap<string, readonly number[]>,
  uniform: () => number,
): Record<string, Tensor> {
  const names = tapParameterNames(0);
  const bound = 1 / Math.sqrt(shapes.get(ROW)![1]!);
  const state: Record<string, Tensor> = {};
  for (const [name, dims] of shapes) {
    const start = new Float32Array(elementCount(dims));
    if (name === names.convWeight || name === ROW) fillUniform(start, bound, uniform);
    if (name === names.scale) start.fill(1);
    state[parameterState(name)] = float32Tensor(start, dims);
    for (const moment of MOMENTS) {
      state[momentState(moment, name)] = float32Tensor(new Float32Array(start.length), dims);
    }
  }
  return state;
}

/** Maps "tap", "edges", parameters, moments and scalars to "loss" and the next parameters and moments. */
function fitGraph(
  shapes: ReadonlyMap<string, readonly number[]>,
  batch: number,
  size: number,
  device: Device,
): Graph {
  const b = createBuilder("edges");
  const channels = shapes.get(ROW)![1]!;
  const tap = b.input("tap", "float32", [batch, channels, size, size]);
  const edges = b.input("edges", "float32", [batch, 1, size, size]);
  const parameters = new Map(
    [...shapes].map(([name, dims]) => [name, b.input(parameterState(name), "float32", dims)]),
  );
  const { features } = trainingFeatures(b, [tap], parameters);
  const drawn = b.add(b.conv(features[0]!, parameters.get(ROW)!), parameters.get(OFFSET)!);
  const off = b.sub(drawn, edges);
  const loss = b.reduceMean(b.reduceMean(b.mul(off, off), [3]), undefined, false);
  b.output(loss, "loss");
  const scalars = scalarInputs(b);
  const found = gradients(b, loss, [...parameters.values()], { device });
  [...parameters].forEach(([name, parameter], i) => {
    const input = (moment: typeof MOMENTS[number]) =>
      b.input(momentState(moment, name), "float32", parameter.shape);
    const moments = { first: input("first"), second: input("second"), largest: input("largest") };
    const next = adamw(b, parameter, found[i]!, moments, scalars);
    b.output(next.parameter, nextState(parameterState(name)));
    for (const moment of MOMENTS) b.output(next[moment], nextState(momentState(moment, name)));
  });
  return b.build();
}

/** Running mean and variance of the convolution over all the images, for explaining. */
function edgeStatistics(
  { taps, scale, count }: EdgeSamples,
  weight: Float32Array,
  channels: number,
): [string, Float32Array][] {
  const area = taps.length / count / channels;
  const names = tapParameterNames(0);
  const [means, variances] = [new Float32Array(channels), new Float32Array(channels)];
  const line = new Float64Array(area);
  for (let out = 0; out < channels; out++) {
    let [sum, squares] = [0, 0];
    for (let image = 0; image < count; image++) {
      line.fill(0);
      for (let c = 0; c < channels; c++) {
        const factor = weight[out * channels + c]! * scale;
        const from = (image * channels + c) * area;
        for (let i = 0; i < area; i++) line[i]! += factor * taps[from + i]!;
      }
      for (const value of line) {
        sum += value;
        squares += value * value;
      }
    }
    const n = count * area;
    means[out] = sum / n;
    variances[out] = (squares - sum * sum / n) / (n - 1);
  }
  return [[names.mean, means], [names.variance, variances]];
}

function picked(from: Float32Array, places: readonly number[], length: number): Float32Array {
  const all = new Float32Array(places.length * length);
  places.forEach((place, i) => all.set(from.subarray(place * length, (place + 1) * length), i * length));
  return all;
}

function deviation(values: Float32Array): number {
  const mean = meanValue(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return Math.sqrt(sum / values.length);
}
