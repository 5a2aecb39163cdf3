/**
 * The page's work, in a thread of its own so that the page stays awake: explains pictures and trains a head with the
 * very calls that Deno programs make.
 *
 * @module
 */
/// <reference lib="webworker" />
import {
  configureRuntime,
  createExplainer,
  type DeviceRequest,
  type Explainer,
  type Explanation,
  type TargetMap,
} from "@ptame/ptame";
import { renderOverlay, type RgbImage } from "@ptame/ptame/image";
import { train } from "@ptame/ptame/train";
import type { Reply, Request, Which } from "./protocol.ts";

/** Pictures per step; more than this takes long on one thread. */
const MOST_PER_STEP = 4;
/** Above the presets', which are made for thousands of steps: a few steps are to show. */
const LEARNING_RATE = 1e-3;

let runtime: { device?: DeviceRequest; threads?: number } = {};
let pictures: readonly Blob[] = [];
let selected = 0;
let training: AbortController | undefined;
const explainers = new Map<Which, Explainer>();
const explanations = new Map<Which, Explanation>();

function reply(message: Reply, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

async function open({ files, device, threads }: Request & { kind: "open" }): Promise<void> {
  // onnxruntime-web's own files lie beside the bundle: tools/bundle_browser.ts puts them there.
  configureRuntime({ wasmPaths: new URL("onnxruntime/", files).href });
  runtime = {
    ...(device === undefined ? {} : { device: device as DeviceRequest }),
    ...(threads === undefined ? {} : { threads }),
  };
  const explainer = await createExplainer(runtime);
  explainers.set("before", explainer);
  const { session, backbone, head } = explainer;
  reply({
    kind: "ready",
    device: session.device,
    threads: session.threads,
    labels: backbone.labels,
    head: head.record.name,
  });
}

async function explainWith(which: Which, picture: Blob): Promise<void> {
  const explanation = await explainers.get(which)!.explain(picture);
  explanations.set(which, explanation);
  const { prepare, predict, explain } = explanation.milliseconds;
  const milliseconds = prepare + predict + explain;
  reply({ kind: "explained", which, prediction: explanation.prediction, milliseconds });
}

async function show(which: Which, target: number | string): Promise<void> {
  const explanation = explanations.get(which)!;
  // The features of the pass are kept: another class costs about a millisecond.
  const shown = explanation.explainTarget(target);
  const { index, label, probability, map } = shown;
  selected = index;
  const overlay = await bitmapOf(await overlayOf(explanation, shown));
  reply({ kind: "shown", which, target: { index, label, probability }, map, overlay }, [overlay]);
}

function overlayOf({ picture, window }: Explanation, target: TargetMap): Promise<RgbImage> {
  const { label, probability, map } = target;
  const caption = `${label} ${(100 * probability).toFixed(probability < 0.001 ? 3 : 1)} %`;
  return renderOverlay(picture, map, window, { caption });
}

async function bitmapOf({ width, height, data }: RgbImage): Promise<ImageBitmap> {
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  return await createImageBitmap(pixels);
}

async function explain(chosen: readonly Blob[]): Promise<void> {
  // A picture that cannot be read leaves everything as it was.
  await explainWith("before", chosen[0]!);
  pictures = chosen;
  if (explainers.has("after")) await explainWith("after", chosen[0]!);
  const top = explanations.get("before")!.prediction[0]!.index;
  for (const which of explanations.keys()) await show(which, top);
}

async function trainHead(steps: number): Promise<void> {
  training = new AbortController();
  const current = explainers.get("after") ?? explainers.get("before")!;
  try {
    const { head, losses } = await train({
      ...runtime,
      backbone: current.backbone.name,
      // Read anew at every step, which lets "stop" in between.
      images: pictures,
      batch: Math.min(MOST_PER_STEP, pictures.length),
      steps,
      start: current.head.bytes,
      hyperParameters: { learningRate: LEARNING_RATE },
      name: "trained in this page",
      signal: training.signal,
      onProgress: (progress) => reply({ kind: "progress", progress }),
    });
    const trained = await createExplainer({ ...runtime, head });
    await explainers.get("after")?.dispose();
    explainers.set("after", trained);
    reply({ kind: "trained", losses, head });
    await explainWith("after", pictures[0]!);
    await show("after", selected);
  } catch (error) {
    if (!training.signal.aborted) throw error;
    reply({ kind: "stopped" });
  } finally {
    training = undefined;
  }
}

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case "open":
      return await open(request);
    case "explain":
      return await explain(request.pictures);
    case "show":
      for (const which of explanations.keys()) await show(which, request.target);
      return;
    case "train":
      return await trainHead(request.steps);
  }
}

// One after the other; "stop" alone may overtake.
let last: Promise<void> = Promise.resolve();
self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "stop") return training?.abort();
  last = last.then(() => answer(data)).catch((error) => {
    reply({
      kind: "failed",
      request: data.kind,
      message: error instanceof Error ? error.message : String(error),
    });
  });
});
