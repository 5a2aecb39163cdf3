/**
 * Converts CMYK to RGB: by the image's profile, or as PIL does without one.
 *
 * @module
 */
import { openProfile } from "./color.ts";

/** Makes the function that converts strips of CMYK (four bytes a pixel, 255 is full ink) to RGB. */
export async function cmykConverter(
  profile: Uint8Array | undefined,
): Promise<(cmyk: Uint8Array) => Uint8Array> {
  const opened = profile === undefined ? undefined : await openProfile(profile);
  if (opened?.channels !== 4) return rgbOfInks;
  return (cmyk) => {
    const rgb = new Uint8Array(cmyk.length / 4 * 3);
    opened.convert(cmyk, rgb);
    return rgb;
  };
}

function rgbOfInks(cmyk: Uint8Array): Uint8Array {
  const out = new Uint8Array(cmyk.length / 4 * 3);
  for (let from = 0, to = 0; to < out.length; from += 4, to += 3) {
    const light = 255 - cmyk[from + 3]!;
    for (let c = 0; c < 3; c++) out[to + c] = (255 - cmyk[from + c]!) * light / 255 + 0.5;
  }
  return out;
}
