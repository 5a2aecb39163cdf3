/** The seeded numbers against values that tests/fixtures/seeded_weights.py has printed. */
import { assertEquals } from "@std/assert";
import { seededImage, seededTensor } from "./seeded_weights.ts";

Deno.test("seededTensor() gives the numbers of seeded_weights.py", () => {
  assertEquals([...seededTensor("conv.weight", [2, 3], 7)], [
    -0.5289111733436584,
    1.2337359189987183,
    0.31054630875587463,
    -1.122317910194397,
    -0.9763689041137695,
    0.2605009377002716,
  ]);
  assertEquals([...seededTensor("bn.weight", [3], 7)], [
    0.9931971430778503,
    1.1541882753372192,
    0.8866828680038452,
  ]);
  assertEquals([...seededTensor("bn.running_var", [3], 7)], [
    1.2762542963027954,
    1.494771122932434,
    0.6144217252731323,
  ]);
  assertEquals([...seededTensor("fc.bias", [3], 7)], [
    0.09442601352930069,
    0.06455515325069427,
    -0.09398441761732101,
  ]);
});

Deno.test("seededImage() gives the numbers of seeded_weights.py", () => {
  const image = seededImage(7);
  assertEquals([0, 1, 223, 50000, 150527].map((i) => image[i]), [
    0.021505577489733696,
    0.1590805947780609,
    0.5955626964569092,
    0.1862747222185135,
    0.9672015309333801,
  ]);
});
