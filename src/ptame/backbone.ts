/**
 * The classifier that is explained. It is never opened: a picture goes in, scores come out.
 *
 * @module
 */
import type { NetworkDefinition, Preprocessing } from "../../models/registry.ts";
import { IMAGENET_PREPROCESSING } from "../../models/network.ts";
import { inspectOnnx, type OpenValue } from "../graph/onnx_file.ts";
import {
  type DeviceRequest,
  float32DataOf,
  float32Tensor,
  openSession,
  type Session,
} from "../runtime/mod.ts";

/** What an explainer needs to know of a classifier before it runs. */
export interface BackboneFacts {
  /** Name that people see. */
  readonly name: string;
  /** Classes that it tells apart. */
  readonly classes: number;
  /** Class names by index. */
  readonly labels: readonly string[];
  /** How a picture becomes its input. */
  readonly preprocessing: Preprocessing;
}

/** A classifier ready to run. */
export interface Backbone extends BackboneFacts {
  readonly session: Session;
  /**
   * Scores of one picture, before softmax (or probabilities, where the network ends in a softmax).
   *
   * @param pixels [3, crop, crop] in [0, 1], not normalised.
   */
  scores(pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
}

/** Names for classes that have none. */
export function numberedLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `class ${index}`);
}

/** How a classifier from an .onnx file is fed. */
export interface OnnxBackboneOptions {
  readonly name: string;
  readonly device?: DeviceRequest | undefined;
  readonly threads?: number | undefined;
  /** Class names; ImageNet's for 1000 classes, numbers otherwise. */
  readonly labels?: readonly string[];
  /** ImageNet's usual one by default. */
  readonly preprocessing?: Preprocessing;
}

/**
 * Opens a classifier from the bytes of an .onnx file.
 *
 * @throws {TypeError} When it does not take one 4-D image input of three channels, or gives no row of scores.
 */
export async function openOnnxBackbone(
  bytes: Uint8Array,
  imagenetLabels: readonly string[],
  options: OnnxBackboneOptions,
): Promise<Backbone> {
  const { name } = options;
  const summary = inspectOnnx(bytes);
  const input = imageInput(name, summary.inputs);
  const channelsLast = input.shape[1] !== 3 && input.shape[3] === 3;
  const sides = channelsLast ? [input.shape[1]!, input.shape[2]!] : [input.shape[2]!, input.shape[3]!];
  const fixed = sides.filter((side): side is number => typeof side === "number");
  if (fixed.length === 2 && fixed[0] !== fixed[1]) {
    throw new TypeError(`Cannot explain ${name}: its input ${shown(input)} is not square`);
  }
  const crop = fixed[0] ?? options.preprocessing?.crop ?? 224;
  const preprocessing = {
    ...(options.preprocessing ?? IMAGENET_PREPROCESSING),
    crop,
    resize: options.preprocessing?.resize ?? Math.round(crop * 256 / 224),
  };
  const session = await openSession(bytes, {
    device: options.device ?? "auto",
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const { mean, std } = preprocessing;
  const area = crop * crop;

  const scores = async (pixels: Float32Array, signal?: AbortSignal): Promise<Float32Array> => {
    const fed = new Float32Array(3 * area);
    for (let channel = 0; channel < 3; channel++) {
      for (let i = 0; i < area; i++) {
        const value = (pixels[channel * area + i]! - mean[channel]!) / std[channel]!;
        fed[channelsLast ? i * 3 + channel : channel * area + i] = value;
      }
    }
    const shape = channelsLast ? [1, crop, crop, 3] : [1, 3, crop, crop];
    const outputs = await session.run({ [input.name]: float32Tensor(fed, shape) }, { signal });
    const first = outputs[session.outputNames[0]!]!;
    if (first.shape.reduce((a, c) => a * c, 1) !== Math.max(...first.shape)) {
      throw new TypeError(
        `Cannot explain ${name}: its output [${first.shape.join(", ")}] is not one row of scores`,
      );
    }
    return float32DataOf(first);
  };

  try {
    const declared = summary.outputs[0]?.shape.at(-1);
    const classes = typeof declared === "number" && summary.outputs[0]!.shape.length === 2
      ? declared
      // The file does not say: one pass over a black picture does.
      : (await scores(new Float32Array(3 * area))).length;
    const labels = options.labels ?? (classes === 1000 ? imagenetLabels : numberedLabels(classes));
    if (labels.length !== classes) {
      throw new TypeError(`Cannot explain ${name}: ${labels.length} labels are given for ${classes} classes`);
    }
    return { name, classes, labels, preprocessing, session, scores };
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

function imageInput(name: string, inputs: readonly OpenValue[]): OpenValue {
  const images = inputs.filter((input) => input.shape.length === 4);
  const input = images[0];
  if (input === undefined || inputs.length !== 1) {
    const all = inputs.map(shown).join(", ") || "none";
    throw new TypeError(`Cannot explain ${name}: it needs one 4-D image input, it has ${all}`);
  }
  const [batch, ...rest] = input.shape;
  if (typeof batch === "number" && batch !== 1) {
    throw new TypeError(
      `Cannot explain ${name}: its input ${shown(input)} takes ${batch} pictures at once, not one`,
    );
  }
  const open = (size: number | string | undefined) => size === 3 || typeof size === "string";
  if (!open(rest[0]) && !open(rest[2])) {
    throw new TypeError(`Cannot explain ${name}: its input ${shown(input)} has no three colour channels`);
  }
  if (input.type !== "float32") {
    throw new TypeError(`Cannot explain ${name}: its input ${shown(input)} is ${input.type}, not float32`);
  }
  return input;
}

function shown(value: OpenValue): string {
  return `${value.name} [${value.shape.join(", ")}]`;
}

/** What is known of a network of models/ without running it. */
export function factsOf(network: NetworkDefinition, labels: readonly string[]): BackboneFacts {
  return { name: network.name, classes: network.classes, labels, preprocessing: network.preprocessing };
}
