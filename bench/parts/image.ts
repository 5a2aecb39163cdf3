/**
 * Decoding and preprocessing of a JPEG of one megapixel; and what a folder run does with an image besides the networks.
 *
 * @module
 */
import { decodeImage } from "../../src/image/decode.ts";
import { renderOverlay } from "../../src/image/overlay.ts";
import { encodePng } from "../../src/image/png.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { resizeImage } from "../../src/image/resize.ts";
import { inTurns, type Part, rowsAgainst } from "../measure.ts";
import { megapixelJpeg } from "../images.ts";

/** JPEG bytes to the network's input, and its two halves. */
export const picture: Part = async function* ({ rounds, doing }) {
  doing("a JPEG of one megapixel");
  const bytes = await megapixelJpeg();
  const decoded = await decodeImage(bytes);
  const times = await inTurns({
    "decode and preprocess": async () => preprocess(await decodeImage(bytes)),
    "decode": () => decodeImage(bytes),
    "preprocess": () => preprocess(decoded),
  }, rounds);
  const model = `${decoded.width} x ${decoded.height} JPEG`;
  yield* rowsAgainst(times, "decode and preprocess", { part: "picture", device: "cpu", model });

  doing("an overlay");
  const image = resizeImage(decoded, 500, 375);
  const map = {
    width: 56,
    height: 56,
    values: Float32Array.from({ length: 56 ** 2 }, (_, i) => i / 56 ** 2),
  };
  const { window } = preprocess(image);
  const draw = () => renderOverlay(image, map, window, { caption: "tabby 93.1 %", subtitle: "a network" });
  const drawn = await draw();
  const parts = await inTurns({
    "preprocess": () => preprocess(image),
    "draw the overlay": draw,
    "write it as PNG": () => encodePng(drawn),
  }, rounds);
  yield* rowsAgainst(parts, "preprocess", { part: "overlay", device: "cpu", model: "500 x 375" });
};
