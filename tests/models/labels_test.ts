/** The class names: as many as classes, each once, at the positions that the world agrees on. */
import { assertEquals } from "@std/assert";
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";

Deno.test("IMAGENET_1K names 1000 classes, each once and without stray blanks", () => {
  assertEquals(IMAGENET_1K.length, 1000);
  assertEquals(new Set(IMAGENET_1K).size, 1000);
  assertEquals(IMAGENET_1K.filter((name) => name === "" || name !== name.trim() || name.includes("\n")), []);
});

Deno.test("IMAGENET_1K has the names in the order of torchvision", () => {
  const known: Record<number, string> = {
    0: "tench",
    130: "flamingo",
    251: "dalmatian",
    281: "tabby",
    500: "cliff dwelling",
    963: "pizza",
    999: "toilet tissue",
  };
  for (const [index, name] of Object.entries(known)) assertEquals(IMAGENET_1K[Number(index)], name);
});
