/** Which class a picture is masked for: likeliest first, never one that is held out, the same in every run of a seed. */
import { assert, assertEquals } from "@std/assert";
import { chooseTargets } from "../../../src/ptame/training/targets.ts";
import { float32Tensor } from "../../../src/runtime/mod.ts";

const LOGITS = float32Tensor(
  Float32Array.of(0, 3, 2.9, 2.5, -5, 1, /* */ 9, 0, 0, 0, 0, 1),
  [2, 6],
);

Deno.test("chooseTargets() takes the top class of each picture, or the best that is allowed", () => {
  assertEquals(chooseTargets(LOGITS, {}, 0), [1, 0]);
  assertEquals(chooseTargets(LOGITS, { allowed: Uint8Array.of(0, 0, 1, 1, 1, 1) }, 0), [2, 5]);
});

Deno.test("chooseTargets() draws other likely classes as often as asked, none unlikely, none held out", () => {
  const allowed = Uint8Array.of(1, 0, 1, 1, 1, 1);
  const counts = new Map<number, number>();
  const steps = 2000;
  for (let step = 0; step < steps; step++) {
    const [first, second] = chooseTargets(LOGITS, { allowed, others: 0.5, seed: 3 }, step);
    counts.set(first!, (counts.get(first!) ?? 0) + 1);
    // Of the second picture nothing but class 0 is likely.
    assertEquals(second, 0);
  }
  assertEquals([...counts.keys()].sort(), [2, 3, 5]);
  // Half of the time the first; the other half each of the three that are likely enough, the first among them.
  assert(Math.abs(counts.get(2)! / steps - (1 / 2 + 1 / 6)) < 0.04);
  assert(Math.abs(counts.get(3)! / steps - 1 / 6) < 0.03);
});

Deno.test("chooseTargets() draws by seed and place alone", () => {
  const run = (seed: number) =>
    Array.from({ length: 40 }, (_, step) => chooseTargets(LOGITS, { others: 1, seed }, step)[0]);
  assertEquals(run(1), run(1));
  assert(run(1).join() !== run(2).join());
});
