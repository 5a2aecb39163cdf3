/**
 * Explains the shipped sample once and prints, as JSON, the peak of this process's resident memory; see parts/memory.ts.
 *
 *     deno run -A bench/explain_once.ts --model vgg16 --weights vgg16.safetensors --auxiliary resnet18 …
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createExplainer } from "../src/ptame/explainer.ts";
import type { DeviceRequest } from "../src/runtime/mod.ts";
import { fileSource } from "../src/weights/storage/file_source.ts";
import { readWeightFile } from "../src/weights/weight_file.ts";
import { peakMegabytes } from "./serving/resident.ts";

const { model, auxiliary, device, weights, "auxiliary-weights": second } = parseArgs(Deno.args, {
  string: ["model", "auxiliary", "device", "weights", "auxiliary-weights"],
});

const started = performance.now();
const explainer = await createExplainer({
  model: model!,
  auxiliary: auxiliary!,
  device: device as DeviceRequest,
  ...(weights === undefined ? {} : { weights: readWeightFile(weights, fileSource(weights)) }),
  ...(second === undefined ? {} : { auxiliaryWeights: readWeightFile(second, fileSource(second)) }),
});
await explainer.explain(new URL("../models/sample/chelsea.jpg", import.meta.url));
const milliseconds = performance.now() - started;
await explainer.dispose();
console.log(JSON.stringify({ peak: await peakMegabytes(Deno.pid), milliseconds }));
Deno.exit(0);
