/**
 * Images with the maps of all methods side by side. An image is in the page once; a map is a small image with
 * transparency that the browser lays over it.
 *
 * @module
 */
import { colorize } from "../../image/colormap.ts";
import { encodePng } from "../../image/png.ts";
import type { RgbaImage, ValueMap } from "../../image/types.ts";
import { asMarkup, lines, type Markup, markup, pngUrl } from "./markup.ts";
import type { GalleryRow } from "./types.ts";

/** Opacity of the strongest part of a map, as in overlays. */
const OPACITY = 0.7;

/** The map's colours, the more opaque the higher its value. */
function veil({ width, height, values }: ValueMap): RgbaImage {
  const colours = colorize(values);
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < values.length; i++) {
    data.set(colours.subarray(3 * i, 3 * i + 3), 4 * i);
    data[4 * i + 3] = Math.round(255 * OPACITY * Math.min(1, Math.max(0, values[i]!)));
  }
  return { width, height, data };
}

/** The colour scale, from 0 to 1, as a CSS gradient. */
function gradient(): string {
  const steps = 12;
  const colours = colorize(Float32Array.from({ length: steps + 1 }, (_, i) => i / steps));
  const stops = Array.from(
    { length: steps + 1 },
    (_, i) => `rgb(${colours.subarray(3 * i, 3 * i + 3).join(" ")})`,
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** The gallery; `undefined` if there is nothing to show. */
export async function galleryHtml(
  rows: readonly GalleryRow[],
  methods: readonly string[],
): Promise<Markup | undefined> {
  if (rows.length === 0) return undefined;
  const parts: Markup[] = [];
  const photos: string[] = [];
  for (const [index, { name, label, probability, photo, maps }] of rows.entries()) {
    photos.push(`.photo-${index} { background-image: url(${pngUrl(await encodePng(photo))}) }`);
    const title = `${label}, ${(100 * probability).toFixed(1)} %`;
    const photoClass = `photo-${index}`;
    const cells = [
      markup`<figure><div class="photo ${photoClass}" role="img" aria-label="Image: ${name}"></div>`,
      markup`<figcaption>image</figcaption></figure>`,
    ];
    for (const method of methods) {
      const map = maps[method];
      if (map === undefined) continue;
      const url = pngUrl(await encodePng(veil(map)));
      const alt = `Where ${method} says that the classifier looked for ${label}`;
      cells.push(
        markup`<figure><div class="photo calm ${photoClass}">`,
        markup`<img src="${url}" alt="${alt}" width="224" height="224"></div>`,
        markup`<figcaption>${method}</figcaption></figure>`,
      );
    }
    parts.push(
      markup`<article class="row"><h3>${title} <span class="file">${name}</span></h3><div class="maps">${cells}</div></article>`,
    );
  }
  return markup`<style>${asMarkup(photos.join("\n"))}</style>${[
    markup`<div class="scale" role="img" aria-label="Colours of a map, from 0 to 1">`,
    markup`<span>0</span><i style="background: ${gradient()}"></i><span>1</span></div>`,
  ]}${lines(parts)}`;
}
