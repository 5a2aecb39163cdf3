/**
 * The picture that the page is about: its explanations by each head, and the maps that have been asked for.
 *
 * @module
 */
import type { ClassScore } from "@ptame/ptame";
import type { PlainRefined, PlainTarget, RefineRunOptions, RemoteExplanation } from "@ptame/ptame/worker";
import type { Engine } from "./engine.ts";
import type { Which } from "./dom.ts";

/** A picture with what is known of it. */
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
  /** Milliseconds that explaining took. */
  readonly milliseconds: number;
  /** The explanation with a head, where it has been made. */
  explanation(which: Which): RemoteExplanation | undefined;
  /** Explains with a head that has come since. */
  explainWith(engine: Engine, which: Which): Promise<void>;
  /** The map of a class: once per class and head, without a pass. */
  mapOf(which: Which, target: number | string): Promise<PlainTarget>;
  /** Sharpens the map of a class for this picture; from then on it is the map of that class. */
  sharpen(which: Which, target: number, options: RefineRunOptions): Promise<PlainRefined>;
  /** Lets the worker forget it. */
  forget(): void;
}

/** Explains a picture with the head that the page came with. */
export async function openSubject(engine: Engine, source: Blob): Promise<Subject> {
  const explanations = new Map<Which, RemoteExplanation>();
  const maps = new Map<string, PlainTarget>();
  const explainWith = async (engine: Engine, which: Which) => {
    const explanation = await engine.explainer(which)!.explain(source, { topK: 1 });
    await explanations.get(which)?.dispose();
    explanations.set(which, explanation);
    for (const key of [...maps.keys()]) if (key.startsWith(which)) maps.delete(key);
    for (const target of explanation.targets) maps.set(`${which} ${target.index}`, target);
  };
  await explainWith(engine, "before");
  const { size, window, prediction, milliseconds } = explanations.get("before")!;
  return {
    source,
    photo: await explanations.get("before")!.bitmap(),
    size,
    window,
    prediction,
    milliseconds: milliseconds.prepare + milliseconds.predict + milliseconds.explain,
    explanation: (which) => explanations.get(which),
    explainWith,
    mapOf: async (which, target) => {
      const known = maps.get(`${which} ${target}`);
      if (known !== undefined) return known;
      const found = await explanations.get(which)!.explainTarget(target);
      maps.set(`${which} ${found.index}`, found);
      return found;
    },
    sharpen: async (which, target, options) => {
      const refined = await explanations.get(which)!.refine({ ...options, target });
      maps.set(`${which} ${target}`, refined);
      return refined;
    },
    forget: () => {
      // A worker that is gone has forgotten it already.
      for (const explanation of explanations.values()) explanation.dispose().catch(() => undefined);
    },
  };
}
