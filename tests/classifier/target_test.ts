import { assertEquals, assertThrows } from "@std/assert";
import { AmbiguousClassError, resolveTarget } from "../../src/classifier/target.ts";
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";

const LABELS = [
  ...[
    "crane",
    "tabby, tabby cat",
    "crane",
    "Cardigan",
    "cardigan",
    "tiger cat",
    "7",
    "3",
    "2019",
    "oystercatcher",
  ],
  ...["caf\u00e9", "house mouse, mouse", "computer mouse, mouse", "index:1", "garden snail"],
];

Deno.test("resolveTarget() takes the exact label first, and prefixes at their word", () => {
  const cases: [number | string, number][] = [
    [4, 4],
    ["4", 4],
    ["index:4", 4],
    ["index:7", 7],
    ["tabby, tabby cat", 1],
    ["Tabby", 1],
    ["tabby cat", 1],
    ["label:tabby", 1],
    ["Cardigan", 3],
    ["cardigan", 4],
    ["label:Cardigan", 3],
    ["label:7", 6],
    ["label:3", 7],
    ["2019", 8],
    [" TIGER cat ", 5],
    ["cafe\u0301", 10],
    ["index:1", 13],
    ["label:index:1", 13],
  ];
  for (const [target, index] of cases) assertEquals([target, resolveTarget(target, LABELS)], [target, index]);
  // A dog and a garment.
  assertEquals(["Cardigan", "cardigan"].map((name) => resolveTarget(name, IMAGENET_1K)), [264, 474]);
});

Deno.test("resolveTarget() asks where a name means several classes", () => {
  const cases: [string, string][] = [
    ["crane", 'Class "crane" means several classes: choose index:0 (crane), index:2 (crane)'],
    ["label:crane", 'Class "crane" means several classes: choose index:0 (crane), index:2 (crane)'],
    ["CARDIGAN", "choose index:3 (Cardigan), index:4 (cardigan)"],
    ["7", "choose index:7 (3), index:6 (7)"],
    ["3", "choose index:3 (Cardigan), index:7 (3)"],
    ["mouse", "choose index:11 (house mouse, mouse), index:12 (computer mouse, mouse)"],
  ];
  for (const [target, message] of cases) {
    assertThrows(() => resolveTarget(target, LABELS), AmbiguousClassError, message);
  }
  const many = Array.from({ length: 9 }, () => "other");
  assertThrows(() => resolveTarget("other", many), AmbiguousClassError, "index:3 (other), or 5 more");
});

Deno.test("resolveTarget() suggests whole words first, and never a part of one", () => {
  const cases: [string, readonly string[], string][] = [
    ["cat", LABELS, 'Unknown class "cat": did you mean tiger cat, tabby, tabby cat?'],
    ["cat", IMAGENET_1K, "did you mean tiger cat, Persian cat, Siamese cat, Egyptian cat?"],
    ["snail garden", LABELS, "did you mean garden snail?"],
    ["cardigen", LABELS, "did you mean Cardigan?"],
    ["15", LABELS, "Unknown class 15: classes are numbered 0 to 14"],
    ["index:15", LABELS, "Unknown class 15: classes are numbered 0 to 14"],
    ["index:x", LABELS, "Unknown class x: classes are numbered 0 to 14"],
  ];
  for (const [target, labels, message] of cases) {
    assertThrows(() => resolveTarget(target, labels), RangeError, message);
  }
  const error = assertThrows(() => resolveTarget("catch", LABELS), RangeError);
  assertEquals(error.message, 'Unknown class "catch"');
  for (const bad of [-1, 1.5, NaN, 15]) assertThrows(() => resolveTarget(bad, LABELS), RangeError);
});
