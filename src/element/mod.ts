/**
 * `<ptame-explain>`: an image in any page, with the map of its class over it. The image is a child of the element; the
 * networks run in a worker, which all elements of the page share.
 *
 * ```html
 * <ptame-explain target="tabby" colours="viridis" opacity="0.7">
 *   <img src="cat.jpg" alt="A cat">
 * </ptame-explain>
 * ```
 *
 * Attributes: `model` (a network's name, an address of an .onnx file, or `hf:owner/name`), `head` (address of a head
 * file), `target` (the class; the top one without it), `method` (for a classifier without a head; "gradcam" without it),
 * `colours` (`inferno`, `viridis`) and `opacity` (0 to 1). Events: `progress` while something is downloaded or many
 * passes run, `result` with the prediction and the map, `error` with what went wrong.
 *
 * @example Define the element with a worker of your bundler
 * ```ts ignore
 * import { defineElement } from "@ptame/ptame/element";
 *
 * defineElement({ worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) });
 * ```
 *
 * @module
 */
import type { ClassScore } from "../classifier/prediction.ts";
import type { ValueMap } from "../image/types.ts";
import type { MapProgress, PlainTarget, RemoteRuntimeFiles } from "../worker/methods.ts";
import type { DownloadProgress } from "../weights/download/progress.ts";
import { createPane, type Pane } from "./pane.ts";
import { createShared, type ElementOptions, type Shared } from "./shared.ts";

export type { DownloadProgress, ElementOptions, MapProgress, RemoteRuntimeFiles };

/** Detail of the event `progress`. */
export type ElementProgress = DownloadProgress | MapProgress;

/** Detail of the event `result`. */
export interface ElementResult {
  /** The most probable classes, best first. */
  readonly prediction: readonly ClassScore[];
  /** The class whose map is shown. */
  readonly target: ClassScore;
  /** Its map, in [0, 1]. */
  readonly map: ValueMap;
  /** The method that made it. */
  readonly method: string;
}

/** Detail of the event `error`. */
export interface ElementFailure {
  /** What went wrong, in one line. */
  readonly message: string;
}

/** Attributes that ask for another map of the same image, or only for another look. */
const ATTRIBUTES = ["model", "head", "target", "method", "colours", "opacity"] as const;

/**
 * Defines `<ptame-explain>`, once for a page.
 *
 * @param name Another name for the element.
 */
export function defineElement(options: ElementOptions, name = "ptame-explain"): void {
  if (customElements.get(name) !== undefined) return;
  customElements.define(name, elementClass(createShared(options)));
}

/** The class is made here, because importing this module outside a page must not ask for `HTMLElement`. */
function elementClass(shared: Shared): CustomElementConstructor {
  return class PtameExplain extends HTMLElement {
    static readonly observedAttributes: readonly string[] = ATTRIBUTES;

    #pane: Pane = createPane(this);
    #stopper = new AbortController();
    /** The result that is shown, for another look. */
    #shown: PlainTarget | undefined;
    #asked = false;

    connectedCallback(): void {
      this.#pane.onImage(() => this.#ask());
      this.#ask();
    }

    disconnectedCallback(): void {
      this.#stopper.abort();
    }

    attributeChangedCallback(attribute: string): void {
      if (attribute !== "colours" && attribute !== "opacity") this.#ask();
      else if (this.#shown !== undefined) this.#draw(this.#shown);
    }

    /** Several changes at once are one question. */
    #ask(): void {
      if (this.#asked || !this.isConnected) return;
      this.#asked = true;
      queueMicrotask(() => {
        this.#asked = false;
        this.#stopper.abort();
        this.#stopper = new AbortController();
        const { signal } = this.#stopper;
        this.#explain(signal).catch((error) => {
          if (!signal.aborted) this.#fail(error);
        });
      });
    }

    async #explain(signal: AbortSignal): Promise<void> {
      const image = await this.#pane.read(signal);
      if (image === undefined || signal.aborted) return;
      const attribute = (name: string) => this.getAttribute(name) ?? "";
      const onProgress = (detail: ElementProgress) => {
        if (!signal.aborted) this.#tell("progress", detail);
      };
      this.#pane.say("Loading the classifier …");
      const source = await shared.open(attribute("model"), attribute("head"), onProgress);
      if (signal.aborted) return;
      this.#pane.say("Explaining …");
      const seen = source.explainer === undefined
        ? await source.classifier.classify(image, signal)
        : await source.explainer.explain(image, { signal });
      try {
        const target = attribute("target") === "" ? seen.prediction[0]!.index : attribute("target");
        const method = "map" in seen ? attribute("method") || "gradcam" : "ptame";
        const found: PlainTarget = "map" in seen
          ? await seen.map(method, target, { signal, onProgress })
          : await seen.explainTarget(target);
        if (signal.aborted) return;
        this.#pane.place(seen.window, seen.size);
        this.#draw(found);
        const { index, label, probability, map } = found;
        const { prediction } = seen;
        const detail: ElementResult = { prediction, target: { index, label, probability }, map, method };
        this.#tell("result", detail);
      } finally {
        await seen.dispose();
      }
    }

    #draw(target: PlainTarget): void {
      this.#shown = target;
      try {
        this.#pane.draw(target, {
          colours: this.getAttribute("colours"),
          opacity: this.getAttribute("opacity"),
        });
      } catch (error) {
        this.#fail(error);
      }
    }

    #fail(error: unknown): void {
      const message = error instanceof Error ? error.message : String(error);
      this.#pane.clear();
      this.#pane.say(message);
      this.#tell("error", { message } satisfies ElementFailure);
    }

    #tell(type: string, detail: unknown): void {
      this.dispatchEvent(new CustomEvent(type, { detail, composed: true }));
    }
  };
}
