/**
 * The worker's end: answers a page's calls with the library's functions. Explainers and explanations stay here; the
 * page has only their numbers.
 *
 * @module
 */
import { preprocess } from "../image/preprocess.ts";
import type { ValueMap } from "../image/types.ts";
import { createExplainer, type Explainer } from "../ptame/explainer.ts";
import type { Explanation } from "../ptame/explanation.ts";
import type { RefineProgress } from "../explanation/refinement.ts";
import type { TargetMap } from "../explanation/map_explanation.ts";
import type { TrainProgress } from "../ptame/training/train_options.ts";
import { train } from "../ptame/training/trainer.ts";
import { configureRuntime } from "../runtime/mod.ts";
import type { Answer, NewCall, Port, Question } from "./messages.ts";
import type {
  ExplanationFacts,
  Methods,
  OpenedExplainer,
  PlainTarget,
  RemoteFile,
  RemoteWeights,
} from "./methods.ts";
import { createBitmap, isBitmap, readBitmap } from "./bitmaps.ts";
import { plainError } from "./plain_error.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** Context of a method, besides its parameters. */
interface CallContext {
  readonly signal: AbortSignal;
  readonly report: (progress: TrainProgress | RefineProgress) => void;
  /** Marks a buffer of the result for transfer to the page. */
  readonly handOver: (buffer: Transferable) => void;
}

type Handlers = {
  readonly [Name in keyof Methods]: (
    parameters: Methods[Name]["parameters"],
    context: CallContext,
  ) => Promise<Methods[Name]["result"]> | Methods[Name]["result"];
};

/**
 * Serves the library to the other end of a port. Call it once in the worker's module.
 *
 * @param port The worker's own scope (`self`), or another port.
 *
 * @example A whole worker module
 * ```ts ignore
 * import { serveWorker } from "@ptame/ptame/worker/serve";
 *
 * serveWorker(self);
 * ```
 */
export function serveWorker(port: Port): void {
  const handlers = createHandlers() as Record<string, (parameters: unknown, context: CallContext) => unknown>;
  const running = new Map<number, AbortController>();

  const answer = async ({ call, method, parameters }: NewCall) => {
    const stopper = new AbortController();
    running.set(call, stopper);
    const send = (answer: Answer, transfer: Transferable[] = []) => port.postMessage(answer, transfer);
    const transfer: Transferable[] = [];
    try {
      const result = await handlers[method]!(parameters, {
        signal: stopper.signal,
        report: (progress) => send({ call, progress }),
        handOver: (buffer) => transfer.push(buffer),
      });
      send({ call, result }, transfer);
    } catch (error) {
      send({ call, error: plainError(error) });
    } finally {
      running.delete(call);
    }
  };
  port.addEventListener("message", (event) => {
    const question = (event as MessageEvent<Question>).data;
    if ("stop" in question) running.get(question.call)?.abort();
    else void answer(question);
  });
  port.start?.();
}

