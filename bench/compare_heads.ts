/**
 * Compares heads of EfficientNet-Lite0 on held-out photographs by AD, IC and ROAD (preset ptame-2025), with the
 * controls and the untrained start beside them, and says what is beyond noise (paired bootstrap, 95 %).
 *
 *     deno run -A bench/compare_heads.ts PHOTOS N HEAD.safetensors… [--device native] [--no-controls]
 *
 * PHOTOS is a folder; the N pictures are those that `deno task train --images PHOTOS --hold-out N` keeps out. Through
 * the launcher where JSR does not answer: `deno run --no-config -A tools/launch.ts deno run -A bench/compare_heads.ts …`
 *
 * @module
 */
import { controls } from "../src/baselines/controls.ts";
import { holdOut, listImages } from "../src/cli/image_lists.ts";
import { compareMethods, evaluate, type MapMethod } from "../src/faithfulness/mod.ts";
import { createExplainer, type Explainer } from "../src/ptame/explainer.ts";
import { startingHeadFile } from "./untrained_head_file.ts";
import { evaluationImages, explainerMethod, explainerScores } from "../src/faithfulness/evaluation_images.ts";
import type { DeviceRequest } from "../src/runtime/mod.ts";

const at = Deno.args.indexOf("--device");
const device = (at >= 0 ? Deno.args[at + 1] : "native") as DeviceRequest;
const withControls = !Deno.args.includes("--no-controls");
const [folder, count, ...heads] = Deno.args.filter((arg, i) =>
  arg !== "--no-controls" && (at < 0 || i < at || i > at + 1)
);
if (folder === undefined || count === undefined) {
  console.error("Usage: compare_heads.ts PHOTOS N HEAD.safetensors… [--device NAME] [--no-controls]");
  Deno.exit(2);
}

const { held } = holdOut(await listImages(folder), Number(count));
const start = await createExplainer({ device, head: await startingHeadFile("efficientnet_lite0") });
const explainers: Record<string, Explainer> = { start };
for (const path of heads) {
  const name = path.split("/").at(-1)!.replace(/\.safetensors$/, "");
  explainers[name] = await createExplainer({ device, head: await Deno.readFile(path) });
}
const methods: Record<string, MapMethod> = withControls ? { ...controls() } : {};
for (const [name, explainer] of Object.entries(explainers)) {
  methods[name] = explainerMethod(explainer);
}

const result = await evaluate({
  images: evaluationImages(held, start),
  total: held.length,
  methods,
  score: explainerScores(start),
  measures: ["ad", "ic", "road"],
  normalization: start.backbone.preprocessing,
  onProgress: ({ done, total, secondsLeft }) => {
    if (done % 20 === 0) console.error(`${done}/${total}, ${Math.round(secondsLeft ?? 0)} s left`);
  },
});

const keys = ["AD100", "AD50", "AD15", "IC100", "IC50", "IC15", "ROAD-MoRF", "ROAD-LeRF", "ROAD"];
console.log(`| ${result.images} photos | ${keys.join(" | ")} | map area |`);
console.log(`| --- | ${keys.map(() => "--- |").join(" ")} --- |`);
for (const [name, { measures, maskArea }] of Object.entries(result.methods)) {
  const shown = keys.map((key) => {
    const { value, low, high } = measures[key]!;
    const digits = key.startsWith("ROAD") ? 3 : 1;
    return `${value.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
  });
  console.log(`| ${name} | ${shown.join(" | ")} | ${maskArea.value.toFixed(2)} |`);
}
for (const name of Object.keys(explainers)) {
  if (name === "start") continue;
  const differences = compareMethods(result.records, name, "start");
  const words = keys.map((key) => {
    const { value, low, high, ahead } = differences[key]!;
    return `${key} ${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] ${
      ahead ? "ahead" : "not ahead"
    }`;
  });
  console.log(`\n${name} − start: ${words.join("; ")}`);
}
for (const explainer of Object.values(explainers)) await explainer.dispose();
Deno.exit();
