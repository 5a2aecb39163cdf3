import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { controls } from "../../src/baselines/controls.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import type { EvaluateOptions, EvaluationProgress } from "../../src/faithfulness/evaluate_options.ts";
import {
  compareMethods,
  evaluationJson,
  type ImageRecord,
  summarize,
} from "../../src/faithfulness/summary.ts";
import type { MapMethod } from "../../src/explanation/map_method.ts";
import type { ScoreBatch } from "../../src/faithfulness/types.ts";
import { ImageError } from "../../src/image/types.ts";
import { answers, map, NORMALIZATION, picture, score, SIDE } from "./fixture.ts";

const images = [0, 1, 2, 3].map((seed) => ({ name: `picture ${seed}`, pixels: picture(seed) }));

/** The map that measures.json was made with, known again by the picture's first value. */
const seeded: MapMethod = ({ pixels }) =>
  Promise.resolve(map([0, 1, 2, 3].find((seed) => picture(seed)[0] === pixels[0])!));

function options(more: Partial<EvaluateOptions> = {}): EvaluateOptions {
  return {
    images,
    methods: { seeded },
    score,
    measures: ["ad", "ic"],
    normalization: NORMALIZATION,
    resamples: 50,
    ...more,
  };
}

/** A clock's reading differs from run to run; all else must not. */
function timeless(records: readonly ImageRecord[]): unknown {
  return JSON.parse(JSON.stringify(records), (key, value) => key === "milliseconds" ? 0 : value);
}

Deno.test("evaluate() gives the means of the per-image answers of torch, AD and IC", async () => {
  const { methods, preset, images: count } = await evaluate(options());
  const cases = answers().measures;
  const { measures } = methods["seeded"]!;
  assertEquals([preset, count], ["ptame-2025", 4]);
  for (const percent of [100, 50, 15]) {
    const drops = cases.map(({ clean, target, masked }) =>
      100 * Math.max(0, clean[target]! - masked[percent]!.probability) / clean[target]!
    );
    const rises = cases.filter(({ clean, target, masked }) => masked[percent]!.probability > clean[target]!);
    const areas = cases.map(({ masked }) => masked[percent]!.area);
    const ad = measures[`AD${percent}`]!;
    assertAlmostEquals(ad.value, drops.reduce((a, b) => a + b) / 4, 1e-3);
    assertAlmostEquals(measures[`IC${percent}`]!.value, 25 * rises.length, 1e-9);
    assertAlmostEquals(ad.maskArea, areas.reduce((a, b) => a + b) / 4, 1e-6);
    assertEquals([ad.images, ad.preset, ad.better], [4, "ptame-2025", "lower"]);
    assert(ad.low <= ad.value && ad.value <= ad.high);
  }
});

Deno.test("evaluate() gives the same whatever the batch size, short last batches included", async () => {
  const sizes: number[] = [];
  const counting: ScoreBatch = (pictures) => {
    sizes.push(pictures.length);
    return score(pictures);
  };
  const measures = ["ad", "ic", "road", "insertion"] as const;
  const whole = await evaluate(options({ measures, batchSize: 1000 }));
  for (const batchSize of [1, 3, 7]) {
    sizes.length = 0;
    const batched = await evaluate(options({ measures, batchSize, score: counting }));
    assertEquals(timeless(batched.records), timeless(whole.records));
    assert(sizes.every((size) => size <= batchSize));
    // Pictures of all images fill batches together: only the groups of clean ones and the very last may be short.
    assert(sizes.filter((size) => size < batchSize).length <= Math.ceil(4 / batchSize) + 1);
  }
});

Deno.test("evaluate() weighs every image the same: three images in batches of two", async () => {
  const three = images.slice(0, 3);
  const together = await evaluate(options({ images: three, batchSize: 2 }));
  const alone = await Promise.all(three.map((image) => evaluate(options({ images: [image] }))));
  const value = (of: typeof together) => of.methods["seeded"]!.measures["AD50"]!.value;
  assertAlmostEquals(value(together), (value(alone[0]!) + value(alone[1]!) + value(alone[2]!)) / 3, 1e-9);
});

