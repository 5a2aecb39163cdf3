/**
 * What the panes show: the map of a class by a head or a method, two of them side by side, or two classes and what tells
 * them apart. A map that takes many passes is awaited with its progress, and can be stopped.
 *
 * @module
 */
import type { PlainTarget } from "@ptame/ptame/worker";
import type { Classifier } from "./classifier.ts";
import { announce, element, isHead, percent, type View, type Which } from "./dom.ts";
import { titleOf, viewBy } from "./methods.ts";
import { clearPanes, type PaneName, showContrast, showMap, showWaiting } from "./panes.ts";
import type { Subject } from "./subject.ts";
import type { Tab } from "./tabs.ts";

/** What is to be shown. */
export interface Shown {
  readonly classifier: Classifier;
  readonly subject: Subject;
  readonly tab: Tab;
  /** The class, and the one that it is compared with. */
  readonly selected: number;
  readonly rival: number;
  /** The method, and the one beside it; "" for none. */
  readonly method: string;
  readonly beside: string;
}

/** One map of the view. */
interface Place {
  readonly pane: PaneName;
  readonly view: View;
  readonly index: number;
}

/** The head whose maps count where one map is shown. */
export function headInUse(subject: Subject | undefined): Which {
  return subject?.explanation("after") === undefined ? "before" : "after";
}

/** What the first map comes from. */
export function viewInUse({ subject, tab, method }: Pick<Shown, "subject" | "tab" | "method">): View {
  return viewBy(method, tab === "look" || tab === "teach" ? "before" : headInUse(subject));
}

function placesOf(shown: Shown): Place[] {
  const { tab, subject, selected, rival, method, beside } = shown;
  const view = viewInUse(shown);
  const first = { pane: "first", view, index: selected } as const;
  if (tab === "erase") return [first];
  if (tab === "compare") return [first, { pane: "second", view, index: rival }];
  if (tab === "look" && beside !== "" && beside !== method) {
    return [first, { pane: "second", view: viewBy(beside, headInUse(subject)), index: selected }];
  }
  const taught = view === "before" && subject.explanation("after") !== undefined;
  return taught ? [first, { pane: "second", view: "after", index: selected }] : [first];
}

let drawing: AbortController | undefined;

/** Stops the maps that are being made. */
export function stopDrawing(): void {
  drawing?.abort(new Error("Stopped"));
}

/**
 * Shows it; what was being shown is stopped.
 *
 * @returns Whether it was shown to the end, and not replaced or stopped.
 */
export async function draw(shown: Shown): Promise<boolean> {
  stopDrawing();
  const stopper = drawing = new AbortController();
  const { subject, classifier } = shown;
  const places = placesOf(shown);
  // Maps of a moment ago stay until the new ones are there, unless those take long.
  const waits = places.filter(({ view, index }) => !subject.hasMap(view, index));
  if (waits.length > 0) clearPanes();
  try {
    for (const place of places) {
      if (waits.includes(place)) showWaiting(place.pane, `${title(place.view, classifier)} is at work …`);
      const target = await mapWithProgress(shown, place, stopper.signal);
      if (stopper.signal.aborted) return false;
      if (place.pane === "first" && waits.length === 0) clearPanes();
      const several = places.length > 1 && shown.tab !== "compare";
      showMap(
        place.pane,
        target,
        caption(target, several || !isHead(place.view) ? title(place.view, classifier) : ""),
      );
      const { index, label, probability, map } = target;
      announce({ kind: "shown", which: place.view, target: { index, label, probability }, map });
    }
    const explanation = subject.explanation(headInUse(subject));
    if (shown.tab === "compare" && explanation !== undefined && isHead(places[0]!.view)) {
      const contrast = await explanation.contrast(shown.selected, shown.rival);
      if (stopper.signal.aborted) return false;
      showContrast("third", contrast);
      announce({ kind: "compared", map: contrast.map });
    }
    return true;
  } catch (error) {
    if (!stopper.signal.aborted) throw error;
    if (stopper === drawing) showWaiting("first", "No map: stopped");
    return false;
  } finally {
    if (stopper === drawing) element("map-progress").hidden = true;
  }
}

async function mapWithProgress(
  { subject, classifier }: Shown,
  { view, index }: Place,
  signal: AbortSignal,
): Promise<PlainTarget> {
  const [box, bar] = [element("map-progress"), element<HTMLProgressElement>("map-bar")];
  if (!subject.hasMap(view, index)) {
    bar.removeAttribute("value");
    element("map-text").textContent = `${title(view, classifier)} …`;
    box.hidden = false;
  }
  const started = performance.now();
  return await subject.mapOf(view, index, {
    signal,
    onProgress: ({ done, total }) => {
      if (signal.aborted) return;
      [bar.max, bar.value] = [total, done];
      const left = (performance.now() - started) / done * (total - done) / 1000;
      element("map-text").textContent = `${title(view, classifier)}: ${done} of ${total} passes, ${
        Math.ceil(left)
      } s left`;
    },
  });
}

function title(view: View, classifier: Classifier): string {
  const name = titleOf(view, classifier.explainer("before")?.head);
  if (view === "after") return classifier.foreign ? "the head made here" : "the head taught or loaded here";
  return view === "before" && classifier.explainer("after") !== undefined ? "the head as it came" : name;
}

function caption({ label, probability, blank }: PlainTarget, by: string): string {
  const empty = blank === undefined ? "" : "; nothing to show";
  return `${label}, ${percent(probability)}${by === "" ? "" : `: ${by}`}${empty}`;
}
