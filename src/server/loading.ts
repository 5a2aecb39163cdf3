/**
 * The explainer of a server: created once, on first use, and again after a failure.
 *
 * @module
 */
import type { Explainer } from "../ptame/explainer.ts";
import { HttpError } from "./errors.ts";
import { type ServedExplainer, type ServedFacts, servedHere } from "./served.ts";

/** An explainer, in this thread or in another. */
export type ExplainerSource = Explainer | ServedExplainer;

/** The names of the networks, for a server's state. */
export function modelState({ backbone, auxiliary, head, session }: ServedFacts) {
  return { name: backbone.name, auxiliary, head: head.name, trained: head.trained, device: session.device };
}

/** An explainer that is loaded on first use. */
export interface LazyExplainer {
  /** Whether it is loaded. */
  readonly loaded: boolean;
  /**
   * Loads it, or returns the loaded one.
   *
   * @throws {HttpError} 503 when it cannot be loaded; the next call tries again. Its cause has the reason.
   */
  load(): Promise<ServedExplainer>;
  /** Releases it if it was created here. */
  dispose(): Promise<void>;
}

/** Wraps an existing explainer, which stays the caller's, or a function that creates one. */
export function lazyExplainer(source: ExplainerSource | (() => Promise<ExplainerSource>)): LazyExplainer {
  let loading: Promise<ServedExplainer> | undefined;
  let loaded = false;

  async function open(): Promise<ServedExplainer> {
    const opened = typeof source === "function" ? await source() : source;
    const served = "answer" in opened ? opened : await servedHere(opened);
    loaded = true;
    return served;
  }

  return {
    get loaded() {
      return loaded;
    },
    load: () =>
      loading ??= open().catch((cause) => {
        loading = undefined;
        const refused = new HttpError(
          503,
          "model_unavailable",
          "Cannot explain: the networks cannot be loaded",
          {
            "retry-after": "10",
          },
        );
        refused.cause = cause;
        throw refused;
      }),
    dispose: async () => {
      if (typeof source !== "function" || loading === undefined) return;
      const opened = await loading.catch(() => undefined);
      await opened?.dispose();
    },
  };
}
