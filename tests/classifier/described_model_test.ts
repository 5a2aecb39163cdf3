import { assert, assertEquals, assertThrows } from "@std/assert";
import { describedModel } from "../../src/classifier/described_model.ts";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";

const model = smallClassifier();
const summaryWith = (metadata: Record<string, string>) => ({ ...inspectOnnx(model.onnx), metadata });
const described = {
  format: "ptame-explainer",
  preprocessing: `{"resize":{"short_side":40},"centre_crop":32}`,
  labels: `["a","b"]`,
};

Deno.test("describedModel() takes what an exported explainer says of itself, and the caller's word before it", () => {
  const own = describedModel(model, summaryWith(described));
  assertEquals(own.preprocessing, { resize: 40, mean: [0], std: [1] });
  assertEquals(own.labels, ["a", "b"]);
  const asked = { ...model, labels: ["c", "d"], preprocessing: { resize: 50 } };
  const said = describedModel(asked, summaryWith(described));
  assertEquals([said.preprocessing?.resize, said.labels], [50, ["c", "d"]]);
});

Deno.test("describedModel() leaves other models as they are and refuses damaged metadata", () => {
  assert(describedModel(model, summaryWith({ labels: "no JSON" })) === model);
  const damaged: [Record<string, string>, string][] = [
    [{ ...described, labels: "[1, 2]" }, "labels is not a list of names"],
    [{ ...described, labels: "" }, "labels is not JSON"],
    [{ ...described, preprocessing: "null" }, "do not describe the preprocessing"],
    [{ ...described, preprocessing: `{"resize":{"short_side":"40"}}` }, "do not describe the preprocessing"],
    [{ format: "ptame-explainer" }, "preprocessing is not JSON"],
  ];
  for (const [metadata, message] of damaged) {
    assertThrows(() => describedModel(model, summaryWith(metadata)), SyntaxError, message);
  }
});