Deno.test("evaluate() resumes from its records: nothing twice, the same result", async () => {
  const methods = { seeded, random: controls(1).random };
  const whole = await evaluate(
    options({ methods, measures: ["ad", "road"], preset: "road-icml22", seed: 4 }),
  );
  let asked = 0;
  const half = JSON.parse(JSON.stringify(whole.records.slice(0, 2))) as ImageRecord[];
  const resumed = await evaluate(options({
    images: images.map(({ name, pixels }) => ({ name, pixels: () => (asked++, pixels) })),
    methods,
    measures: ["ad", "road"],
    preset: "road-icml22",
    seed: 4,
    records: half,
  }));
  assertEquals(asked, 2);
  assertEquals(timeless(resumed.records), timeless(whole.records));
  const measuresOf = (of: typeof whole) => of.methods["random"]!.measures;
  assertEquals(measuresOf(resumed), measuresOf(whole));
});

Deno.test("evaluate() measures only the new method where records have the others", async () => {
  const first = await evaluate(options());
  let maps = 0;
  const counted: MapMethod = (image, target) => (maps++, seeded(image, target));
  const both = await evaluate(
    options({ methods: { seeded: counted, gaussian: controls().gaussian }, records: first.records }),
  );
  assertEquals(maps, 0);
  assertEquals(both.methods["seeded"]!.measures, first.methods["seeded"]!.measures);
  assertEquals(both.methods["gaussian"]!.measures["AD50"]!.images, 4);
});

Deno.test("evaluate() refuses records of other settings, or of another classifier", async () => {
  const { records } = await evaluate(options({ model: "one" }));
  await assertRejects(() => evaluate(options({ records, model: "two" })), RangeError, "model:one");
  await assertRejects(() => evaluate(options({ records, model: "one", seed: 1 })), RangeError, "seed:1");
  await assertRejects(
    () => evaluate(options({ records, model: "one", preset: "torchcam" })),
    RangeError,
    "ad:torchcam",
  );
  const wrong = records.map((record) => ({ ...record, target: record.target + 1, methods: {} }));
  await assertRejects(
    () => evaluate(options({ records: wrong, model: "one" })),
    RangeError,
    "it is class",
  );
});

Deno.test("evaluate() refuses records whose maps were ranked otherwise, and says so in one line", async () => {
  const { records } = await evaluate(options());
  const { message } = await assertRejects(
    () => {
      const before = records.map((record) => ({
        ...record,
        settings: record.settings.replace(" ranking:2", ""),
      }));
      return evaluate(options({ records: before }));
    },
    RangeError,
    "was made with ranking 1, not 2: another version of ptame ranked the pixels of some maps differently; measure all",
  );
  assertEquals(message.split("\n").length, 1);
});

