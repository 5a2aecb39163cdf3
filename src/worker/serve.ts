/**
 * The worker's end: answers a page's calls with the library's functions. Explainers and explanations stay here; the
 * page has only their numbers.
 *
 * @module
 */
import type { MapProgress } from "../baselines/types.ts";
import { fetchModel } from "../classifier/descriptions/fetch_model.ts";
import { loadClassifier } from "../classifier/load.ts";
import { modelFromFiles } from "../classifier/descriptions/model_files.ts";
import type { OnnxModel } from "../classifier/onnx/model.ts";
import { openClassifier } from "../classifier/open.ts";
import type { ClassifierFacts } from "../classifier/types.ts";
import { preprocess } from "../image/preprocess.ts";
import type { ValueMap } from "../image/types.ts";
import { createExplainer, type Explainer } from "../ptame/explainer.ts";
import type { Explanation } from "../ptame/explanation.ts";
import type { RefineProgress } from "../explanation/refinement.ts";
import type { MapExplanation, TargetMap } from "../explanation/map_explanation.ts";
import type { FitProgress } from "../ptame/fit/fit_rows.ts";
import type { TrainProgress } from "../ptame/training/train_options.ts";
import { train } from "../ptame/training/trainer.ts";
import { configureRuntime } from "../runtime/mod.ts";
import type { DownloadProgress } from "../weights/download/progress.ts";
import type { Port } from "./messages.ts";
import { type CallContext, serveCalls } from "./serve_calls.ts";
import type {
  ExplanationFacts,
  Methods,
  OpenedExplainer,
  OpenedModel,
  PlainTarget,
  RemoteFile,
  RemoteImage,
  RemoteWeights,
} from "./methods.ts";
import { createBitmap, isBitmap, readBitmap } from "./bitmaps.ts";
import { type MappingClassifier, mappingClassifier, plainMethodMap } from "./seen.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** What calls report while they run. */
type Reported = TrainProgress | RefineProgress | FitProgress | MapProgress | DownloadProgress;

