/**
 * The explainer of a server: created once, on first use, and again after a failure.
 *
 * @module
 */
import type { Explainer } from "../ptame/explainer.ts";
import { HttpError } from "./errors.ts";
import { entityTag } from "./negotiation.ts";

/** An explainer, and an identifier of its results. */
export interface LoadedExplainer {
  /** The explainer. */
  readonly explainer: Explainer;
  /** Equal for equal networks and head; part of every entity tag. */
  readonly identity: string;
}

/** The names of the networks, for a server's state. */
export function modelState({ explainer: { backbone, auxiliary, head, session } }: LoadedExplainer) {
  const { name, trained } = head.record;
  return { name: backbone.name, auxiliary, head: name, trained, device: session.device };
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
  load(): Promise<LoadedExplainer>;
  /** Releases it if it was created here. */
  dispose(): Promise<void>;
}

/** Wraps an existing explainer, which stays the caller's, or a function that creates one. */
export function lazyExplainer(source: Explainer | (() => Promise<Explainer>)): LazyExplainer {
  let loading: Promise<LoadedExplainer> | undefined;
  let loaded = false;

  async function open(): Promise<LoadedExplainer> {
    const explainer = typeof source === "function" ? await source() : source;
    const { backbone, auxiliary, head } = explainer;
    const identity = await entityTag(head.bytes, JSON.stringify([backbone, auxiliary, head.record]));
    loaded = true;
    return { explainer, identity };
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
      await opened?.explainer.dispose();
    },
  };
}
