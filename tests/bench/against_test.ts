import { assertEquals, assertThrows } from "@std/assert";
import { parseRecorded, regressions } from "../../bench/against.ts";
import { comparedWith, type Row } from "../../bench/measure.ts";

function row(ratio: number, more: Partial<Row> = {}): Row {
  const about = {
    name: "overlay: draw",
    device: "cpu",
    model: "500 x 375",
    unit: "ms",
    against: "preprocess",
  };
  return { ...about, median: 1, ratio, spread: 0, ...more } as Row;
}

Deno.test("regressions() finds ratios that are worse beyond the noise of both runs", () => {
  assertEquals(regressions([row(1.05)], [row(1)]), []);
  assertEquals(regressions([row(0.4)], [row(1)]), []);
  const [found] = regressions([row(1.5)], [row(1)]);
  assertEquals([found!.times, found!.allowed], [1.5, 1.1]);
  // A run that varies so much shows no difference.
  assertEquals(regressions([row(1.5, { spread: 0.3 })], [row(1, { spread: 0.3 })]), []);
  const rate = { unit: "images/s" } as const;
  assertEquals(regressions([row(2, rate)], [row(1, rate)]), []);
  assertEquals(regressions([row(1, rate)], [row(2, rate)]).map(({ times }) => times), [2]);
});

Deno.test("regressions() leaves out what only one run has, and what others are compared with", () => {
  assertEquals(regressions([row(9, { device: "wasm" })], [row(1)]), []);
  assertEquals(regressions([row(9, { against: "" })], [row(1, { against: "" })]), []);
});

Deno.test("comparedWith() gives the median of the ratios and the width of their middle half", () => {
  assertEquals(comparedWith([2, 4, 6, 8], [2, 2, 2, 2]), { ratio: 2.5, spread: 0.4 });
  assertEquals(comparedWith([3], [2]), { ratio: 1.5, spread: 0 });
});

Deno.test("parseRecorded() refuses another file by name", () => {
  assertEquals(parseRecorded(JSON.stringify([row(2)]), "a.json"), [row(2)]);
  assertThrows(() => parseRecorded('[{"mean": 1}]', "a.json"), SyntaxError, "a.json");
});
