/**
 * Showing the image: its classes, the map of the class that is chosen, the methods that the classifier has.
 *
 * @module
 */
import { resolveTarget } from "../../src/classifier/target.ts";
import { remember } from "./address.ts";
import { fillClasses, markClass } from "./class_list.ts";
import { announce, attempt, element, percent, say, showPlainScores } from "./dom.ts";
import type { Erasing } from "./erasing.ts";
import { BY_HEAD, fillMethods, FROM_SCORES, WITHOUT_HEAD } from "./methods.ts";
import { showPhoto } from "./panes.ts";
import type { Gallery, SampleName } from "./samples.ts";
import { labels, shown, state } from "./state.ts";
import { draw } from "./view.ts";

/** Showing, with the parts of the page that follow. */
export interface Showing {
  /** Shows what the present tab, class and methods ask for. */
  render(): Promise<void>;
  /** Shows another class. */
  select(target: number | string): Promise<void>;
  /** Compares with another class. */
  compareWith(target: number | string): Promise<void>;
  /** Shows the image that has just been explained; its top class unless `target` names one. */
  showSubject(sample: SampleName | undefined, target?: number): Promise<void>;
}

/** Remembers in the address where one is. */
export function keepPlace(how: "push" | "replace"): void {
  const { subject, tab, sample, selected } = state;
  const top = subject?.prediction[0]?.index;
  remember({ tab, sample, target: selected === top ? undefined : selected }, how);
}

/** Fills the menus with the methods that the classifier has, and takes the usual one. */
export function offerMethods(): void {
  const head = state.engine!.classifier.explainer("before")?.head;
  const [method, beside] = [element<HTMLSelectElement>("method"), element<HTMLSelectElement>("beside")];
  fillMethods(method, head);
  fillMethods(beside, head, "nothing");
  state.methodChosen = false;
  state.method = method.value = head === undefined ? WITHOUT_HEAD : BY_HEAD;
  state.beside = beside.value = "";
  document.body.classList.toggle("headless", head === undefined);
}

/** Sets it up. */
export function createShowing({ erasing, gallery }: {
  readonly erasing: Erasing;
  readonly gallery: Gallery;
}): Showing {
  const render = async () => {
    if (state.subject === undefined || state.engine === undefined) return;
    markClass(state.selected);
    element<HTMLSelectElement>("rivals").value = String(state.rival);
    try {
      await draw(shown());
    } catch (error) {
      // A classifier that cannot be differentiated: its scores are enough for another method.
      if (state.methodChosen || state.method !== WITHOUT_HEAD) throw error;
      state.method = element<HTMLSelectElement>("method").value = FROM_SCORES;
      say("Grad-CAM cannot read this classifier; RISE needs only its scores.");
      await draw(shown());
    }
  };
  const select = async (target: number | string) => {
    if (state.subject === undefined) return;
    const index = resolveTarget(target, labels());
    // A class is not compared with itself: the two change places.
    if (index === state.rival) state.rival = state.selected;
    state.selected = index;
    keepPlace("push");
    erasing.follow();
    say(`Showing where it looks for ${labels()[index]}.`);
    await render();
  };
  return {
    render,
    select,
    compareWith: async (target) => {
      const index = resolveTarget(target, labels());
      if (index === state.selected) state.selected = state.rival;
      state.rival = index;
      const menu = element<HTMLSelectElement>("rivals");
      const known = [...menu.options].some(({ value }) => value === String(index));
      if (!known) menu.append(new Option(labels()[index], String(index)));
      await render();
    },
    showSubject: async (sample, target) => {
      const own = state.subject!;
      state.sample = sample;
      document.body.classList.add("explained");
      element("work").hidden = false;
      showPlainScores(own.reading === "none");
      const top = own.prediction[0]!;
      state.selected = target ?? top.index;
      const others = own.prediction.filter(({ index }) => index !== state.selected);
      state.rival = others[0]?.index ?? top.index;
      markClass(state.selected);
      fillClasses(own.prediction, (index) => attempt(() => select(index)));
      element("rivals").replaceChildren(
        ...own.prediction.map(({ index, label }) => new Option(label, String(index))),
      );
      gallery.markSample(sample);
      gallery.markPlace(sample === undefined ? state.place : -1);
      keepPlace(target === undefined ? "push" : "replace");
      showPhoto(own);
      say(`${top.label}, ${percent(top.probability)}: explained in ${Math.round(own.milliseconds)} ms.`);
      const drawn = render();
      const erasable = erasing.begin();
      await drawn;
      for (const which of ["before", "after"] as const) {
        const explanation = own.explanation(which);
        if (explanation === undefined) continue;
        announce({ kind: "explained", which, prediction: explanation.prediction });
      }
      if (own.explanation("before") === undefined) {
        announce({ kind: "explained", which: state.method, prediction: own.prediction });
      }
      await erasable;
    },
  };
}
