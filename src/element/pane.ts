/**
 * What an element shows: the image of its page, the map over it, a line below.
 *
 * @module
 */
import { type ColormapName, COLORMAPS } from "../image/colormap.ts";
import { mapLayer } from "../image/map_colours.ts";
import type { CropWindow } from "../image/types.ts";
import type { PlainTarget } from "../worker/methods.ts";

/** The element's inside. */
export interface Pane {
  /** Calls when the image is another one. */
  onImage(changed: () => void): void;
  /** The image's file; `undefined` if there is none yet. */
  read(signal: AbortSignal): Promise<Blob | ImageBitmap | undefined>;
  /** Lays the map over what the classifier sees. */
  place(window: CropWindow, size: { readonly width: number; readonly height: number }): void;
  /** Draws a class's map, with the looks that the attributes name, and says the class. */
  draw(
    target: PlainTarget,
    looks: { readonly colours: string | null; readonly opacity: string | null },
  ): void;
  /** Shows the image alone. */
  clear(): void;
  /** Says something below it. */
  say(text: string): void;
}

const STYLE = `
:host { display: inline-block; max-width: 100%; }
.frame { position: relative; overflow: hidden; }
::slotted(img) { display: block; max-width: 100%; height: auto; }
.shown ::slotted(img) { filter: grayscale(1); }
canvas { position: absolute; pointer-events: none; }
p { margin: 0.3em 0 0; }
`;

/** Builds the inside of an element. */
export function createPane(host: HTMLElement): Pane {
  const root = host.attachShadow({ mode: "open" });
  // Not an element with the style's text: a page's Content-Security-Policy may forbid that.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const part = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, name: string) => {
    const made = document.createElement(tag);
    made.part.add(name);
    return made;
  };
  const [frame, slot, canvas, caption] = [
    part("div", "frame"),
    document.createElement("slot"),
    part("canvas", "map"),
    part("p", "caption"),
  ];
  frame.className = "frame";
  canvas.role = "img";
  canvas.hidden = true;
  caption.role = "status";
  frame.append(slot, canvas);
  root.append(frame, caption);

  const image = () => host.querySelector("img");
  const clear = () => {
    frame.classList.remove("shown");
    canvas.hidden = true;
  };
  return {
    onImage: (changed) => {
      const again = () => {
        clear();
        changed();
      };
      slot.addEventListener("slotchange", again);
      // Events of images do not bubble, but they are captured.
      host.addEventListener("load", again, { capture: true });
    },
    read: async (signal) => {
      const shown = image();
      if (shown === null || shown.currentSrc === "" || !shown.complete) return undefined;
      try {
        const response = await fetch(shown.currentSrc, { signal });
        if (response.ok) return await response.blob();
      } catch {
        // A page may show what it may not fetch; its pixels may still be there to read.
        if (signal.aborted) return undefined;
      }
      return await createImageBitmap(shown);
    },
    place: (window, size) => {
      Object.assign(canvas.style, {
        left: `${100 * window.x / size.width}%`,
        top: `${100 * window.y / size.height}%`,
        width: `${100 * window.width / size.width}%`,
        height: `${100 * window.height / size.height}%`,
      });
    },
    draw: ({ map, label, probability }, looks) => {
      const { width, height, data } = mapLayer(map, {
        colours: colourMap(looks.colours),
        opacity: looks.opacity === null ? 0.75 : opacityFrom(looks.opacity),
      });
      Object.assign(canvas, { width, height });
      const pixels = new ImageData(width, height);
      pixels.data.set(data);
      canvas.getContext("2d")!.putImageData(pixels, 0, 0);
      canvas.hidden = false;
      canvas.ariaLabel = `Where the classifier looks for ${label}`;
      frame.classList.add("shown");
      caption.textContent = `${label} ${(100 * probability).toFixed(1)} %`;
    },
    clear,
    say: (text) => caption.textContent = text,
  };
}

function colourMap(name: string | null): ColormapName {
  if (name === null || name === "") return "inferno";
  const found = COLORMAPS.find((each) => each === name);
  if (found === undefined) throw new RangeError(`Unknown colours ${name}: choose ${COLORMAPS.join(", ")}`);
  return found;
}

function opacityFrom(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new RangeError(`Cannot draw a map with an opacity of ${text}: it is a number from 0 to 1`);
}
