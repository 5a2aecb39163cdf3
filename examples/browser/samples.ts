/**
 * The images at hand: the row of samples, and all images of a drop, to go from one to the next.
 *
 * @module
 */
import { attempt, element } from "./dom.ts";

/** The samples by name, in the order of the row; NOTICE says where they are from. */
export const SAMPLES = ["coffee", "raccoon", "chelsea", "astronaut", "dahlia", "rocket"] as const;

/** One of them. */
export type SampleName = typeof SAMPLES[number];

/** The sample of the first screen: erasing a tenth of it turns the answer over. */
export const FIRST_SAMPLE: SampleName = "coffee";

/** Whether a text names one. */
export function isSample(name: string | null): name is SampleName {
  return SAMPLES.some((sample) => sample === name);
}

/** Loads a sample. */
export async function loadSample(name: SampleName): Promise<File> {
  const file = `${name}.jpg`;
  const response = await fetch(new URL(`samples/${file}`, document.baseURI));
  if (!response.ok) throw new Error(`Cannot load the sample ${name}: the server answered ${response.status}`);
  return new File([await response.blob()], file, { type: "image/jpeg" });
}

/** The row of samples and the strip of a person's images. */
export interface Gallery {
  /** Marks the sample that is shown; none for `undefined`. */
  markSample(name: SampleName | undefined): void;
  /** Shows the images of a drop; fewer than two are no strip. */
  showStrip(images: readonly Blob[]): void;
  /** Marks the image of the strip that is shown. */
  markPlace(place: number): void;
  /** Takes an image that cannot be read out of the strip. */
  refuse(place: number): void;
}

/** Sets up both; they call with what a person chooses. */
export function setUpGallery({ chooseSample, choosePlace }: {
  readonly chooseSample: (name: SampleName) => Promise<void>;
  readonly choosePlace: (place: number) => Promise<void>;
}): Gallery {
  const buttons = [...element("samples").querySelectorAll<HTMLButtonElement>("button")];
  for (const button of buttons) {
    button.addEventListener(
      "click",
      () => attempt(() => chooseSample(button.dataset["sample"] as SampleName)),
    );
  }
  const strip = element("strip");
  let thumbs: HTMLButtonElement[] = [];
  return {
    markSample: (name) => {
      for (const button of buttons) {
        button.setAttribute("aria-pressed", String(button.dataset["sample"] === name));
      }
    },
    showStrip: (images) => {
      for (const image of strip.querySelectorAll("img")) URL.revokeObjectURL(image.src);
      strip.hidden = images.length < 2;
      thumbs = images.length < 2 ? [] : images.map((blob, place) => {
        const button = document.createElement("button");
        button.type = "button";
        const image = new Image(64, 64);
        // Only what is in sight is decoded.
        Object.assign(image, { loading: "lazy", decoding: "async", alt: nameOf(blob, place) });
        image.src = URL.createObjectURL(blob);
        // Rare formats that the browser cannot show: their name stands for them.
        image.addEventListener("error", () => image.replaceWith(nameOf(blob, place)), { once: true });
        button.append(image);
        button.title = nameOf(blob, place);
        button.addEventListener("click", () => attempt(() => choosePlace(place)));
        return button;
      });
      strip.replaceChildren(...thumbs);
    },
    markPlace: (place) =>
      thumbs.forEach((thumb, i) => {
        thumb.setAttribute("aria-pressed", String(i === place));
        if (i === place) thumb.scrollIntoView({ block: "nearest", inline: "nearest" });
      }),
    refuse: (place) => {
      thumbs[place]!.disabled = true;
    },
  };
}

function nameOf(image: Blob, place: number): string {
  return image instanceof File && image.name !== "" ? image.name : `Image ${place + 1}`;
}
