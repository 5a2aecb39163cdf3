/**
 * What a server needs of an explainer: facts, and answers as bytes. It may run in another thread, so that the one that
 * listens is never busy.
 *
 * @module
 */
import type { ClassifierFacts } from "../classifier/types.ts";
import type { DecodeSettings } from "../image/decode.ts";
import type { OverlayLooks } from "../image/map_colours.ts";
import type { Explainer } from "../ptame/explainer.ts";
import type { HeadRecord } from "../ptame/head_file.ts";
import { explanationBody } from "./explanation_response.ts";
import { entityTag, type Format } from "./negotiation.ts";
import type { StoredResponse } from "./response_cache.ts";
import { type StageTimes, timed } from "./stages.ts";

/** Facts about the networks; plain data. */
export interface ServedFacts {
  /** The classifier. */
  readonly backbone: ClassifierFacts;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record. */
  readonly head: HeadRecord;
  /** Where the networks run, and on how many threads. */
  readonly session: { readonly device: string; readonly threads: number };
  /** Equal for equal networks and head; part of every entity tag. */
  readonly identity: string;
}

/** What a request asks for; plain data. */
export interface ServedRequest {
  /** Classes to explain; empty for the most probable ones. */
  readonly targets: readonly number[];
  /** Number of the most probable classes to explain. */
  readonly topK: number;
  /** Steps to refine each map; 0 for none. */
  readonly refine: number;
  /** Format of the response. */
  readonly format: Format;
  /** Colours and opacity of a PNG. */
  readonly looks: OverlayLooks;
  /** What reading the image may cost. */
  readonly decode: DecodeSettings;
}

/** An explainer as the server asks it. */
export interface ServedExplainer {
  /** Facts about the networks. */
  readonly facts: ServedFacts;
  /**
   * Explains an image, whose buffer may be handed over.
   *
   * @param times Filled as the request goes through its stages, also if it fails.
   * @throws {ImageError} When the image cannot be read.
   */
  answer(
    image: Uint8Array,
    asked: ServedRequest,
    context: { readonly signal: AbortSignal; readonly times: StageTimes },
  ): Promise<StoredResponse>;
  /** Releases the networks. */
  dispose(): Promise<void>;
}

/** An explainer of this thread. */
export async function servedHere(explainer: Explainer): Promise<ServedExplainer> {
  const { backbone, auxiliary, head, session } = explainer;
  const identity = await entityTag(head.bytes, JSON.stringify([backbone, auxiliary, head.record]));
  const { device, threads } = session;
  return {
    facts: { backbone, auxiliary, head: head.record, session: { device, threads }, identity },
    answer: async (image, { targets, topK, refine, decode, format, looks }, { signal, times }) => {
      const plain = await explainer.explain(image, {
        ...{ signal, decode },
        ...(targets.length > 0 ? { target: [...targets] } : { topK: Math.min(topK, backbone.classes) }),
      });
      Object.assign(times, plain.milliseconds);
      const explanation = refine === 0
        ? plain
        : await timed(times, "refine", () => plain.refineTargets({ steps: refine, signal }));
      signal.throwIfAborted();
      return await timed(times, "draw", () => explanationBody(explanation, { format, looks, backbone }));
    },
    dispose: () => explainer.dispose(),
  };
}
