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
  show(pane, caption, `The image; what tells ${target.label} is lit up${strongestWords(target.map)}`);
  drawMap(canvasOf(pane, "heat"), target.map);
}

/** Where a map is strongest, in words: the mean of each of nine parts. */
function strongestWords({ width, height, values }: ValueMap): string {
  const sums = new Float64Array(9);
  const counts = new Float64Array(9);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = 3 * Math.floor(3 * y / height) + Math.floor(3 * x / width);
      sums[cell]! += values[y * width + x]!;
      counts[cell]! += 1;
    }
  }
  const means = Array.from(sums, (sum, cell) => sum / counts[cell]!);
  const best = means.indexOf(Math.max(...means));
  if (!(means[best]! > 0)) return "";
  const [row, column] = [
    ["top", "middle", "bottom"][Math.floor(best / 3)]!,
    ["left", "centre", "right"][best % 3]!,
  ];
  return `, strongest at the ${row === "middle" && column === "centre" ? "centre" : `${row} ${column}`}`;
}

/** Shows what speaks for one class rather than another. */
export function showContrast(pane: PaneName, contrast: PlainContrast): void {
  const [mine, other] = [contrast.for.label, contrast.against.label];
  show(pane, `Orange: ${mine}; blue: ${other}`, `The image; orange speaks for ${mine}, blue for ${other}`);
  drawSigned(canvasOf(pane, "heat"), contrast.map);
}

/** Shows the photo alone, where a map is still made or will not come. */
export function showWaiting(pane: PaneName, caption: string): void {
  show(pane, caption, "The image");
  const canvas = canvasOf(pane, "heat");
  canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
}

function show(pane: PaneName, caption: string, description: string): void {
  element(pane).hidden = false;
  element(pane).querySelector("figcaption")!.textContent = caption;
  canvasOf(pane, "heat").setAttribute("aria-label", description);
}
