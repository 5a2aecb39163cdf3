/**
 * The loss of a fuser row on one image: what the classifier still sees when the row's map masks the image, in several
 * views. By graphs, with a gradient, or by the classifier's probabilities alone.
 *
 * @module
 */
import type { Classifier } from "../../classifier/types.ts";
import { cropSize } from "../../image/preprocess.ts";
import { upsampleMap } from "../../image/upsample.ts";
import {
  type DeviceRequest,
  float32Data,
  float32Tensor,
  int64Tensor,
  openSession,
  resolveDevice,
  type Session,
  type Tensor,
} from "../../runtime/mod.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import type { Feature } from "../fuse.ts";
import type { HeadShape } from "../head.ts";
import { backboneGraph } from "../masks/masked_pass.ts";
import { shownImages, viewFeeds } from "../masks/view_feeds.ts";
import { type View, viewLoss } from "../masks/views.ts";
import { BACKBONE_PREFIX } from "../explainer_graph.ts";
import { rowFeeds, rowGradientGraph, rowMasksGraph } from "./row_graphs.ts";

/** One image and class, and how they are shown. */
export interface RowSubject {
  /** r_l of all taps. */
  readonly features: readonly Feature[];
  /** The image of each view, [3, H, W] in [0, 1], one after the other. */
  readonly pixels: Float32Array;
  /** The class. */
  readonly target: number;
  /** Probability of the class on the whole image. */
  readonly clean: number;
  /** The views, as many as the sessions were opened for. */
  readonly views: readonly View[];
}

/** A row's loss, and its gradient if there is one. */
export interface RowValue {
  readonly loss: number;
  /** ∂L/∂row, Σ C_l long. */
  readonly gradient: Float32Array;
}

/** Opened sessions for rows of a head. */
export interface RowLoss {
  /** Why there are no gradients; `undefined` if there are. */
  readonly why: string | undefined;
  /** The loss: the mean over the views. */
  value(subject: RowSubject, row: Float32Array): Promise<number>;
  /**
   * The loss and its gradient.
   *
   * @throws {TypeError} When there are no gradients.
   */
  gradient(subject: RowSubject, row: Float32Array): Promise<RowValue>;
  /** Releases the sessions. */
  dispose(): Promise<void>;
}

/** What a row's loss is opened for. */
export interface RowLossOptions {
  /** The classifier that sees the masked images. */
  readonly backbone: Classifier;
  /** Shape of the head. */
  readonly shape: HeadShape;
  /** Number of views. */
  readonly views: number;
  /** Probabilities of [3, H, W] in [0, 1], for a classifier without gradients. */
  readonly probabilities: (pixels: Float32Array) => Promise<Float32Array>;
  readonly device?: DeviceRequest;
  readonly threads?: number;
}

/**
 * Opens the sessions.
 *
 * @throws {DeviceError} When the device is not available.
 */
