/**
 * A report's data over the small classifier's pictures: every measure, the three controls and a method, in a second.
 *
 * @module
 */
import { controls } from "../../../src/baselines/controls.ts";
import { evaluate } from "../../../src/faithfulness/evaluate.ts";
import type { GalleryRow, ReportData } from "../../../src/faithfulness/report/types.ts";
import { summarize } from "../../../src/faithfulness/summary.ts";
import { MEASURE_NAMES } from "../../../src/faithfulness/measures.ts";
import { map, NORMALIZATION, picture, score, SIDE } from "../fixture.ts";

/** Names of the methods: one has markup in it. */
export const METHODS = ["<b>seeded</b>", "random", "gaussian", "edges"] as const;

/** Data whose texts would break a page that does not escape them; every measure has a chart, which takes time. */
export async function reportData(measures = MEASURE_NAMES): Promise<ReportData> {
  const { random, gaussian, edges } = controls();
  const region = { boxes: [{ x: 2, y: 2, width: 8, height: 8 }] };
  const methods = { [METHODS[0]]: () => Promise.resolve(map(1)), random, gaussian, edges };
  const measured = await evaluate({
    images: [0, 1, 2].map((seed) => ({ name: `picture ${seed}`, pixels: picture(seed), region })),
    methods,
    score,
    measures,
    normalization: NORMALIZATION,
    resamples: 50,
  });
  // A clock's reading differs from run to run.
  const records = measured.records.map((record, i) => ({
    ...record,
    methods: Object.fromEntries(
      Object.entries(record.methods).map(([name, map], j) => [name, { ...map, milliseconds: 10 ** j + i }]),
    ),
  }));
  const evaluation = summarize(records, measured.preset, { resamples: 50 });
  const photo = { width: SIDE, height: SIDE, data: new Uint8Array(3 * SIDE * SIDE).fill(90) };
  const maps = Object.fromEntries(METHODS.map((name) => [name, map(2)]));
  const row: GalleryRow = { name: 'a"/><i>.jpg', label: "tabby & tiger", probability: 0.931, photo, maps };
  return {
    title: "Maps of <script>alert(1)</script>",
    command: "deno task evaluate --images 'my photos' --limit 3",
    settings: [["Seed", "0"], ["Images", "</dl><img src=http://example.org/x.png>"]],
    evaluation,
    records,
    controls: ["random", "gaussian", "edges"],
    gallery: [row],
    skipped: [{ image: "z.jpg", reason: "Cannot decode image z.jpg" }],
  };
}
