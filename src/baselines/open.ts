/**
 * One way to open any method of the table, and to fetch what it needs.
 *
 * @module
 */
import type { MapExplainer } from "../explanation/map_explanation.ts";
import type { ExplainerOptions } from "../ptame/explainer.ts";
import { methodNamed } from "./methods.ts";
import type { MethodOptions } from "./types.ts";

/** Which classifier is explained, and how: each method takes what means something to it. */
export interface OpenMethodOptions extends ExplainerOptions, MethodOptions {
  /** Module, value or node where a method looks that is `tapped`; the deepest with positions by default. */
  readonly tap?: string;
}

/**
 * Opens a method of the table. Dispose of the explainer when it is not needed any more.
 *
 * @param name Of `METHODS`: "ptame", "gradcam", …
 * @throws {RangeError} When a name is unknown; the nearest one is suggested.
 * @throws {TypeError} When head, auxiliary and backbone do not fit together, or the classifier cannot be opened as the
 * method asks.
 * @throws {DownloadError} When weights are not here and cannot be downloaded.
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
 * Downloads what a method will need, and opens nothing: for programs that open it several times.
 *
 * @throws As `openMethod` does.
 */
export async function fetchForMethod(name: string, options: OpenMethodOptions = {}): Promise<void> {
  if (methodNamed(name).needs === "head") {
    const { fetchForExplainer } = await import("../ptame/explainer.ts");
    return await fetchForExplainer(options);
  }
  const { loadClassifier } = await import("../classifier/load.ts");
  await loadClassifier(options);
}