export async function openRowLoss(options: RowLossOptions): Promise<RowLoss> {
  const { backbone, shape, views } = options;
  const device = await resolveDevice(options.device);
  const runtime = withoutUndefined({ device: options.device, threads: options.threads });
  const size = Math.max(...shape.sizes);
  const sessions: Session[] = [];
  const dispose = async () => {
    for (const session of sessions.splice(0)) await session.dispose();
  };
  const opening = async (open: Promise<Session>) => {
    const session = await open;
    sessions.push(session);
    return session;
  };
  try {
    const masking = await opening(openSession(rowMasksGraph(shape, views), runtime));
    const makeMasks = async ({ features, views }: RowSubject, row: Float32Array) => {
      const feeds = { ...rowFeeds(features, row), ...viewFeeds(views, 1, views.length) };
      const { masks, gates } = await masking.run(feeds);
      return { feeds, masks: masks!, gates: gates! };
    };

    const unbound = maskedPass(backbone, views, size, device);
    if (typeof unbound === "string") {
      return {
        why: unbound,
        value: async (subject, row) => {
          const { masks } = await makeMasks(subject, row);
          return await lossByProbabilities(
            subject,
            imagesIn(subject, backbone),
            masks,
            options.probabilities,
          );
        },
        gradient: () => Promise.reject(new TypeError(`Cannot differentiate: ${unbound}`)),
        dispose,
      };
    }
    const masked = await opening(openSession(unbound.graph, { ...runtime, files: unbound.files }));
    const back = await opening(openSession(rowGradientGraph(shape, views, device), runtime));

    const gradient = async (subject: RowSubject, row: Float32Array): Promise<RowValue> => {
      const { feeds, masks, gates } = await makeMasks(subject, row);
      const passed = await masked.run({
        ...shownImages(subject.views, imagesIn(subject, backbone), 1, masks),
        masks,
        targets: int64Tensor(subject.views.map(() => subject.target)),
      });
      const { loss, weighted } = weightedGradients(subject, passed);
      const mask_gradients = float32Tensor(weighted, [1, views, size, size]);
      const { row_gradient } = await back.run({ ...feeds, gates, mask_gradients });
      return { loss, gradient: float32Data(row_gradient!) };
    };
    return {
      why: undefined,
      value: async (subject, row) => (await gradient(subject, row)).loss,
      gradient,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The classifier's pass over masked images and back, or why it cannot be differentiated. */
function maskedPass(
  backbone: Classifier,
  views: number,
  size: number,
  device: Awaited<ReturnType<typeof resolveDevice>>,
) {
  try {
    const part = backbone.part();
    const graph = backboneGraph(part, views, size, { device, fills: true });
    return part.bind({ graph, files: new Map() }, BACKBONE_PREFIX);
  } catch (error) {
    // A file that cannot be read as a graph, or an operator without a rule.
    if (error instanceof TypeError || error instanceof RangeError) return error.message.split("\n")[0]!;
    throw error;
  }
}

/** The images of the views, [views, 3, H, W]. */
function imagesIn({ pixels, views }: RowSubject, { facts }: Classifier): Tensor {
  const { width, height } = cropSize(facts.preprocessing);
  return float32Tensor(pixels, [views.length, 3, height, width]);
}

/** The mean loss of the views, and the gradient of each view's mask in it. */
function weightedGradients(
  { views, clean }: RowSubject,
  { cross_entropies: losses, mask_gradients: gradients }: Record<string, Tensor>,
): { readonly loss: number; readonly weighted: Float32Array } {
  const weighted = float32Data(gradients!).slice();
  const area = weighted.length / views.length;
  let total = 0;
  views.forEach((view, at) => {
    const { loss, factor } = viewLoss(view, float32Data(losses!)[at]!, clean);
    total += loss / views.length;
    for (let i = at * area; i < (at + 1) * area; i++) weighted[i]! *= factor / views.length;
  });
  return { loss: total, weighted };
}

/** Smallest probability whose logarithm is taken. */
const LEAST = 1e-12;

/** The same loss by the classifier's probabilities of the masked images. */
async function lossByProbabilities(
  { views, target, clean }: RowSubject,
  whole: Tensor,
  masks: Tensor,
  probabilities: RowLossOptions["probabilities"],
): Promise<number> {
  const { images, fills } = shownImages(views, whole, 1, masks);
  const [, , height, width] = images.shape as [number, number, number, number];
  const [area, size] = [height * width, masks.shape[3]!];
  let total = 0;
  for (const [at, view] of views.entries()) {
    const small = float32Data(masks).subarray(at * size * size, (at + 1) * size * size);
    const mask = upsampleMap(small, size, size, width, height);
    const own = float32Data(images).slice(at * 3 * area, (at + 1) * 3 * area);
    const fill = float32Data(fills).subarray(at * 3 * area, (at + 1) * 3 * area);
    for (let i = 0; i < own.length; i++) {
      const m = mask[i % area]!;
      own[i] = m * own[i]! + (1 - m) * fill[i]!;
    }
    const p = (await probabilities(own))[target]!;
    total += viewLoss(view, -Math.log(Math.max(p, LEAST)), clean).loss / views.length;
  }
  return total;
}
