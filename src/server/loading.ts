/**
 * The explainer of a server: made when it is first needed, once, and again after a failure.
 *
 * @module
 */
import type { Explainer } from "../ptame/explainer.ts";
import { HttpError } from "./errors.ts";
import { entityTag } from "./negotiation.ts";

/** An explainer, and what tells its answers from another one's. */
export interface LoadedExplainer {
  /** The explainer. */
  readonly explainer: Explainer;
  /** The same for the same networks and head: part of every entity tag. */
  readonly identity: string;
}

/** An explainer that is loaded when it is first needed. */
export interface LazyExplainer {
  /**
   * Loads it, or gives the loaded one.
   *
   * @throws {HttpError} 503 when it cannot be loaded; the next call tries again. Its cause says why.
   */
  load(): Promise<LoadedExplainer>;
  /** Frees it where it was made here. */
  dispose(): Promise<void>;
}

/** Over an explainer that is there already and stays its owner's, or a function that makes one. */
export function lazyExplainer(source: Explainer | (() => Promise<Explainer>)): LazyExplainer {
  let loading: Promise<LoadedExplainer> | undefined;

  async function open(): Promise<LoadedExplainer> {
    const explainer = typeof source === "function" ? await source() : source;
    const { backbone, auxiliary, head } = explainer;
    const identity = await entityTag(head.bytes, JSON.stringify([backbone, auxiliary, head.record]));
    return { explainer, identity };
  }

  return {
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
      const loaded = await loading.catch(() => undefined);
      await loaded?.explainer.dispose();
    },
  };
}
