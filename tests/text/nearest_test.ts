import { assertEquals } from "@std/assert";
import { nearestName, suggestion } from "../../src/text/nearest.ts";

Deno.test("nearestName() finds the mistyped name and stays silent for a foreign one", () => {
  const names = ["resnet18", "resnet50", "vgg16", "vit_b_16", "efficientnet_lite0"];
  assertEquals(nearestName("resnet5", names), "resnet50");
  assertEquals(nearestName("VGG-16", names), "vgg16");
  assertEquals(nearestName("efficientnet", names), "efficientnet_lite0");
  assertEquals(nearestName("banana", names), undefined);
  assertEquals(suggestion("vit_b16", names), ": did you mean vit_b_16?");
  assertEquals(suggestion("banana", names), "");
  assertEquals(nearestName("-1", ["ox", "ant"]), undefined, "a short word is near to hardly any");
});
