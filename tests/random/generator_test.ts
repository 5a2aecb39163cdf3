import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createGenerator, createStream, restoreGenerator } from "../../src/random/generator.ts";

Deno.test("createGenerator() gives the same numbers for the same seed, and others for another", () => {
  const draw = (seed: number) => {
    const generator = createGenerator(seed);
    return Array.from({ length: 8 }, () => generator.uniform());
  };
  assertEquals(draw(1), draw(1));
  assert(draw(1).every((value, i) => value !== draw(2)[i]));
  assert(draw(2 ** 40).every((value, i) => value !== draw(0)[i]), "the seed's high bits count");
});

Deno.test("createGenerator() and createStream() give the numbers that every release has given", () => {
  const [generator, stream] = [createGenerator(7), createStream(2 ** 40 + 3, 0xfffffff0)];
  assertEquals([generator.uniform(), generator.below(1000), generator.normal()], [
    0.42793696909211576,
    488,
    -0.8513659430240501,
  ]);
  assertEquals([stream.uniform(), stream.below(2 ** 32), stream.normal()], [
    0.14237724454142153,
    4209370990,
    -0.46720056288701245,
  ]);
});

Deno.test("restoreGenerator() goes on where the state was taken", () => {
  const generator = createGenerator(3);
  for (let i = 0; i < 5; i++) generator.uniform();
  const other = restoreGenerator(generator.state());
  assertEquals(
    Array.from({ length: 20 }, () => other.below(1000)),
    Array.from({ length: 20 }, () => generator.below(1000)),
  );
});

Deno.test("Generator.uniform() and normal() have the moments of their distributions", () => {
  const generator = createGenerator(4);
  const count = 20000;
  let [uniform, normal, square] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    uniform += generator.uniform();
    const value = generator.normal();
    normal += value;
    square += value * value;
  }
  // Five standard errors.
  assertAlmostEquals(uniform / count, 0.5, 5 * 0.2887 / Math.sqrt(count));
  assertAlmostEquals(normal / count, 0, 5 / Math.sqrt(count));
  assertAlmostEquals(square / count, 1, 5 * Math.SQRT2 / Math.sqrt(count));
});
