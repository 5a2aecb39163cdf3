import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { likenessOf } from "../../src/faithfulness/sanity.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { randomizedHead } from "../../src/ptame/randomized_head.ts";
import { float32Of } from "../../src/weights/tensor_table.ts";
import { warmUpWasm } from "../support/devices.ts";

await warmUpWasm();

const PHOTO = new URL("../fixtures/image/photo_0.jpg", import.meta.url);

Deno.test("the shipped head's maps are not those of a randomised head; the file keeps sizes and normalisations", async () => {
  await using trained = await createExplainer({ device: "wasm" });
  const bytes = await randomizedHead(trained.head, { seed: 2 });
  const head = await readHead(bytes, "");
  assertEquals([head.record.trained, head.record.backbone], [false, "efficientnet_lite0"]);
  const tensor = (of: typeof head, name: string) =>
    float32Of(of.file.content, of.file.table.tensors.get(name)!);
  assertEquals(tensor(head, "bns.1.weight"), tensor(trained.head, "bns.1.weight"));
  const size = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const [before, after] = [tensor(trained.head, "fuser.weight"), tensor(head, "fuser.weight")];
  assertAlmostEquals(size(after) / size(before), 1, 1e-2);

  await using random = await createExplainer({ device: "wasm", head: bytes });
  const { pixels } = preprocess(await decodeImage(PHOTO), trained.backbone.preprocessing);
  const probabilities = await trained.classify(pixels);
  const target = probabilities.indexOf(Math.max(...probabilities));
  const likeness = likenessOf(await trained.maskOf(pixels, target), await random.maskOf(pixels, target), 56);
  console.log(`the shipped head against a randomised one: ${JSON.stringify(likeness)}`);
  assert(likeness.spearman < 0.6 && likeness.ssim < 0.6);

  const fuserOnly = await readHead(await randomizedHead(trained.head, { part: "fuser" }), "");
  assertEquals(tensor(fuserOnly, "convs.0.weight"), tensor(trained.head, "convs.0.weight"));
});
