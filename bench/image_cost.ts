/**
 * Processor time of one image of a folder run, in one thread: explained, drawn and written as a worker of `explain DIR` does it,
 * and the parts of it that are not networks.
 *
 *     deno run -A tools/launch.ts deno run -A bench/image_cost.ts FOLDER [--device native] [--count 100] [--whole]
 *
 * `deno run --cpu-prof` shows where it goes: Deno profiles the main thread alone, so not the workers of `explain DIR`. With
 * `--whole`, the parts are left out, which would count twice in a profile.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { explainFile } from "../src/cli/explain/image.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { decodeImage } from "../src/image/decode.ts";
import { encodeImage } from "../src/image/encode.ts";
import { renderOverlay } from "../src/image/overlay.ts";
import { preprocess } from "../src/image/preprocess.ts";
import { createExplainer } from "../src/ptame/explainer.ts";
import type { DeviceRequest } from "../src/runtime/mod.ts";

const given = parseArgs(Deno.args, { string: ["device", "count"], boolean: ["whole"] });
const images = (await listImages(String(given._[0] ?? "."))).slice(0, Number(given.count ?? 100));
/** What is explained before it counts. */
const WARM_UP = 15;

const spent: Record<string, number> = {};
let counts = false;
/** Runs `act` and adds its processor time, of all threads, to a part. */
async function part<T>(name: string, act: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const result = await act();
  const { user, system } = process.cpuUsage(before);
  if (counts) spent[name] = (spent[name] ?? 0) + (user + system) / 1000;
  return result;
}

const out = await Deno.makeTempDir({ prefix: "ptame-cost-" });
const explainer = await createExplainer({ device: (given.device ?? "native") as DeviceRequest, threads: 1 });
const { signal } = new AbortController();
const decode = { atLeast: 1200 };
const destinations = { overlay: () => `${out}/overlay.png`, map: () => undefined };
const map = { width: 56, height: 56, values: Float32Array.from({ length: 56 ** 2 }, (_, i) => i / 56 ** 2) };
try {
  for (const image of [...images.slice(0, WARM_UP), undefined, ...images]) {
    counts ||= image === undefined;
    if (image === undefined) continue;
    await part("all, with networks", () => explainFile(explainer, image, destinations, { decode, signal }));
    if (given.whole) continue;
    const decoded = await part("decode", () => decodeImage(image, decode));
    const { window } = await part("preprocess", () => preprocess(decoded));
    const drawn = await part("overlay", () => renderOverlay(decoded, map, window, { caption: "cat 9.1 %" }));
    await part("encode", () => encodeImage(drawn, "png"));
  }
} finally {
  await Deno.remove(out, { recursive: true });
}
for (const [name, time] of Object.entries(spent)) {
  console.log(
    `${name.padEnd(20)} ${(time / images.length).toFixed(1).padStart(6)} ms of processor time an image`,
  );
}
Deno.exit(0);
