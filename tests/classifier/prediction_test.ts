import { assertEquals } from "@std/assert";
import { topClasses } from "../../src/classifier/prediction.ts";

Deno.test("topClasses() lists the most probable first, of equals the first, and no more than there are", () => {
  const labels = ["a", "b", "c", "d", "e"];
  const top = (count: number, ...numbers: number[]) =>
    topClasses(Float32Array.from(numbers), labels, count).map(({ label }) => label).join("");
  assertEquals(top(1, 0, 0.25, 0.5, 0.25, 0), "c");
  assertEquals(top(3, 0, 0.25, 0.5, 0.25, 0), "cbd");
  assertEquals(top(5, 0, 0.25, 0.5, 0.25, 0), "cbdae");
  assertEquals(top(9, 0.1, 0.2, 0.3, 0.4, 0.5), "edcba");
  assertEquals(top(2, 0.2, 0.2, 0.2, 0.2, 0.2), "ab");
  assertEquals(topClasses(Float32Array.of(0.5, 0.75), labels, 1), [{
    index: 1,
    label: "b",
    probability: 0.75,
  }]);
});
