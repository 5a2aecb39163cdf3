/** Measures agree with published implementations: Quantus, Captum, scikit-learn, the authors' programs. */
import { assert, assertEquals } from "@std/assert";
import { MEASURES } from "../../src/faithfulness/measures.ts";
import { comparisons } from "./published.ts";

/** Measures without a published implementation that is right; known_answers_test.ts has their worked examples. */
export const WORKED: readonly string[] = [
  "sensitivity-n",
  "monotonicity",
  "irof",
  "contrast",
  "pointing",
];

/** Values in percent differ by more. */
const TOLERANCES: Readonly<Record<string, number>> = { ad: 1e-3, ag: 1e-3 };

for (const { measure, against, maps, largest } of (await comparisons()).values()) {
  Deno.test(`${measure} agrees with ${against} on ${maps} maps`, () => {
    assert(largest < (TOLERANCES[measure] ?? 1e-5), `${measure} differs by ${largest}`);
  });
}

Deno.test("every measure is compared with a published implementation, or has a worked example", async () => {
  const compared = [...(await comparisons()).keys(), ...WORKED].sort();
  assertEquals(compared, MEASURES.map(({ name }) => name).sort());
});
