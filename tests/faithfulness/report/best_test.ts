import { assertEquals } from "@std/assert";
import { bestMethods } from "../../../src/faithfulness/report/best.ts";
import { type ImageRecord, summarize } from "../../../src/faithfulness/summary.ts";

/** Records of one measure by method, image by image. */
function recordsWith(key: string, values: Readonly<Record<string, readonly number[]>>): ImageRecord[] {
  const count = Object.values(values)[0]!.length;
  return Array.from({ length: count }, (_, i) => ({
    image: String(i),
    settings: "",
    target: 0,
    probability: 1,
    methods: Object.fromEntries(
      Object.entries(values).map(([name, each]) => [name, {
        milliseconds: i === 0 ? 900 : 10 + i,
        maskArea: 0.5,
        values: { [key]: each[i]! },
      }]),
    ),
  }));
}

function best(key: string, values: Readonly<Record<string, readonly number[]>>): string[] {
  const records = recordsWith(key, values);
  return [...bestMethods(summarize(records, "ptame-2025"), records).get(key)!];
}

Deno.test("bestMethods() marks what is ahead beyond noise, ties together, and nothing where all are alike", () => {
  const low = Array.from({ length: 20 }, (_, i) => 10 + i % 3);
  const high = low.map((value) => value + 20);
  // Better on one image of two.
  const alike = low.map((value, i) => value + (i % 2 === 0 ? 0.4 : -0.3));
  assertEquals(best("AD50", { random: high, ptame: low }), ["ptame"]);
  assertEquals(best("IC50", { random: high, ptame: low }), ["random"]);
  assertEquals(best("AD50", { random: high, alike, ptame: low }), ["alike", "ptame"]);
  assertEquals(best("AD50", { alike, ptame: low }), []);
  // The method that is named first is not the best for that.
  const zero = low.map(() => 0);
  assertEquals(best("IC15", { random: zero, gradcam: zero, ptame: zero }), []);
  assertEquals(best("AD50", { ptame: low }), []);
});

Deno.test("summarize() takes the median time of a method without its first map", () => {
  const records = recordsWith("AD50", { ptame: [1, 2, 3, 4, 5, 6] });
  const { millisecondsPerImage } = summarize(records, "ptame-2025").methods["ptame"]!;
  assertEquals(millisecondsPerImage, { value: 13, low: 12, high: 14 });
  const single = summarize(records.slice(0, 1), "ptame-2025").methods["ptame"]!;
  assertEquals(single.millisecondsPerImage, { value: 900, low: 900, high: 900 });
});
