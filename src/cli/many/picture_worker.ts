/**
 * A worker of `explain DIR`: opens an explainer of its own and explains the pictures that it is given, one at a time.
 *
 * @module
 */
import type { MapExplainer } from "../../explanation/map_explanation.ts";
import { explainerOptions } from "../explainer_options.ts";
import { documentOf, type ExplainedImage } from "../explain/document.ts";
import { overlaySuffix } from "../explain/destinations.ts";
import { methodOf, openExplainer } from "../explain/method.ts";
import { EXPLAIN } from "../explain/options.ts";
import { explainPicture, type Request, requestOf } from "../explain/picture.ts";
import { makeFolder } from "../files.ts";
import { parseArguments } from "../options/command.ts";
import { messageOf, openTerminal } from "../terminal.ts";

/** A picture, and where its results go. */
export interface PictureTask {
  /** Path of the picture. */
  readonly image: string;
  /** Path of its results without what follows the stem. */
  readonly stem: string;
  /** Path of its map, where one is asked for. */
  readonly map?: string;
}

/** What the worker is told: first the command's options, then pictures. */
export type ToWorker =
  | { readonly kind: "open"; readonly args: readonly string[] }
  | { readonly kind: "explain"; readonly task: PictureTask };

/** What it answers, one message for each that it gets. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly document: ExplainedImage }
  | { readonly kind: "failed"; readonly message: string };

let explainer: MapExplainer | undefined;
let request: Request = {};
let load = 0;

async function answer(message: ToWorker): Promise<FromWorker> {
  if (message.kind === "open") {
    const given = parseArguments(EXPLAIN, message.args);
    request = requestOf(given.options);
    const started = performance.now();
    // What must be downloaded is here: the command has seen to it, and shown it.
    const options = await explainerOptions(given.options, given.typed, openTerminal(true));
    explainer = await openExplainer(methodOf(given.options), options, given);
    load = performance.now() - started;
    return { kind: "ready" };
  }
  const { image, stem, map } = message.task;
  await makeFolder(folderOf(stem));
  if (map !== undefined) await makeFolder(folderOf(map));
  const destinations = {
    overlay: (_: string, label: string, which: number, count: number) =>
      `${stem}.explained${overlaySuffix(label, which, count)}.png`,
    map: () => map,
  };
  // What is being done when the program is told to stop ends: it takes less than a second.
  const { signal } = new AbortController();
  const explained = await explainPicture(explainer!, image, destinations, { ...request, signal });
  return { kind: "done", document: documentOf(explained, image, load) };
}

function folderOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, "") || "/";
}

const scope = self as unknown as Worker;
scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  answer(data).catch((error): FromWorker => ({ kind: "failed", message: messageOf(error) }))
    .then((reply) => scope.postMessage(reply));
};
