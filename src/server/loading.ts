/**
 * The explainer of a server: created once, on first use, again after a failure, and exchanged on demand.
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
  /**
   * Runs `act` with the present explainer, which stays open until `act` has ended, also if it is exchanged meanwhile.
   *
   * @throws As `load()`, and what `act` throws.
   */
  use<T>(act: (served: ServedExplainer) => Promise<T>): Promise<T>;
  /**
   * Creates the explainer anew. Until it is there the old one answers; the old one is released when nobody uses it.
   *
   * @throws {TypeError} When a given explainer, and no function, is served.
   * @throws What creating throws. Then the old one stays.
   */
  renew(): Promise<void>;
  /** Releases it if it was created here. */
  dispose(): Promise<void>;
}

/** An explainer and its present uses. */
interface Held {
  readonly served: ServedExplainer;
  uses: number;
  retired: boolean;
}

/** Wraps an existing explainer, which stays the caller's, or a function that creates one. */
export function lazyExplainer(source: ExplainerSource | (() => Promise<ExplainerSource>)): LazyExplainer {
  let loading: Promise<Held> | undefined;
  let loaded = false;
  let renewing: Promise<void> | undefined;

  async function open(): Promise<Held> {
    const opened = typeof source === "function" ? await source() : source;
    const served = "answer" in opened ? opened : await servedHere(opened);
    loaded = true;
    return { served, uses: 0, retired: false };
  }

  const load = () =>
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
    });

  async function release(held: Held): Promise<void> {
    if (held.retired && held.uses === 0) await held.served.dispose();
  }

  async function renew(): Promise<void> {
    if (typeof source !== "function") {
      throw new TypeError("Cannot exchange the explainer: it was given, not a function that creates one");
    }
    const next = await open();
    const old = await loading?.catch(() => undefined);
    loading = Promise.resolve(next);
    if (old === undefined) return;
    old.retired = true;
    await release(old);
  }

  return {
    get loaded() {
      return loaded;
    },
    load: async () => (await load()).served,
    use: async (act) => {
      let held = await load();
      // It may have been exchanged, and released, while this waited.
      while (held.retired) held = await load();
      held.uses++;
      try {
        return await act(held.served);
      } finally {
        held.uses--;
        await release(held);
      }
    },
    renew: () => renewing ??= renew().finally(() => renewing = undefined),
    dispose: async () => {
      await renewing?.catch(() => {});
      if (typeof source !== "function" || loading === undefined) return;
      const held = await loading.catch(() => undefined);
      await held?.served.dispose();
    },
  };
}
