/**
 * Images with the maps of all methods side by side. An image is in the page once; a map is a small image with
 * transparency that the browser lays over it.
 *
 * @module
 */
import { mapLayer, scaleGradient } from "../../image/map_colours.ts";
import { encodePng } from "../../image/png.ts";
import { asMarkup, lines, type Markup, markup, pngUrl } from "./markup.ts";
import type { GalleryRow } from "./types.ts";

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
      const url = pngUrl(await encodePng(mapLayer(map)));
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
    markup`<div class="scale" role="img" aria-label="Colours of a map, from its weakest part to its strongest">`,
    markup`<span>weakest</span><i style="background: ${scaleGradient()}"></i>`,
    markup`<span>strongest for this class (each map on its own scale)</span></div>`,
  ]}${lines(parts)}`;
}
