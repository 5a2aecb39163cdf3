import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { controls, edgeMagnitude, randomMap } from "../../src/baselines/controls.ts";
import { seededImage } from "../support/seeded_weights.ts";

const picture = seededImage(1);

Deno.test("controls() give maps of 56 x 56 from 0 to 1", async () => {
  for (const [name, method] of Object.entries(controls(3))) {
    const { width, height, values } = await method({ pixels: picture }, 0);
    assertEquals([width, height, values.length], [56, 56, 3136], name);
    assert(values.every((value) => value >= 0 && value <= 1), name);
  }
});

Deno.test("randomMap() depends on picture and seed only", async () => {
  const [first, again] = [
    await randomMap(1)({ pixels: picture }, 0),
    await randomMap(1)({ pixels: picture.slice() }, 7),
  ];
  assertEquals(first, again);
  const differs = (values: Float32Array) => values.some((value, i) => value !== first.values[i]);
  assert(differs((await randomMap(2)({ pixels: picture }, 0)).values));
  assert(differs((await randomMap(1)({ pixels: seededImage(2) }, 0)).values));
  const mean = first.values.reduce((sum, value) => sum + value, 0) / 3136;
  assertAlmostEquals(mean, 0.5, 0.03);
});

Deno.test("centredGaussian() falls from the middle in all directions alike", async () => {
  const { values } = await controls().gaussian({ pixels: picture }, 0);
  const at = (x: number, y: number) => values[y * 56 + x]!;
  assertEquals([at(27, 27), at(0, 0)], [1, 0]);
  assertEquals([at(28, 28), at(55, 55)], [1, 0]);
  assertAlmostEquals(at(10, 20), at(20, 10), 1e-6);
  assertAlmostEquals(at(10, 20), at(45, 35), 1e-6);
  for (let x = 28; x < 55; x++) assert(at(x, 28) > at(x + 1, 28));
});

Deno.test("edgeMagnitude() is high at an edge, zero where nothing changes", async () => {
  const half = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => i % 224 < 112 ? 0.2 : 0.9);
  const { values } = await edgeMagnitude()({ pixels: half }, 0);
  assertEquals([values[28 * 56 + 10], values[28 * 56 + 27], values[28 * 56 + 28]], [0, 1, 1]);
  const flat = await edgeMagnitude()({ pixels: new Float32Array(3 * 64).fill(0.5) }, 0);
  assert(flat.values.every((value) => value === 0));
});
