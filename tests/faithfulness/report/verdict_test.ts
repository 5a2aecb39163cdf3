import { assertEquals } from "@std/assert";
import { verdictOver, verdictText } from "../../../src/faithfulness/report/verdict.ts";
import type { ImageRecord } from "../../../src/faithfulness/summary.ts";

const CONTROLS = ["random", "edges"];

/** Forty images, on which each method's values are those given, and vary alike. */
function records(values: Record<string, Record<string, number>>): ImageRecord[] {
  return Array.from({ length: 40 }, (_, i) => ({
    image: `${i}`,
    settings: "",
    target: 0,
    probability: 1,
    methods: Object.fromEntries(
      Object.entries(values).map(([name, of]) => [name, {
        milliseconds: 1,
        maskArea: 0.5,
        // Of the same size for all, but not of the same sign: a difference below 1 is within noise.
        values: Object.fromEntries(
          Object.entries(of).map((
            [key, value],
          ) => [key, value + (name === "edges" ? 1 : -1) * (i % 2 ? 3 : -3)]),
        ),
      }]),
    ),
  }));
}

Deno.test("verdictOver() counts as ahead what is ahead beyond noise, by the measure's direction", () => {
  const verdict = verdictOver(
    records({
      ptame: { AD50: 40, IC50: 30, AD15: 50 },
      random: { AD50: 90, IC50: 0, AD15: 90 },
      edges: { AD50: 60, IC50: 29.9, AD15: 30 },
    }),
    "ptame",
    CONTROLS,
  );
  assertEquals(verdict, {
    ahead: ["AD50"],
    notAhead: [{ key: "IC50", controls: ["edges"] }, { key: "AD15", controls: ["edges"] }],
  });
  assertEquals(
    verdictText(verdict, "ptame", "beyond noise"),
    "ptame is ahead of every control beyond noise in AD 50 %. It is not ahead of edges in IC 50 % and AD 15 %.",
  );
});

Deno.test("verdictText() shares clauses, and says when nothing is ahead", () => {
  const notAhead = [{ key: "AD50", controls: ["random"] }, { key: "ROAD", controls: ["edges"] }];
  assertEquals(
    verdictText({ ahead: [], notAhead }, "The map", ""),
    "The map is ahead of every control in no measure. It is not ahead of random in AD 50 %; not of edges in ROAD.",
  );
  assertEquals(
    verdictText({ ahead: ["AD50", "ROAD"], notAhead: [] }, "The map", ""),
    "The map is ahead of every control in AD 50 % and ROAD.",
  );
});
