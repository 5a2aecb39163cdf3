/**
 * What the page is about at this moment.
 *
 * @module
 */
import type { Engine, ForeignSource } from "./engine.ts";
import { BY_HEAD } from "./methods.ts";
import type { SampleName } from "./samples.ts";
import type { Subject } from "./subject.ts";
import type { Tab } from "./tabs.ts";
import type { Shown } from "./view.ts";

/** The page's state. */
interface State {
  engine: Engine | undefined;
  subject: Subject | undefined;
  tab: Tab;
  /** The class that is shown, and the one that it is compared with. */
  selected: number;
  rival: number;
  /** The method of the maps, the one beside it ("" for none), and whether a person chose it. */
  method: string;
  beside: string;
  methodChosen: boolean;
  /** The images of the last drop, which of them is shown, and the sample if it is one. */
  images: readonly Blob[];
  place: number;
  sample: SampleName | undefined;
  /** A person's own classifier: opened again on another device. */
  foreign: ForeignSource | undefined;
}

/** The one state of the page; its parts are handed what they need of it. */
export const state: State = {
  engine: undefined,
  subject: undefined,
  tab: "look",
  selected: 0,
  rival: 0,
  method: BY_HEAD,
  beside: "",
  methodChosen: false,
  images: [],
  place: 0,
  sample: undefined,
  foreign: undefined,
};

/** The labels of the classifier in use. */
export function labels(): readonly string[] {
  return state.engine?.classifier.facts.labels ?? [];
}

/** What is to be shown; there is an image. */
export function shown(): Shown {
  const { engine, subject, tab, selected, rival, method, beside } = state;
  return { classifier: engine!.classifier, subject: subject!, tab, selected, rival, method, beside };
}
