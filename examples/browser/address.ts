/**
 * What the page shows, in its address: tab, class, sample. So a link shows the same, and Back goes back.
 *
 * @module
 */
import { isSample, type SampleName } from "./samples.ts";
import { isTab, type Tab } from "./tabs.ts";

/** What the address says; an image of a person's own is in no address. */
export interface Place {
  readonly tab: Tab;
  readonly sample?: SampleName | undefined;
  /** The class that is shown, by its index. */
  readonly target?: number | undefined;
}

/** Reads the present address. */
export function readAddress(hash: string = location.hash): Place {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const [tab, sample, target] = [said.get("tab"), said.get("sample"), Number(said.get("class") ?? NaN)];
  return {
    tab: isTab(tab) ? tab : "look",
    ...(isSample(sample) ? { sample } : {}),
    ...(Number.isInteger(target) && target >= 0 ? { target } : {}),
  };
}

/** An address that says it. */
export function writeAddress({ tab, sample, target }: Place): string {
  const said = new URLSearchParams();
  if (sample !== undefined) said.set("sample", sample);
  if (target !== undefined) said.set("class", String(target));
  if (tab !== "look") said.set("tab", tab);
  return said.size === 0 ? "#" : `#${said}`;
}

/**
 * Remembers where one is: as a new entry of the history if a person went there, in place of the present one otherwise.
 */
export function remember(place: Place, how: "push" | "replace"): void {
  const hash = writeAddress(place);
  if (hash === (location.hash === "" ? "#" : location.hash)) return;
  if (how === "push") history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
}
