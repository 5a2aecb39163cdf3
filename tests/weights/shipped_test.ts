import { assert, assertEquals, assertThrows } from "@std/assert";
import { heads } from "../../models/heads.ts";
import { networks } from "../../models/registry.ts";
import { hexDigest } from "../support/digest.ts";
import { shippedHeadUrl, shippedWeightsUrl } from "../../src/weights/shipped.ts";

Deno.test("shippedWeightsUrl() and shippedHeadUrl() lead to every shipped file", async () => {
  const weights = networks.flatMap(({ weights }) => weights.shipped ?? []);
  assert(weights.length > 0 && heads.length > 0);
  const files = [
    ...weights.map((each) => ({ ...each, url: shippedWeightsUrl(each.file) })),
    ...heads.map((each) => ({ ...each, url: shippedHeadUrl(each.file) })),
  ];
  for (const { url, bytes, sha256 } of files) {
    const content = Deno.readFileSync(url);
    assertEquals([content.length, await hexDigest(content)], [bytes, sha256]);
  }
});

Deno.test("shippedWeightsUrl() names a file that has no address", () => {
  assertThrows(() => shippedWeightsUrl("new.safetensors"), TypeError, "new.safetensors");
});
