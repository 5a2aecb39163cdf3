/**
 * Joins the records of several evaluations of the same images into one table, with the differences to one method, pair
 * by pair: what a claim about a head is read from.
 *
 *     deno run -A bench/compare_records.ts --of NAME [--against A,B,…] [--rename ptame=NAME] [--json FILE] RECORDS.jsonl…
 *
 * RECORDS.jsonl is what `deno task evaluate --report DIR` leaves in DIR. `FILE.jsonl@LABEL` puts LABEL before that file's
 * measures (as `hard` before those of a preset with hard masks); `FILE.jsonl#NAME` calls its method "ptame" NAME.
 * Through the launcher where JSR does not answer: `deno run --no-config -A tools/launch.ts deno run -A bench/compare_records.ts …`
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { bootstrapDifference, bootstrapInterval, type ImageRecord } from "../src/faithfulness/mod.ts";
import { betterDirection } from "../src/faithfulness/measures.ts";

const RESAMPLES = 10_000;

const given = parseArgs(Deno.args, { string: ["of", "against", "json"] });
const files = given._.map(String);
if (files.length === 0 || given.of === undefined) {
  console.error(
    "Usage: compare_records.ts --of NAME [--against A,B] [--json FILE] RECORDS.jsonl[#NAME][@LABEL]…",
  );
  Deno.exit(2);
}

/** method → measure → image → value. */
const values = new Map<string, Map<string, Map<string, number>>>();
const images = new Set<string>();
for (const file of files) {
  const [, path, name, label] = /^(.*?)(?:#([^@]*))?(?:@(.*))?$/.exec(file)!;
  for (const line of Deno.readTextFileSync(path!).split("\n").filter((text) => text.trim() !== "")) {
    const record = JSON.parse(line) as ImageRecord;
    images.add(record.image);
    for (const [method, { values: found }] of Object.entries(record.methods)) {
      const shown = method === "ptame" ? name ?? method : method;
      for (const [key, value] of Object.entries(found)) {
        const measure = label === undefined ? key : `${label} ${key}`;
        const ofMethod = values.get(shown) ?? new Map<string, Map<string, number>>();
        values.set(shown, ofMethod);
        const ofMeasure = ofMethod.get(measure) ?? new Map<string, number>();
        ofMethod.set(measure, ofMeasure);
        ofMeasure.set(record.image, value);
      }
    }
  }
}

const measures = [...new Set([...values.values()].flatMap((ofMethod) => [...ofMethod.keys()]))];
const digitsOf = (measure: string) => (/ROAD|sertion|letion/.test(measure) ? 3 : 1);
const table = [...values].map(([method, ofMethod]) => ({
  method,
  measures: Object.fromEntries(
    [...ofMethod].map(([measure, ofImage]) => [
      measure,
      { ...bootstrapInterval([...ofImage.values()], { resamples: RESAMPLES }), images: ofImage.size },
    ]),
  ),
}));
console.log(`${images.size} images\n`);
console.log(`| | ${measures.join(" | ")} |`);
console.log(`| --- |${" --- |".repeat(measures.length)}`);
for (const { method, measures: found } of table) {
  const cells = measures.map((measure) => found[measure]?.value.toFixed(digitsOf(measure)) ?? "–");
  console.log(`| ${method} | ${cells.join(" | ")} |`);
}

const own = values.get(given.of);
if (own === undefined) {
  console.error(`No record has a method ${given.of}; there are ${[...values.keys()].join(", ")}`);
  Deno.exit(1);
}
const rivals = given.against?.split(",") ?? [...values.keys()].filter((method) => method !== given.of);
const differences = [];
for (const rival of rivals) {
  console.log(`\n${given.of} − ${rival}:`);
  for (const measure of measures) {
    const [a, b] = [own.get(measure), values.get(rival)?.get(measure)];
    const both = [...a?.keys() ?? []].filter((image) => b?.has(image));
    if (both.length === 0) continue;
    const { value, low, high } = bootstrapDifference(
      both.map((image) => a!.get(image)!),
      both.map((image) => b!.get(image)!),
      { resamples: RESAMPLES },
    );
    const wanted = betterDirection(measure.split(" ").at(-1)!) === "higher" ? 1 : -1;
    const verdict = low > 0 || high < 0 ? (value * wanted > 0 ? "ahead" : "behind") : "within noise";
    const digits = digitsOf(measure);
    console.log(
      `  ${measure.padEnd(12)} ${value.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}] ` +
        `on ${both.length}: ${verdict}`,
    );
    differences.push({
      of: given.of,
      against: rival,
      measure,
      value,
      low,
      high,
      images: both.length,
      verdict,
    });
  }
}
if (given.json !== undefined) {
  Deno.writeTextFileSync(
    given.json,
    JSON.stringify({ images: images.size, table, differences }, null, 2) + "\n",
  );
}
