/**
 * The image that the page is about: its explanations by each head, and the maps of every method that have been asked for.
 *
 * @module
 */
import type { ClassScore } from "@ptame/ptame";
import type {
  MapProgress,
  PlainRefined,
  PlainTarget,
  RefineRunOptions,
  RemoteExplanation,
  RemoteSeen,
} from "@ptame/ptame/worker";
import type { Classifier } from "./classifier.ts";
import { isHead, type View, type Which } from "./dom.ts";
import { settingsFor } from "./methods.ts";

/** How the making of a map is followed. */
export interface MapOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: MapProgress) => void;
}

/** An image with what is known of it. */
export interface Subject {
  /** Its file, or what the camera took. */
  readonly source: Blob;
  /** Ready to draw. */
  readonly photo: ImageBitmap;
  /** Its size as it was decoded. */
  readonly size: { readonly width: number; readonly height: number };
  /** What of it the classifier sees. */
  readonly window: RemoteExplanation["window"];
  /** The most probable classes. */
  readonly prediction: readonly ClassScore[];
  /** How the classifier's scores were read. */
  readonly reading: RemoteExplanation["reading"];
  /** Milliseconds that explaining took. */
  readonly milliseconds: number;
  /** The classifier's crop of it, [3, S, S] in [0, 1]. */
  input(): Promise<Float32Array<ArrayBuffer>>;
  /** The explanation with a head, where it has been made. */
  explanation(which: Which): RemoteExplanation | undefined;
  /** Explains with a head that has come since. */
  explainWith(which: Which): Promise<void>;
  /** Forgets what a head that is gone has made. */
  drop(which: Which): Promise<void>;
  /** The map of a class: once per class and head or method. By a head it takes no pass. */
  mapOf(view: View, target: number | string, options?: MapOptions): Promise<PlainTarget>;
  /** Whether that map is there already. */
  hasMap(view: View, target: number): boolean;
  /** The image with that map over it, which has been made before, as a PNG file. */
  overlayPng(view: View, target: number, opacity: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Sharpens the map of a class for this image; from then on it is the map of that class. */
  sharpen(which: Which, target: number, options: RefineRunOptions): Promise<PlainRefined>;
  /** Lets the worker forget it. */
  forget(): void;
}

/** Names an image, and explains it where the classifier has a head. */
export async function openSubject(classifier: Classifier, source: Blob): Promise<Subject> {
  const explanations = new Map<Which, RemoteExplanation>();
  const maps = new Map<string, PlainTarget>();
  let bare: Promise<RemoteSeen> | undefined;
  /** Seen by the classifier itself: what methods without a head need. */
  const seen = () =>
    bare ??= classifier.bare().then((bare) => bare.classify(source)).catch((error) => {
      // A failed attempt may be repeated.
      bare = undefined;
      throw error;
    });
  const drop = async (which: Which) => {
    const old = explanations.get(which);
    explanations.delete(which);
    for (const key of [...maps.keys()]) if (key.startsWith(`${which} `)) maps.delete(key);
    await old?.dispose();
  };
  const explainWith = async (which: Which) => {
    const explanation = await classifier.explainer(which)!.explain(source, { topK: 1 });
    await drop(which);
    explanations.set(which, explanation);
    for (const target of explanation.targets) maps.set(`${which} ${target.index}`, target);
  };
  if (classifier.explainer("before") !== undefined) await explainWith("before");
  const first = explanations.get("before") ?? await seen();
  const { size, window, prediction, reading, milliseconds } = first;
  return {
    source,
    photo: await first.bitmap(),
    size,
    window,
    prediction,
    reading,
    milliseconds: milliseconds.prepare + milliseconds.predict + milliseconds.explain,
    input: () => first.input(),
    explanation: (which) => explanations.get(which),
    explainWith,
    drop,
    hasMap: (view, target) => isHead(view) || maps.has(`${view} ${target}`),
    mapOf: async (view, target, { signal, onProgress } = {}) => {
      const known = maps.get(`${view} ${target}`);
      if (known !== undefined) return known;
      const found = isHead(view)
        ? await explanations.get(view)!.explainTarget(target)
        : await (await seen()).map(view, target, {
          ...settingsFor(view),
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        });
      maps.set(`${view} ${found.index}`, found);
      return found;
    },
    overlayPng: async (view, target, opacity) =>
      isHead(view)
        ? await explanations.get(view)!.overlayPng({ target, opacity })
        : await (await seen()).overlayPng(view, { target, opacity }),
    sharpen: async (which, target, options) => {
      const refined = await explanations.get(which)!.refine({ ...options, target });
      maps.set(`${which} ${target}`, refined);
      return refined;
    },
    forget: () => {
      // A worker that is gone has forgotten it already.
      for (const explanation of explanations.values()) explanation.dispose().catch(() => undefined);
      bare?.then((seen) => seen.dispose()).catch(() => undefined);
    },
  };
}
