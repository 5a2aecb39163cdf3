/**
 * Pictures for measuring, made of the shipped sample.
 *
 * @module
 */
import { Image } from "imagescript";
import { decodeImage } from "../src/image/decode.ts";
import { resizeImage } from "../src/image/resize.ts";

const SAMPLE = new URL("../models/sample/chelsea.jpg", import.meta.url);

/** The sample at one megapixel (1225 x 816) as a JPEG of quality 90. */
export async function megapixelJpeg(): Promise<Uint8Array> {
  const picture = await decodeImage(SAMPLE);
  const [width, height] = [1225, 816];
  const { data } = resizeImage(picture, width, height);
  const image = new Image(width, height);
  for (let i = 0; i < width * height; i++) {
    image.bitmap.set([data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!, 255], 4 * i);
  }
  return await image.encodeJPEG(90);
}
