import { assert, assertEquals, assertThrows } from "@std/assert";
import { heads } from "../../models/heads.ts";
import { networks } from "../../models/registry.ts";
import { shippedHeadUrl, shippedWeightsUrl } from "../../src/weights/shipped.ts";

Deno.test("shippedWeightsUrl() and shippedHeadUrl() lead to every shipped file", () => {
  const weights = networks.flatMap(({ weights }) => weights.shipped ?? []);
  assert(weights.length > 0 && heads.length > 0);
  for (const { file, bytes } of weights) assertEquals(Deno.statSync(shippedWeightsUrl(file)).size, bytes);
  for (const { file } of heads) assert(Deno.statSync(shippedHeadUrl(file)).isFile);
});

Deno.test("shippedWeightsUrl() names a file that has no address", () => {
  assertThrows(() => shippedWeightsUrl("new.safetensors"), TypeError, "new.safetensors");
});
