import { assertEquals } from "@std/assert";
import { probabilitiesOfPlain } from "../../../src/classifier/prediction.ts";
import { scoresBehind } from "../../../src/ptame/fit/plain_scores.ts";

Deno.test("scoresBehind() gives scores that lead back to the probabilities", () => {
  const near = (found: Float32Array, expected: ArrayLike<number>) =>
    assertEquals(Array.from(found, (value, i) => Math.abs(value - expected[i]!) < 1e-5), [true, true, true]);
  const softmax = probabilitiesOfPlain(Float32Array.of(1, 3, -2), { activation: "softmax" });
  near(scoresBehind(softmax, { activation: "softmax" }), [1 / 3, 7 / 3, -8 / 3]);
  // Plain scores of a network without an activation.
  near(scoresBehind(softmax, { activation: "none" }), [1 / 3, 7 / 3, -8 / 3]);
  const sigmoid = Float32Array.of(1, 3, -2).map((score) => 1 / (1 + Math.exp(-score)));
  near(scoresBehind(sigmoid, { activation: "sigmoid" }), [1, 3, -2]);
  near(scoresBehind(sigmoid, { activation: "none", asked: "sigmoid" }), [1, 3, -2]);
  near(scoresBehind(Float32Array.of(20, -3, 1), { activation: "none", asked: "none" }), [20, -3, 1]);
});
