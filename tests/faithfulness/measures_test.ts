/** The table of measures: every value of every measure is described once, and a new measure needs one definition. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { askProbes } from "../../src/faithfulness/ask.ts";
import type { MeasureDefinition } from "../../src/faithfulness/measure.ts";
import {
  createProbes,
  curveAxis,
  describeValue,
  measureNamed,
  MEASURES,
  measureWithKey,
  presetForMeasure,
} from "../../src/faithfulness/measures.ts";
import { presetNamed, PRESETS } from "../../src/faithfulness/presets.ts";
import type { Reading } from "../../src/faithfulness/probe.ts";
import { createScoreQueue } from "../../src/faithfulness/scoring.ts";
import { map, NORMALIZATION, sample, score } from "./fixture.ts";

async function readingOf(names: readonly string[], preset: string): Promise<Reading> {
  const of = sample(1);
  const context = {
    normalization: NORMALIZATION,
    seed: 1,
    region: { boxes: [{ x: 0, y: 0, width: 4, height: 4 }] },
    explainAgain: () => Promise.resolve(map(2)),
    rival: { index: 1, margin: 0.5 },
  };
  const queue = createScoreQueue(score, 16);
  const probes = createProbes(of, names as never, presetNamed(preset), context);
  let reading: Reading | undefined;
  await askProbes(queue, probes, 0, (found) => reading = found, 1);
  await queue.flush();
  return reading!;
}

for (const { name: preset } of PRESETS) {
  Deno.test(`every value that ${preset} gives belongs to one measure, and every curve has an axis`, async () => {
    for (const { name } of MEASURES) {
      const { values, curves = {} } = await readingOf([name], preset);
      assert(Object.keys(values).length > 0, name);
      for (const [key, value] of Object.entries(values)) {
        assert(Number.isFinite(value), key);
        assertEquals(
          MEASURES.filter((measure) => measure.describe(key) !== undefined).map((each) => each.name),
          [
            name,
          ],
        );
        const { title, digits } = describeValue(key);
        assert(title.length > 0 && digits > 0);
      }
      for (const [key, curve] of Object.entries(curves)) {
        assertEquals(curveAxis(key, presetNamed(preset), curve.length).percents.length, curve.length, key);
      }
    }
  });
}

Deno.test("ad and ic share their pictures, and give their own values only", async () => {
  const of = sample(1);
  const context = { normalization: NORMALIZATION, seed: 0 };
  const preset = presetNamed("ptame-2025");
  assertEquals(createProbes(of, ["ad", "ic"], preset, context).length, 1);
  assertEquals(Object.keys((await readingOf(["ic"], "ptame-2025")).values), ["IC100", "IC50", "IC15"]);
  assertEquals(Object.keys((await readingOf(["ad", "ic"], "hard-masks")).values).sort(), [
    "AD15",
    "AD50",
    "IC15",
    "IC50",
  ]);
});

Deno.test("titles, directions and digits are those of reports", () => {
  const described = (key: string) => {
    const { title, meaning, better, digits } = describeValue(key);
    assert(/^[A-Z].* .*\.$/.test(meaning), meaning);
    return { title, better, digits };
  };
  assertEquals(described("AD50"), { title: "AD 50 %", better: "lower", digits: 1 });
  assertEquals(described("IC100"), { title: "IC 100 %", better: "higher", digits: 1 });
  assertEquals(described("ROAD-MoRF"), { title: "ROAD MoRF", better: "lower", digits: 3 });
  assertEquals(describeValue("insertion").title, "Insertion");
  assertThrows(() => measureWithKey("AD"), RangeError, 'Unknown value "AD"');
  assertThrows(() => measureWithKey("ROAD-X"), RangeError);
  assertThrows(
    () => measureNamed("nothing"),
    RangeError,
    'Unknown measure "nothing": there are ad, ic, ag, road',
  );
});

Deno.test("a preset that lacks a measure is stood in for by the measure's own", () => {
  const preset = presetNamed("gradcam-lib");
  assertEquals(presetForMeasure(preset, "ad").name, "gradcam-lib");
  assertEquals(presetForMeasure(preset, "insertion").name, "rise");
  assertEquals(presetForMeasure(presetNamed("torchcam"), "road").name, "road-icml22");
});

Deno.test("a measure may ask the method again while it makes its pictures", async () => {
  const asked: Float32Array[] = [];
  const stability: MeasureDefinition = {
    ...measureNamed("ad"),
    name: "stability",
    needs: ["explainAgain"],
    probe: ({ pixels }, _preset, { explainAgain }) => {
      let difference = 0;
      return {
        count: 1,
        async *images() {
          const { values } = await explainAgain!((crop) => crop.map((value) => value / 2));
          difference = values[0]!;
          yield pixels;
        },
        read: () => ({ values: { stability: difference } }),
      };
    },
    describe: (key) =>
      key === "stability"
        ? { title: "Stability", meaning: "Stability: a test.", better: "lower", digits: 3 }
        : undefined,
  };
  const of = sample(1);
  const probe = stability.probe(of, presetNamed("ptame-2025"), {
    seed: 0,
    explainAgain: (change) => {
      asked.push(change(of.pixels));
      return Promise.resolve({ width: 1, height: 1, values: Float32Array.of(0.25) });
    },
  }, ["stability"]);
  const queue = createScoreQueue(score, 4);
  let reading: Reading | undefined;
  await askProbes(queue, [probe], 0, (found) => reading = found);
  await queue.flush();
  assertEquals([asked.length, reading!.values], [1, { stability: 0.25 }]);
  assertEquals(asked[0]![5], of.pixels[5]! / 2);
});
