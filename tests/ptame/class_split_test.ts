import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  allowedTargets,
  CLASS_PARTS,
  type ClassPart,
  classPart,
  splitPosition,
  spreadOverClasses,
} from "../../src/ptame/class_split.ts";
import { hashText } from "../../src/random/hash.ts";

Deno.test("classPart() splits by the hash of the class's index, with bounds at 1 - share and 1 - share / 2", () => {
  const counts: Record<ClassPart, number> = { train: 0, choose: 0, score: 0 };
  for (let index = 0; index < 1000; index++) {
    const position = hashText("class " + index) / 2 ** 32;
    assertEquals(splitPosition(index), position);
    const part = classPart(index, 0.4);
    assertEquals(part, position < 0.6 ? "train" : position < 0.8 ? "choose" : "score");
    counts[part]++;
  }
  // The hash is not even over such short texts. What has been trained depends on it: it must stay as it is.
  assertEquals(counts, { train: 637, choose: 229, score: 134 });
  assertEquals(CLASS_PARTS, ["train", "choose", "score"]);
});

Deno.test("classPart() of a class does not move back into training when a larger share is held out", () => {
  for (let index = 0; index < 300; index++) {
    assertEquals(classPart(index, 0), "train");
    let held = false;
    for (const share of [0.1, 0.3, 0.4, 0.7, 0.9]) {
      const part = classPart(index, share);
      assert(!held || part !== "train");
      held ||= part !== "train";
    }
    // 1 - 0.9 is a little less than 0.1.
    assertEquals(classPart(index, 0.9) === "train", splitPosition(index) < 0.1);
  }
});

Deno.test("classPart() refuses a share that is none", () => {
  for (const share of [-0.1, 0.91, 1, NaN, Infinity]) {
    assertThrows(
      () => classPart(1, share),
      RangeError,
      `a share of ${share} of the classes: it must be from 0 to 0.9`,
    );
  }
});

Deno.test("allowedTargets() says 1 for classes of part train and 0 for all others", () => {
  const allowed = allowedTargets(1000, 0.4);
  assertEquals(allowed.length, 1000);
  allowed.forEach((value, index) => assertEquals(value, classPart(index, 0.4) === "train" ? 1 : 0));
  assert(allowedTargets(50, 0).every((value) => value === 1));
});

Deno.test("spreadOverClasses() takes each class's first before any second, whatever the order of the list", () => {
  const pictures = Array.from(
    { length: 60 },
    (_, i) => ({ name: `/a/kind/${i}.jpg`, class: i % 7 === 0 ? 3 : i % 5 }),
  );
  const spread = spreadOverClasses(pictures);
  assertEquals(spread.length, 60);
  assertEquals(new Set(spread.slice(0, 5).map((picture) => picture.class)).size, 5);
  for (let i = 1; i < spread.length; i++) assert(spread[i]!.rank >= spread[i - 1]!.rank);
  assertEquals(spreadOverClasses(pictures.toReversed()), spread);
  // The folder may have moved as a whole.
  const moved = spreadOverClasses(pictures.map((each) => ({ ...each, name: `/elsewhere${each.name}` })));
  assertEquals(moved.map(({ name }) => name.slice("/elsewhere".length)), spread.map(({ name }) => name));
});