function createHandlers(): Handlers {
  const explainers = new Map<number, Explainer>();
  const explanations = new Map<number, { readonly of: number; readonly explanation: Explanation }>();
  let handles = 0;

  const heldExplainer = (handle: number): Explainer => held(explainers, handle, "explainer");
  const heldExplanation = (handle: number): Explanation =>
    held(explanations, handle, "explanation").explanation;

  return {
    configureRuntime: async ({ wasmBinary, ...files }) => {
      configureRuntime({
        ...files,
        ...withoutUndefined({ wasmBinary: wasmBinary && await readRemoteFile(wasmBinary) }),
      });
    },
    createExplainer: async ({ head, weights, auxiliaryWeights, ...options }, { signal, report }) => {
      const explainer = await createExplainer({
        ...options,
        ...withoutUndefined({
          head: head && await readRemoteFile(head),
          weights: await weightsFrom(weights),
          auxiliaryWeights: await weightsFrom(auxiliaryWeights),
        }),
        onProgress: report,
        signal,
      });
      explainers.set(++handles, explainer);
      return openedExplainer(handles, explainer);
    },
    disposeExplainer: async ({ explainer }) => {
      const own = explainers.get(explainer);
      explainers.delete(explainer);
      for (const [handle, { of }] of explanations) if (of === explainer) explanations.delete(handle);
      await own?.dispose();
    },
    explain: async ({ explainer, image, ...options }, { signal, handOver }) => {
      const source = isBitmap(image) ? readBitmap(image) : image;
      const explanation = await heldExplainer(explainer).explain(source, { ...options, signal });
      explanations.set(++handles, { of: explainer, explanation });
      const facts = explanationFacts(handles, explanation);
      for (const { map } of facts.targets) handOver(map.values.buffer);
      return facts;
    },
    disposeExplanation: ({ explanation }) => void explanations.delete(explanation),
    explainTarget: ({ explanation, target }, { handOver }) => {
      const plain = plainTarget(heldExplanation(explanation).explainTarget(target));
      handOver(plain.map.values.buffer);
      return plain;
    },
    refine: async ({ explanation, ...options }, { signal, report, handOver }) => {
      const own = held(explanations, explanation, "explanation");
      const refined = await own.explanation.refine({ ...options, signal, onProgress: report });
      const others = own.explanation.targets.filter(({ index }) => index !== refined.index);
      // Overlays draw the refined map from now on, unless the page has disposed of the explanation meanwhile.
      if (explanations.has(explanation)) {
        const next = own.explanation.withTargets([refined, ...others]);
        explanations.set(explanation, { ...own, explanation: next });
      }
      const plain = plainTarget(refined);
      handOver(plain.map.values.buffer);
      return { ...plain, refinement: refined.refinement };
    },
    contrast: ({ explanation, target, against }, { handOver }) => {
      const { map, scale, ...classes } = heldExplanation(explanation).contrast(target, against);
      handOver(map.values.buffer);
      return { for: classes.for, against: classes.against, map, scale };
    },
    contrastPng: async ({ explanation, target, against }, { handOver }) => {
      const png = await heldExplanation(explanation).contrast(target, against).overlayPng();
      handOver(png.buffer);
      return png;
    },
    image: ({ explanation }, { handOver }) => {
      const { width, height, data } = heldExplanation(explanation).image;
      const copy = data.slice();
      handOver(copy.buffer);
      return { width, height, data: copy };
    },
    bitmap: async ({ explanation, longSide }, { handOver }) => {
      const bitmap = await createBitmap(heldExplanation(explanation).image, longSide);
      handOver(bitmap);
      return bitmap;
    },
    input: ({ explainer, explanation }, { handOver }) => {
      const { preprocessing } = heldExplainer(explainer).backbone;
      const { pixels } = preprocess(heldExplanation(explanation).image, preprocessing);
      handOver(pixels.buffer);
      return pixels;
    },
    overlay: async ({ explanation, png, request }, { handOver }) => {
      const own = heldExplanation(explanation);
      const made = png ? await own.overlayPng(request) : await own.overlay(request);
      handOver((made instanceof Uint8Array ? made : made.data).buffer);
      return made;
    },
    probabilities: async ({ explainer, pixels }, { signal, handOver }) => {
      const probabilities = await heldExplainer(explainer).probabilities(pixels, signal);
      handOver(probabilities.buffer);
      return probabilities;
    },
    train: async ({ start, backboneWeights, auxiliaryWeights, ...options }, context) => {
      const { signal, report, handOver } = context;
      const result = await train({
        ...options,
        ...withoutUndefined({
          start: start === undefined || typeof start === "string" ? start : await readRemoteFile(start),
          backboneWeights: await weightsFrom(backboneWeights),
          auxiliaryWeights: await weightsFrom(auxiliaryWeights),
        }),
        signal,
        onProgress: report,
      });
      // Without validation, both are the same file.
      for (const buffer of new Set([result.head.buffer, result.last.buffer])) handOver(buffer);
      return result;
    },
  };
}

function held<T>(all: ReadonlyMap<number, T>, handle: number, what: string): T {
  const found = all.get(handle);
  if (found === undefined) throw new TypeError(`Cannot use an ${what} that has been disposed of`);
  return found;
}

function openedExplainer(handle: number, { backbone, auxiliary, head, session }: Explainer): OpenedExplainer {
  const { device, choice, threads, partlyOnCpu } = session;
  return {
    handle,
    backbone,
    auxiliary,
    head: head.record,
    device,
    choice,
    threads,
    partlyOnCpu,
  };
}

function explanationFacts(handle: number, explanation: Explanation): ExplanationFacts {
  const { model, method, auxiliary, activation, reading, head, device, threads } = explanation;
  const { prediction, window, milliseconds } = explanation;
  const { width, height } = explanation.image;
  return {
    handle,
    model,
    method,
    auxiliary,
    activation,
    reading,
    head,
    device,
    threads,
    prediction,
    window,
    milliseconds,
    size: { width, height },
    targets: explanation.targets.map(plainTarget),
  };
}

/** A target's data. The map is a copy that is transferred; the original is still needed for drawing. */
function plainTarget({ index, label, probability, map, range, raw, scale, blank }: TargetMap): PlainTarget {
  const copied = (each: ValueMap) => ({ ...each, values: each.values.slice() });
  return {
    ...{ index, label, probability, range, scale },
    map: copied(map),
    raw: copied(raw),
    ...(blank === undefined ? {} : { blank }),
  };
}

async function weightsFrom(weights: RemoteWeights | undefined): Promise<Uint8Array | URL | undefined> {
  if (weights === undefined) return undefined;
  return typeof weights === "string" ? new URL(weights) : await readRemoteFile(weights);
}

async function readRemoteFile(file: RemoteFile): Promise<Uint8Array> {
  return file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
}
