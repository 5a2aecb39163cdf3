/**
 * A worker of `explain DIR`: opens its own explainer and explains the images that it receives, one at a time.
 *
 * @module
 */
import { AmbiguousClassError } from "../../classifier/target.ts";
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import type { DeviceChoice, DeviceRequest } from "../../runtime/mod.ts";
import { startDecoding } from "../../image/decode_bounded.ts";
import { explainerOptions } from "../explainer_options.ts";
import { type ExplainedImage, explanationDocument } from "../explain/document.ts";
import { chooseExplainMethod, openExplainer } from "../explain/method.ts";
import { EXPLAIN } from "../explain/options.ts";
import { checkClasses, explainFile, explainRequest, type Request } from "../explain/image.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { DiskFullError, makeFolder } from "../files.ts";
import { parentFolder } from "../paths.ts";
import { useFonts } from "../fonts.ts";
import { parseArguments } from "../options/command.ts";
import { overlaySuffix } from "../result_names.ts";
import { errorMessage, openTerminal } from "../terminal.ts";
import type { Failed } from "./worker_client.ts";

/** An image and the paths of its results. */
export interface ImageTask {
  /** Path of the image. */
  readonly image: string;
  /** Path of its results without suffix and extension. */
  readonly stem: string;
  /** Path of its map, if one is requested. */
  readonly map?: string;
  /** Its bytes, where they were read before. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Why it cannot be read. */
  readonly failure?: string;
  /** What changes with its content. */
  readonly identity?: string;
  /** Facts from its data set. */
  readonly sample?: Readonly<Record<string, unknown>>;
}

/** Where a worker computes, and the paths of models that were named by an address: decided once for all workers. */
export interface WorkerDevice {
  /** The device, or "auto" where a graphics adapter must still be compared with wasm. */
  readonly device: DeviceRequest;
  /** Why it is this device, where the command chose it. */
  readonly choice?: DeviceChoice;
  /** Threads of the wasm or native runtime. */
  readonly threads?: number;
  /** The classifier. */
  readonly model?: string;
  /** The auxiliary. */
  readonly auxiliary?: string;
}

/** Messages to the worker: first the options of the command, then images; perhaps a stop at the end. */
export type ToWorker =
  | { readonly kind: "open"; readonly args: readonly string[]; readonly where: WorkerDevice }
  | { readonly kind: "explain"; readonly task: ImageTask }
  /** Stops refining, without an answer of its own. */
  | { readonly kind: "stop" };

/** Its answers, one for each message but a stop. */
export type FromWorker =
  | { readonly kind: "ready" }
  /** `missing`: characters that no font has. */
  | { readonly kind: "done"; readonly document: ExplainedImage; readonly missing: string }
  | Failed;

let explainer: MapExplainer | undefined;
let request: Request = {};
let load = 0;
let chosen: { readonly deviceChoice?: DeviceChoice } = {};
let missing = "";
const stopping = new AbortController();

async function answer(message: Exclude<ToWorker, { kind: "stop" }>): Promise<FromWorker> {
  if (message.kind === "open") {
    startDecoding();
    const given = parseArguments(EXPLAIN, message.args);
    request = explainRequest(given.options);
    await useFonts(given.options.font, (characters) => missing += characters);
    const started = performance.now();
    const { choice, ...where } = message.where;
    chosen = choice === undefined ? {} : { deviceChoice: choice };
    // The command has already downloaded all files, with visible progress.
    const options = await explainerOptions(
      { ...given.options, ...where },
      given.typed,
      openTerminal(true),
    );
    explainer = await openExplainer(chooseExplainMethod(given.options), options, given);
    load = performance.now() - started;
    checkClasses(request, explainer.backbone);
    return { kind: "ready" };
  }
  const { image, stem, map, bytes, identity, sample } = message.task;
  await makeFolder(parentFolder(stem));
  if (map !== undefined) await makeFolder(parentFolder(map));
  const destinations = {
    overlay: (_: string, label: string, which: number, count: number) =>
      `${stem}.explained${overlaySuffix(label, which, count)}.png`,
    map: () => map,
  };
  // When the program is told to stop, the current image is finished; that takes less than a second. Refining can take
  // longer and keeps its best map.
  const { signal } = new AbortController();
  const explained = await explainFile(explainer!, image, destinations, {
    ...request,
    // Named, for errors.
    ...(bytes && { source: new File([bytes], image) }),
    signal,
    stopRefining: stopping.signal,
  });
  const said = missing;
  missing = "";
  const document = explanationDocument(explained, image, load, explainer!.backbone);
  const told = withoutUndefined({ identity, sample });
  return { kind: "done", document: { ...document, ...chosen, ...told }, missing: said };
}

const scope = self as unknown as Worker;
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "stop") return stopping.abort(new DOMException("Stopped", "AbortError"));
  answer(data).catch((error): FromWorker => ({
    kind: "failed",
    message: errorMessage(error),
    ...(error instanceof AmbiguousClassError ? { what: "usage" as const } : {}),
    ...(error instanceof DiskFullError ? { what: "disk" as const } : {}),
  }))
    .then((reply) => scope.postMessage(reply));
};