type Handlers = {
  readonly [Name in keyof Methods]: (
    parameters: Methods[Name]["parameters"],
    context: CallContext<Reported>,
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
  serveCalls<Reported>(port, createHandlers());
}

/** An explainer or a classifier that the page has opened. */
interface Opened {
  readonly backbone: ClassifierFacts;
  readonly explainer?: Explainer;
  readonly mapping?: MappingClassifier;
  probabilities(pixels: Float32Array, signal: AbortSignal): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** An explanation that the page has, with all that was made of it since. */
interface Made {
  /** Number of the explainer or classifier. */
  readonly of: number;
  readonly explanation: MapExplanation;
  /** The same, if P-TAME made it: other classes need no pass. */
  readonly ptame?: Explanation;
  /** Maps by other methods, by method and class. */
  readonly byMethod: Map<string, MapExplanation>;
}

function createHandlers(): Handlers {
  const models = new Map<number, OnnxModel>();
  const explainers = new Map<number, Opened>();
  const explanations = new Map<number, Made>();
  let handles = 0;

  const heldExplainer = (handle: number): Opened => held(explainers, handle, "explainer");
  const headedExplainer = (handle: number): Explainer => {
    const { explainer } = heldExplainer(handle);
    if (explainer === undefined) throw new TypeError("Cannot explain by a head: none is open");
    return explainer;
  };
  const heldMade = (handle: number): Made => held(explanations, handle, "explanation");
  const heldExplanation = (handle: number): Explanation => {
    const { ptame } = heldMade(handle);
    if (ptame === undefined) throw new TypeError("Cannot ask a head: another method made this explanation");
    return ptame;
  };
  const modelFrom = <Named extends string | undefined>(model: Named | OpenedModel | OnnxModel) =>
    typeof model === "object" && "model" in model ? held(models, model.model, "model") : model;
  const sourceFrom = (image: RemoteImage) => isBitmap(image) ? readBitmap(image) : image;
  const methodKey = (method: string, index: number) => `${method} ${index}`;

  return {
    configureRuntime: async ({ wasmBinary, ...files }) => {
      configureRuntime({
        ...files,
        ...withoutUndefined({ wasmBinary: wasmBinary && await readRemoteFile(wasmBinary) }),
      });
    },
    createExplainer: async ({ head, model, weights, auxiliaryWeights, ...options }, { signal, report }) => {
      const explainer = await createExplainer({
        ...options,
        ...withoutUndefined({
          model: modelFrom(model),
          head: head && await readRemoteFile(head),
          weights: await weightsFrom(weights),
          auxiliaryWeights: await weightsFrom(auxiliaryWeights),
        }),
        onProgress: report,
        onFit: report,
        signal,
      });
      const { backbone, probabilities, dispose } = explainer;
      explainers.set(++handles, { explainer, backbone, probabilities, dispose });
      return openedExplainer(handles, explainer);
    },
    disposeExplainer: async ({ explainer }) => {
      const own = explainers.get(explainer);
      explainers.delete(explainer);
      for (const [handle, { of }] of explanations) if (of === explainer) explanations.delete(handle);
      await own?.dispose();
    },
    explain: async ({ explainer, image, ...options }, { signal, handOver }) => {
      const explanation = await headedExplainer(explainer).explain(sourceFrom(image), { ...options, signal });
      explanations.set(++handles, { of: explainer, explanation, ptame: explanation, byMethod: new Map() });
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
      const own = heldExplanation(explanation);
      const refined = await own.refine({ ...options, signal, onProgress: report });
      const others = own.targets.filter(({ index }) => index !== refined.index);
      // Overlays draw the refined map from now on, unless the page has disposed of the explanation meanwhile.
      const made = explanations.get(explanation);
      if (made !== undefined) {
        const next = own.withTargets([refined, ...others]);
        explanations.set(explanation, { ...made, explanation: next, ptame: next });
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
      const { width, height, data } = heldMade(explanation).explanation.image;
      const copy = data.slice();
      handOver(copy.buffer);
      return { width, height, data: copy };
    },
    bitmap: async ({ explanation, longSide }, { handOver }) => {
      const bitmap = await createBitmap(heldMade(explanation).explanation.image, longSide);
      handOver(bitmap);
      return bitmap;
    },
    input: ({ explanation }, { handOver }) => {
      const made = heldMade(explanation);
      const { preprocessing } = heldExplainer(made.of).backbone;
      const { pixels } = preprocess(made.explanation.image, preprocessing);
      handOver(pixels.buffer);
      return pixels;
    },
    overlay: async ({ explanation, method, png, request }, { handOver }) => {
      const made = heldMade(explanation);
      const own = method === undefined
        ? made.explanation
        : held(made.byMethod, methodKey(method, Number(request.target)), "map");
      const drawn = png ? await own.overlayPng(request) : await own.overlay(request);
      handOver((drawn instanceof Uint8Array ? drawn : drawn.data).buffer);
      return drawn;
    },
    probabilities: async ({ explainer, pixels }, { signal, handOver }) => {
      const probabilities = await heldExplainer(explainer).probabilities(pixels, signal);
      handOver(probabilities.buffer);
      return probabilities;
    },
    train: async ({ backbone, start, backboneWeights, auxiliaryWeights, ...options }, context) => {
      const { signal, report, handOver } = context;
      const result = await train({
        ...options,
        backbone: modelFrom(backbone),
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
    headFile: ({ explainer }, { handOver }) => {
      const { head } = headedExplainer(explainer);
      const copy = head.bytes.slice();
      handOver(copy.buffer);
      return copy;
    },
    openModel: async (source, { signal, report }) => {
      const { files, address, ...options } = { files: undefined, address: undefined, ...source };
      const model = files !== undefined
        ? await modelFromFiles(files)
        : await fetchModel(address!, { ...options, signal, onProgress: report });
      const { facts } = await loadClassifier({ model });
      models.set(++handles, model);
      return { ...facts, model: handles };
    },
    disposeModel: ({ model }) => void models.delete(model),
    openClassifier: async ({ model, weights, ...options }, { signal, report }) => {
      const classifier = await openClassifier({
        ...options,
        ...withoutUndefined({ model: modelFrom(model), weights: await weightsFrom(weights) }),
        onProgress: report,
        signal,
      });
      const session = await classifier.session();
      explainers.set(++handles, {
        backbone: classifier.facts,
        mapping: mappingClassifier(classifier),
        probabilities: async (pixels, signal) => (await classifier.probabilities([pixels], signal))[0]!,
        dispose: classifier.dispose,
      });
      const { device, threads, partlyOnCpu } = session;
      return { handle: handles, backbone: classifier.facts, device, threads, partlyOnCpu };
    },
    classify: async ({ classifier, image }, { signal }) => {
      const { mapping } = heldExplainer(classifier);
      if (mapping === undefined) throw new TypeError("Cannot classify: no classifier is open");
      const explanation = await mapping.classify(sourceFrom(image), signal);
      explanations.set(++handles, { of: classifier, explanation, byMethod: new Map() });
      const { model, activation, reading, device, threads, prediction, window, milliseconds } = explanation;
      const { width, height } = explanation.image;
      const size = { width, height };
      return {
        ...{ handle: handles, model, activation, reading, device, threads, prediction, window },
        ...{ milliseconds, size },
      };
    },
    mapBy: async ({ explanation, method, target, settings }, { signal, report, handOver }) => {
      const made = heldMade(explanation);
      const { mapping } = heldExplainer(made.of);
      if (mapping === undefined) throw new TypeError(`Cannot explain by ${method}: no classifier is open`);
      const options = { settings, signal, onProgress: report };
      const mapped = await mapping.explainBy(made.explanation, method, target, options);
      const [map] = mapped.targets;
      made.byMethod.set(methodKey(method, map!.index), mapped);
      const plain = plainTarget(map!);
      handOver(plain.map.values.buffer);
      return plainMethodMap(mapped, plain);
    },
  };
}

function held<Key, T>(all: ReadonlyMap<Key, T>, handle: Key, what: string): T {
  const found = all.get(handle);
  if (found === undefined) {
    throw new TypeError(`Cannot use ${/^[aeio]/.test(what) ? "an" : "a"} ${what} that has been disposed of`);
  }
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
    ...withoutUndefined({ blank }),
  };
}

async function weightsFrom(weights: RemoteWeights | undefined): Promise<Uint8Array | URL | undefined> {
  if (weights === undefined) return undefined;
  return typeof weights === "string" ? new URL(weights) : await readRemoteFile(weights);
}

async function readRemoteFile(file: RemoteFile): Promise<Uint8Array> {
  return file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
}