Deno.test("evaluate() takes measures that a preset lacks with their own preset, and says so", async () => {
  const region = { boxes: [{ x: 0, y: 0, width: SIDE, height: SIDE }] };
  const { methods } = await evaluate(options({
    images: images.map((image, i) => i === 0 ? image : { ...image, region }),
    preset: "gradcam-lib",
    measures: ["ad", "road", "insertion", "deletion", "pointing", "energy"],
  }));
  const { measures } = methods["seeded"]!;
  const presets = Object.fromEntries(Object.entries(measures).map(([key, { preset }]) => [key, preset]));
  assertEquals(presets, {
    AD100: "gradcam-lib",
    "ROAD-MoRF": "gradcam-lib",
    "ROAD-LeRF": "gradcam-lib",
    ROAD: "gradcam-lib",
    insertion: "rise",
    deletion: "rise",
    pointing: "rise",
    energy: "rise",
  });
  // The image without an object does not count for those that look for it.
  assertEquals([measures["pointing"]!.images, measures["energy"]!.images, measures["AD100"]!.images], [
    3,
    3,
    4,
  ]);
  assertEquals([measures["pointing"]!.value, measures["energy"]!.value], [1, 1]);
  assertEquals(measures["ROAD-MoRF"]!.curve!.percents, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
  assertEquals([measures["ROAD-MoRF"]!.curve!.means, measures["deletion"]!.curve!.means], [
    "kept",
    "removed",
  ]);
  // 256 pixels, 224 a step.
  assertEquals(measures["deletion"]!.curve!.percents, [0, 50, 100]);
});

Deno.test("evaluate() reports progress and records as images are done, from any async source", async () => {
  async function* source() {
    for (const image of images) {
      await Promise.resolve();
      yield image;
    }
  }
  const progress: EvaluationProgress[] = [];
  const names: string[] = [];
  await evaluate(options({
    images: source(),
    total: 4,
    batchSize: 2,
    onProgress: (each) => progress.push(each),
    onRecord: ({ image }) => void names.push(image),
  }));
  assertEquals(names, images.map((image) => image.name));
  assertEquals(progress.map(({ done, total }) => [done, total]), [[1, 4], [2, 4], [3, 4], [4, 4]]);
  assertEquals(progress.at(-1)!.secondsLeft, 0);
});

Deno.test("evaluate() stops when it is told to, and keeps what is done", async () => {
  const stop = new AbortController();
  const done: string[] = [];
  await assertRejects(
    () =>
      evaluate(options({
        batchSize: 1,
        signal: stop.signal,
        onRecord: ({ image }) => {
          done.push(image);
          if (done.length === 2) stop.abort();
        },
      })),
    DOMException,
  );
  assertEquals(done, ["picture 0", "picture 1"]);
});

Deno.test("evaluate() refuses what would be measured wrongly", async () => {
  const rejects = async (more: Partial<EvaluateOptions>, message: string) => {
    await assertRejects(() => evaluate(options(more)), RangeError, message);
  };
  const logits: ScoreBatch = (pictures) => Promise.resolve(pictures.map(() => Float32Array.of(3, -2, 7)));
  await rejects({ score: logits }, "the scores are not probabilities");
  await assertRejects(
    () => evaluate(options({ score: (pictures) => score(pictures.slice(1)) })),
    TypeError,
    "3 rows came back for 4 images",
  );
  const method = (values: number[]): Record<string, MapMethod> => ({
    odd: () => Promise.resolve({ width: 2, height: 1, values: Float32Array.from(values) }),
  });
  await rejects(
    { methods: method([-1, 3]) },
    "from -1 to 3, not within 0 to 1 (method odd, image picture 0)",
  );
  await rejects({ methods: method([0, NaN]) }, "not a number (method odd");
  await rejects({ images: [images[0]!, images[0]!] }, "two images are named picture 0");
  await rejects({ preset: "best" }, 'Unknown preset "best": there are ptame-2025, ');
  await rejects({ measures: ["fid" as "ad"] }, 'Unknown measure "fid"');
  await rejects({ methods: {} }, "no method");
  await rejects({ batchSize: 0 }, "batches of 0");
});

Deno.test("evaluate() skips images that cannot be read where someone listens, and takes the region that a picture tells", async () => {
  const broken = {
    name: "broken",
    pixels: () => Promise.reject(new ImageError("Cannot decode image broken")),
  };
  const boxed = {
    name: "boxed",
    pixels: () => ({ pixels: picture(3), region: { boxes: [{ x: 0, y: 0, width: SIDE, height: SIDE }] } }),
  };
  const said: string[] = [];
  const last: EvaluationProgress[] = [];
  const { records, skipped, methods, images: count } = await evaluate(options({
    images: [images[0]!, broken, boxed],
    measures: ["energy"],
    onSkipped: ({ image }) => said.push(image),
    onProgress: (each) => last.push(each),
  }));
  assertEquals(records.map(({ image }) => image), ["picture 0", "boxed"]);
  assertEquals(skipped, [{ image: "broken", reason: "Cannot decode image broken" }]);
  assertEquals([said, count, methods["seeded"]!.measures["energy"]!.images], [["broken"], 2, 1]);
  assertEquals([last.at(-1)!.done, last.at(-1)!.secondsLeft], [3, 0]);
  await assertRejects(
    () => evaluate(options({ images: [broken] })),
    ImageError,
    "Cannot decode image broken",
  );
});

Deno.test("evaluate() of no images is an empty evaluation", async () => {
  const nothing = await evaluate(options({ images: [] }));
  assertEquals([nothing.images, nothing.methods, nothing.records], [0, {}, []]);
});

Deno.test("evaluationJson() is flat, and survives JSON", async () => {
  const json = JSON.parse(JSON.stringify(evaluationJson(await evaluate(options()))));
  assertEquals(Object.keys(json), ["preset", "images", "methods"]);
  assertEquals(typeof json.methods.seeded.millisecondsPerImage, "number");
  const { value, low, high, preset, images, maskArea } = json.methods.seeded.AD50;
  assert([value, low, high, maskArea].every(Number.isFinite));
  assertEquals([preset, images], ["ptame-2025", 4]);
});

/** Records as evaluate() writes them, with one measure. */
function recordsWith(key: string, a: number[], b: number[]): ImageRecord[] {
  const of = (value: number) => ({ milliseconds: 1, maskArea: 0.5, values: { [key]: value } });
  return a.map((value, i) => ({
    image: `${i}`,
    settings: "",
    target: 0,
    probability: 1,
    methods: { a: of(value), b: of(b[i]!) },
  }));
}

Deno.test("compareMethods() names who is ahead beyond noise, by the measure's direction", () => {
  const spread = Array.from({ length: 40 }, (_, i) => 10 * (i % 7));
  const more = spread.map((value, i) => value + 1 + (i % 3));
  assertEquals(compareMethods(recordsWith("AD50", more, spread), "a", "b")["AD50"]!.ahead, "b");
  assertEquals(compareMethods(recordsWith("IC50", more, spread), "a", "b")["IC50"]!.ahead, "a");
  const noise = spread.map((value, i) => value + (i % 2 === 0 ? 3 : -3));
  const { ahead, value, images } = compareMethods(recordsWith("AD50", noise, spread), "a", "b")["AD50"]!;
  assertEquals([ahead, value, images], [undefined, 0, 40]);
});

Deno.test("summarize() of records alone is what evaluate() gave", async () => {
  const { records, skipped: _, ...evaluation } = await evaluate(options({ seed: 9 }));
  assertEquals(summarize(records, "ptame-2025", { seed: 9, resamples: 50 }), evaluation);
  assertStringIncludes(records[0]!.settings, "seed:9");
});

Deno.test("evaluate() leaves maps that show nothing out of all means, and counts them", async () => {
  const blank = { reason: "negative", note: "" } as const;
  let calls = 0;
  const sometimes: MapMethod = async (image, target) => {
    const mask = await seeded(image, target);
    return calls++ % 2 === 0 ? mask : { ...mask, values: new Float32Array(mask.values.length), blank };
  };
  const never: MapMethod = async (image, target) => ({ ...await seeded(image, target), blank });
  const result = await evaluate(options({ methods: { sometimes, seeded, never } }));
  const alone = await evaluate(options({ methods: { seeded }, images: [images[0]!, images[2]!] }));
  assertEquals(result.methods["sometimes"]!.measures["AD50"]!.images, 2);
  assertAlmostEquals(
    result.methods["sometimes"]!.measures["AD50"]!.value,
    alone.methods["seeded"]!.measures["AD50"]!.value,
    1e-12,
  );
  assertEquals(result.methods["sometimes"]!.blank, { negative: 2 });
  assertEquals(result.methods["seeded"]!.blank, undefined);
  assertEquals([result.methods["never"]!.blank, result.methods["never"]!.measures], [{ negative: 4 }, {}]);
  assertEquals(evaluationJson(result).methods["never"]!["blank"], { negative: 4 });
  // A record of a blank map is a record: a resumed run does not make it again.
  const again = await evaluate(options({ methods: { sometimes, seeded, never }, records: result.records }));
  assertEquals([calls, again.methods], [4, result.methods]);
});
