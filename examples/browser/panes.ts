/**
 * The photos with their maps: one, two side by side, or two and what tells them apart.
 *
 * @module
 */
import type { ClassScore, ValueMap } from "@ptame/ptame";
import type { PlainContrast } from "@ptame/ptame/worker";
import { element } from "./dom.ts";
import { drawMap, drawPhoto, drawSigned, placeOver } from "./heatmap.ts";
import type { Subject } from "./subject.ts";

/** The places for a photo. */
export type PaneName = "first" | "second" | "third";

const PANES: readonly PaneName[] = ["first", "second", "third"];

function canvasOf(pane: PaneName, layer: "photo" | "heat"): HTMLCanvasElement {
  return element(pane).querySelector<HTMLCanvasElement>(`.${layer}`)!;
}

/** Puts a photo into all places. */
export function showPhoto({ photo, window, size }: Subject): void {
  for (const pane of PANES) {
    drawPhoto(canvasOf(pane, "photo"), photo, window, size);
    placeOver(canvasOf(pane, "heat"), window, size);
    element(pane).style.setProperty("--aspect", String(photo.width / photo.height));
  }
}

/** Hides all places but the first, which always shows something. */
export function clearPanes(): void {
  for (const pane of PANES.slice(1)) element(pane).hidden = true;
}

/** Shows the map of a class. */
export function showMap(
  pane: PaneName,
  target: ClassScore & { readonly map: ValueMap },
  caption: string,
): void {
  show(pane, caption, `The picture; what tells ${target.label} is lit up`);
  drawMap(canvasOf(pane, "heat"), target.map);
}

/** Shows what speaks for one class rather than another. */
export function showContrast(pane: PaneName, contrast: PlainContrast): void {
  const [mine, other] = [contrast.for.label, contrast.against.label];
  show(pane, `Orange: ${mine}; blue: ${other}`, `The picture; orange speaks for ${mine}, blue for ${other}`);
  drawSigned(canvasOf(pane, "heat"), contrast.map);
}

function show(pane: PaneName, caption: string, description: string): void {
  element(pane).hidden = false;
  element(pane).querySelector("figcaption")!.textContent = caption;
  canvasOf(pane, "heat").setAttribute("aria-label", description);
}
