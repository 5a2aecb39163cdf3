import { assertEquals } from "@std/assert";
import { evaluationCsv } from "../../../src/faithfulness/report/csv.ts";
import {
  keyTitle,
  shownInterval,
  shownMilliseconds,
  shownValue,
} from "../../../src/faithfulness/report/labels.ts";
import { summarize } from "../../../src/faithfulness/summary.ts";

Deno.test("evaluationCsv() quotes what needs it and leaves out what was not measured", () => {
  const of = (values: Record<string, number>) => ({ milliseconds: 4, maskArea: 0.5, values });
  const record = { image: "a", settings: "", target: 0, probability: 1 };
  const evaluation = summarize(
    [{ ...record, methods: { 'a "b", c': of({ ROAD: 0.5, AD50: 10 }), plain: of({ ROAD: 0.25 }) } }],
    "ptame-2025",
    { resamples: 2 },
  );
  assertEquals(evaluationCsv(evaluation).split("\r\n"), [
    "method,measure,value,low,high,better,images,preset,maskArea,millisecondsPerImage",
    '"a ""b"", c",AD50,10,10,10,lower,1,ptame-2025,0.5,4',
    '"a ""b"", c",ROAD,0.5,0.5,0.5,higher,1,ptame-2025,0.5,4',
    "plain,ROAD,0.25,0.25,0.25,higher,1,ptame-2025,0.5,4",
    "",
  ]);
});

Deno.test("labels are what people read", () => {
  assertEquals(["AD100", "IC15", "ROAD-MoRF", "ROAD", "insertion"].map(keyTitle), [
    "AD 100 %",
    "IC 15 %",
    "ROAD MoRF",
    "ROAD",
    "Insertion",
  ]);
  assertEquals([shownValue("AD50", 12.34), shownValue("ROAD", -0.0004), shownValue("ROAD", -0.0006)], [
    "12.3",
    "0.000",
    "-0.001",
  ]);
  assertEquals(shownInterval("AD50", { value: 1, low: 0, high: 2 }), "1.0 (0.0–2.0)");
  assertEquals([0.123, 1.26, 81.4, 2345].map(shownMilliseconds), ["0.12 ms", "1.3 ms", "81 ms", "2.3 s"]);
});
