/**
 * Decoding and preprocessing of a JPEG of one megapixel.
 *
 * @module
 */
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
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
};
