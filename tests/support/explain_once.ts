/** Explains the picture named by the first argument with the library alone, and prints what it saw. */
import { explain } from "../../mod.ts";

const explanation = await explain(Deno.args[0]!, { device: "wasm" });
const png = await explanation.overlayPng();
console.log(JSON.stringify({ ...explanation.prediction[0], device: explanation.device, png: png.length }));
