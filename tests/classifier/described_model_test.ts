import { assertEquals, assertThrows } from "@std/assert";
import { describeExplainer } from "../../src/classifier/descriptions/exported.ts";
import { inspectedModel } from "../../src/classifier/onnx/model.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";

const described = {
  format: "ptame-explainer",
  preprocessing: `{"resize":{"short_side":40,"filter":"bicubic, antialiased"},"centre_crop":32}`,
  labels: `["a","b"]`,
};

Deno.test("describeExplainer() gives what an exported explainer says of itself", () => {
  assertEquals(describeExplainer("net", { metadata: described }), {
    labels: ["a", "b"],
    preprocessing: { resize: 40, mean: [0], std: [1], resample: "bicubic" },
  });
  const newer = { ...described, scores: "logits", activation: "sigmoid" };
  const { output, activation } = describeExplainer("net", { metadata: newer })!;
  assertEquals([output, activation], ["logits", "sigmoid"]);
  const padded = `{"resize":{"short_side":32},"centre_crop":32,"fit":"letterbox","fill":7}`;
  assertEquals(
    describeExplainer("net", { metadata: { ...described, preprocessing: padded } })?.preprocessing,
    {
      ...{ resize: 32, mean: [0], std: [1], fit: "letterbox", fill: 7 },
    },
  );
});

Deno.test("describeExplainer() leaves other files to others and refuses damaged metadata", () => {
  assertEquals(describeExplainer("net", { metadata: { labels: "no JSON" } }), undefined);
  assertEquals(inspectedModel(smallClassifier()).notes, []);
  const damaged: [Record<string, string>, string][] = [
    [{ ...described, labels: "[1, 2]" }, "labels is not a list of names"],
    [{ ...described, labels: "" }, "labels is not JSON"],
    [{ ...described, preprocessing: "null" }, "do not describe the preprocessing"],
    [{ ...described, preprocessing: `{"resize":{"short_side":"40"}}` }, "do not describe the preprocessing"],
    [{ format: "ptame-explainer" }, "preprocessing is not JSON"],
  ];
  for (const [metadata, message] of damaged) {
    assertThrows(() => describeExplainer("net", { metadata }), SyntaxError, message);
  }
});
