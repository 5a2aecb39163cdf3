import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { checkTruth } from "../../bench/truth/check.ts";
import { openParts, PARTS_HEAD, partsModel } from "../../bench/truth/classifier.ts";
import { findRegions, scoreMap } from "../../bench/truth/measures.ts";
import { CLASSES, drawScene, SHOWN, SIDE } from "../../bench/truth/scenes.ts";
import { type Results, sumUp } from "../../bench/truth/sums.ts";
import { shortTableText, tableText } from "../../bench/truth/table.ts";
import { baselineNamed } from "../../src/baselines/methods.ts";
import { createMapMethod } from "../../src/baselines/types.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { upsampleMap } from "../../src/image/upsample.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const AREA = SIDE * SIDE;
const changed = (a: Float32Array, b: Float32Array) =>
  Array.from({ length: AREA }, (_, i) => [0, 1, 2].some((c) => a[c * AREA + i] !== b[c * AREA + i]));

Deno.test("drawScene() draws the same scene again, and parts and surroundings apart from each other", () => {
  const scene = drawScene(7, 3);
  assertEquals(drawScene(7, 3).pixels, scene.pixels);
  const counted = (kind: number) => scene.shown.filter((each) => each === kind).length;
  for (const kind of Object.values(SHOWN)) assert(counted(kind) > 0, `nothing shows ${kind}`);

  const hatless = drawScene(7, 3, { without: "hat" });
  assertEquals(hatless.label, scene.label);
  // Only the hat differs; pixels at its edge show something else in their middle.
  const { parts } = findRegions(scene.shown.map((kind) => kind === SHOWN.hat ? kind : 0));
  const moved = changed(scene.pixels, hatless.pixels);
  assertEquals(moved.filter((differs, i) => differs && parts[i] === 0).length, 0);
  assert(moved.filter(Boolean).length >= 0.9 * counted(SHOWN.hat));

  const elsewhere = drawScene(7, 3, { surroundings: 99 });
  const kept = [SHOWN.hat, SHOWN.mark, SHOWN.body] as number[];
  assertEquals(
    elsewhere.shown.filter((kind, i) => kept.includes(kind) !== kept.includes(scene.shown[i]!)).length,
    0,
  );
  assert(changed(scene.pixels, elsewhere.pixels).filter(Boolean).length > AREA / 2);
  const labels = new Set(Array.from({ length: 24 }, (_, index) => drawScene(7, index).label));
  assertEquals(labels.size, CLASSES.length);
});

Deno.test("scoreMap() has the shares of a map worked out by hand", () => {
  const shown = new Uint8Array(AREA);
  // A mark of one pixel: with its margin, 25 pixels. A figure of four, of which one lies in the margin.
  shown[10 * SIDE + 10] = SHOWN.mark;
  for (const x of [12, 13, 14, 15]) shown[10 * SIDE + x] = SHOWN.figure;
  const regions = findRegions(shown);
  const count = (list: Uint8Array) => list.reduce((sum, one) => sum + one, 0);
  assertEquals([count(regions.parts), count(regions.distractors)], [25, 3]);
  const values = new Float32Array(AREA);
  values[10 * SIDE + 10] = 3;
  values[10 * SIDE + 13] = 2;
  values[0] = 5;
  // One of three values above zero is on the mark; 22 places are shared by all other pixels, 24 of them around the mark.
  const { mass, rank, distractor } = scoreMap(values, regions);
  assertEquals([mass, distractor], [0.3, 0.2]);
  assertAlmostEquals(rank, (1 + 22 * 24 / (AREA - 3)) / 25, 1e-12);
  const perfect = scoreMap(Float32Array.from(regions.parts), regions);
  assertEquals([perfect.mass, perfect.rank, perfect.distractor], [1, 1, 0]);
  const nothing = scoreMap(new Float32Array(AREA), regions);
  assertEquals([nothing.mass, nothing.distractor], [0, 0]);
  assertAlmostEquals(nothing.rank, 25 / AREA, 1e-12);
});

Deno.test("sumUp() orders methods by mass, with paired differences to the best", () => {
  const record = (scene: number, method: string, mass: number) => ({
    scene,
    method,
    mass,
    rank: 0.5,
    distractor: 0.1,
  });
  const records = [
    record(4, "rise", 0.2),
    record(4, "gradcam", 0.4),
    record(9, "gradcam", 0.6),
    record(9, "rise", 0.4),
  ];
  const { scenes, rows } = sumUp(records, ["rise", "gradcam"]);
  assertEquals([scenes, rows.map(({ method }) => method)], [2, ["gradcam", "rise"]]);
  assertAlmostEquals(rows[0]!.mass.value, 0.5, 1e-12);
  // Scene by scene the difference is the same, so its interval has no width.
  for (const end of ["value", "low", "high"] as const) {
    assertAlmostEquals(rows[1]!.massBehind[end], -0.2, 1e-12);
  }
  assertThrows(() => sumUp(records.slice(1), ["rise", "gradcam"]), RangeError, "scene 4 lacks rise");
});

Deno.test("the classifier of the scenes reads the parts alone, and maps show it", async () => {
  await using classifier = await openParts("wasm");
  const check = await checkTruth(classifier, 2, 12);
  assert(check.right >= 0.9 && check.sameElsewhere >= 0.9, JSON.stringify(check));
  assert(check.withoutHat < 0.6 && check.withoutMark < 0.75, JSON.stringify(check));
  const model = partsModel();
  const head = Deno.readFileSync(PARTS_HEAD);
  await using explainer = await createExplainer({
    model,
    auxiliary: model,
    head,
    device: "wasm",
  });
  const share = async (name: string, index: number) => {
    const { pixels, shown, label } = drawScene(2, index);
    const own = async () => {
      const method = baselineNamed(name);
      return await createMapMethod(method, await method.create(classifier))({ pixels }, label);
    };
    const { width, height, values } = name === "ptame"
      ? await explainer.mask({ pixels }, label)
      : await own();
    return scoreMap(upsampleMap(values, width, height, SIDE, SIDE), findRegions(shown)).mass;
  };
  for (const index of [0, 1]) {
    const chance = await share("random", index);
    for (const name of ["ptame", "gradcam", "lrp-gamma"]) {
      assert(await share(name, index) > 1.5 * chance, name);
    }
  }
});

Deno.test("docs/truth.md and the README have the tables of the results", () => {
  const read = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
  const results: Results = JSON.parse(read("bench/results/truth.json"));
  // Without the layout: the formatter breaks lines.
  const bare = (text: string) => text.replace(/[\s-]+/g, " ");
  assert(
    bare(read("docs/truth.md")).includes(bare(tableText(results))),
    "deno task truth prints another table",
  );
  assert(bare(read("README.md")).includes(bare(shortTableText(results))), "the README has another table");
});
