import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { oneCycle } from "../../../src/ptame/training/schedule.ts";

const RUNS = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/ptame/schedule.json", import.meta.url)),
) as {
  total_steps: number;
  max_lr: number;
  points: { step: number; learning_rate: number; beta1: number }[];
}[];

Deno.test("oneCycle() gives PyTorch's learning rate and beta1 at ten points of long runs and all of short ones", () => {
  assert(RUNS.filter(({ total_steps, points }) => total_steps > 10 && points.length === 10).length === 2);
  for (const { total_steps, max_lr, points } of RUNS) {
    for (const { step, learning_rate, beta1 } of points) {
      const found = oneCycle(step, total_steps, max_lr);
      assertAlmostEquals(found.learningRate / learning_rate, 1, 1e-7);
      assertAlmostEquals(found.beta1 / beta1, 1, 1e-7);
    }
  }
});

Deno.test("oneCycle() refuses a step that the run does not have", () => {
  assertThrows(() => oneCycle(10, 10, 1e-4), RangeError, "Cannot schedule step 10: the run has steps 0 to 9");
  assertThrows(() => oneCycle(-1, 10, 1e-4), RangeError);
  assertThrows(() => oneCycle(0.5, 10, 1e-4), RangeError);
  assertThrows(() => oneCycle(0, 0, 1e-4), RangeError, "Cannot schedule 0 steps");
});
