/** Explains the images named by the arguments with the library alone, and prints a line for each. */
import { explain } from "../../mod.ts";

for (const image of Deno.args) {
  const explanation = await explain(image, { device: "wasm" });
  const png = await explanation.overlayPng();
  console.log(JSON.stringify({ ...explanation.prediction[0], device: explanation.device, png: png.length }));
}
