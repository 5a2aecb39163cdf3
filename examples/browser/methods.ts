/**
 * The methods that the page offers, what they are called, and with how many passes they run here.
 *
 * @module
 */
import type { MethodOptions } from "@ptame/ptame/worker";
import { isHead, type View, type Which } from "./dom.ts";

/** A method of the menu. */
interface Offer {
  readonly name: string;
  readonly title: string;
  /** What it costs if that is felt, for the menu. */
  readonly remark: string;
  readonly settings?: MethodOptions;
}

/** The method of heads. */
export const BY_HEAD = "ptame";

/** All but P-TAME, which is there where a head fits. */
const OFFERS: readonly Offer[] = [
  { name: "gradcam", title: "Grad-CAM", remark: "" },
  { name: "gradcam++", title: "Grad-CAM++", remark: "" },
  { name: "layercam", title: "Layer-CAM", remark: "" },
  { name: "hirescam", title: "HiResCAM", remark: "" },
  { name: "scorecam", title: "Score-CAM", remark: "64 channels", settings: { camChannels: 64 } },
  { name: "occlusion", title: "Occlusion", remark: "170 passes" },
  { name: "rise", title: "RISE", remark: "500 passes", settings: { masks: 500 } },
  {
    name: "integrated-gradients",
    title: "Integrated Gradients",
    remark: "30 passes",
    settings: { steps: 30 },
  },
];

/** The method for a classifier without a head, and the one for classifiers that it cannot read. */
export const WITHOUT_HEAD = "gradcam";
export const FROM_SCORES = "rise";

/** With how many passes a method runs here. */
export function settingsFor(method: string): MethodOptions {
  return OFFERS.find(({ name }) => name === method)?.settings ?? {};
}

/** The method's name in prose. */
export function titleOf(view: View, head: HeadFacts | undefined): string {
  if (view === BY_HEAD || isHead(view)) return headTitle(head);
  return OFFERS.find(({ name }) => name === view)?.title ?? view;
}

/** What is known of a head. */
export interface HeadFacts {
  readonly trained: boolean;
  readonly auxiliary: string;
  readonly fit?: unknown;
}

/** P-TAME, or what a head gives that nobody has trained. */
function headTitle(head: HeadFacts | undefined): string {
  if (head === undefined || head.trained || head.fit !== undefined) return "P-TAME";
  return "Class activations";
}

/** Fills a menu; the head comes first where there is one. */
export function fillMethods(menu: HTMLSelectElement, head: HeadFacts | undefined, none?: string): void {
  const options = OFFERS.map(({ name, title, remark }) =>
    new Option(remark === "" ? title : `${title}, ${remark}`, name)
  );
  if (head !== undefined) options.unshift(new Option(headTitle(head), BY_HEAD));
  if (none !== undefined) options.unshift(new Option(none, ""));
  const { value } = menu;
  menu.replaceChildren(...options);
  menu.value = options.some((option) => option.value === value) ? value : options[0]!.value;
}

/** The view that a method's name stands for. */
export function viewBy(method: string, head: Which): View {
  return method === BY_HEAD ? head : method;
}
