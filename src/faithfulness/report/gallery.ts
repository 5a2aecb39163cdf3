/**
 * Photos with the maps of all methods side by side. A photo is in the page once; a map is a small picture with
 * transparency that the browser lays over it.
 *
 * @module
 */
import { colorize } from "../../image/colormap.ts";
import { encodePng } from "../../image/png.ts";
import type { RgbaImage, ValueMap } from "../../image/types.ts";
import { escapeHtml, pngUrl } from "./markup.ts";
import type { GalleryRow } from "./types.ts";

/** How much of the photo the strongest part of a map covers; as in overlays. */
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

/** The gallery; "" where there is nothing to show. */
export async function galleryHtml(rows: readonly GalleryRow[], methods: readonly string[]): Promise<string> {
  if (rows.length === 0) return "";
  const parts: string[] = [];
  const photos: string[] = [];
  for (const [index, { name, label, probability, photo, maps }] of rows.entries()) {
    photos.push(`.photo-${index} { background-image: url(${pngUrl(await encodePng(photo))}) }`);
    const title = `${label}, ${(100 * probability).toFixed(1)} %`;
    const cells = [
      `<figure><div class="photo photo-${index}" role="img" aria-label="${
        escapeHtml(`Photo: ${name}`)
      }"></div>` +
      `<figcaption>photo</figcaption></figure>`,
    ];
    for (const method of methods) {
      const map = maps[method];
      if (map === undefined) continue;
      const url = pngUrl(await encodePng(veil(map)));
      const alt = escapeHtml(`Where ${method} says that the classifier looked for ${label}`);
      cells.push(
        `<figure><div class="photo calm photo-${index}"><img src="${url}" alt="${alt}" width="224" height="224"></div>` +
          `<figcaption>${escapeHtml(method)}</figcaption></figure>`,
      );
    }
    parts.push(
      `<article class="row"><h3>${escapeHtml(title)} <span class="file">${escapeHtml(name)}</span></h3>` +
        `<div class="maps">${cells.join("")}</div></article>`,
    );
  }
  const scale = `<div class="scale" role="img" aria-label="Colours of a map, from 0 to 1">` +
    `<span>0</span><i style="background: ${gradient()}"></i><span>1</span></div>`;
  return `<style>${photos.join("\n")}</style>${scale}${parts.join("\n")}`;
}
