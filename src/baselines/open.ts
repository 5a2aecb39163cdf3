/**
 * Opens any method of the table, and downloads what it needs.
 *
 * @module
 */
import type { MapExplainer } from "../explanation/map_explanation.ts";
import type { ExplainerOptions } from "../ptame/explainer.ts";
import { methodNamed } from "./methods.ts";
import type { MethodOptions } from "./types.ts";

/** Options for opening a method; each method uses those that apply to it. */
export interface OpenMethodOptions extends ExplainerOptions, MethodOptions {
  /** Module, value or node for methods that are `tapped`; by default the deepest with positions. */
  readonly layer?: string;
}

/**
 * Opens a method of the table. Dispose of the explainer when it is no longer needed.
 *
 * @param name Of `METHODS`: "ptame", "gradcam", …
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When head, auxiliary and backbone do not fit together, or the classifier does not support the
 * method.
 * @throws {DownloadError} When weights are missing and cannot be downloaded.
 */
export async function openMethod(name: string, options: OpenMethodOptions = {}): Promise<MapExplainer> {
  if (methodNamed(name).needs === "head") {
    const { createExplainer } = await import("../ptame/explainer.ts");
    return await createExplainer(options);
  }
  const { createBaseline } = await import("./explainer.ts");
  return await createBaseline(name, options);
}

/**
 * Downloads the files of a method, for programs that open it several times.
 *
 * @throws Like `openMethod`.
 */
export async function fetchForMethod(name: string, options: OpenMethodOptions = {}): Promise<void> {
  if (methodNamed(name).needs === "head") {
    const { fetchForExplainer } = await import("../ptame/explainer.ts");
    return await fetchForExplainer(options);
  }
  const { loadClassifier } = await import("../classifier/load.ts");
  await loadClassifier(options);
}
