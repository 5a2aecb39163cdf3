/**
 * Pictures per second over a folder: one process with all cores on a pool of workers, and with one worker that computes
 * on all of them.
 *
 * @module
 */
import { CLI, runModule } from "../programs.ts";
import { comparedWith, median, type Part } from "../measure.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const PICTURES = 48;

/** Copies of the sample, explained by `explain DIR`, start of the process included. */
export const folder: Part = async function* ({ rounds, folder: place, doing }) {
  doing(`a folder of ${PICTURES} pictures`);
  const photos = `${place}/photos`;
  await Deno.mkdir(photos);
  for (let i = 0; i < PICTURES; i++) await Deno.copyFile(SAMPLE, `${photos}/${i}.jpg`);
  const cores = navigator.hardwareConcurrency;
  const forms = {
    [`one worker, ${cores} threads`]: ["--workers", "1", "--threads", String(cores)],
    [`${cores} workers, one thread each`]: ["--workers", String(cores)],
  };
  const rates: Record<string, number[]> = {};
  for (let round = 0; round < Math.max(3, rounds >> 2); round++) {
    for (const [name, args] of Object.entries(forms)) {
      const out = `${place}/out-${round}-${args.length}`;
      const started = performance.now();
      await runModule(CLI, ["explain", photos, "--out", out, "--device", "wasm", "--quiet", ...args]);
      (rates[name] ??= []).push(PICTURES / (performance.now() - started) * 1000);
    }
  }
  const [base] = Object.keys(forms);
  for (const [name, all] of Object.entries(rates)) {
    yield {
      name: `folder: ${name}`,
      device: "wasm",
      model: "efficientnet_lite0",
      median: median(all),
      unit: "images/s",
      against: name === base ? "" : base!,
      ...comparedWith(all, rates[base!]!),
    };
  }
};
