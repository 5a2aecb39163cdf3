import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { compareMaps } from "../../src/faithfulness/sanity.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { type Head, readHead, writeHead } from "../../src/ptame/head_file.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { randomizedHead } from "../../src/ptame/randomized_head.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { seededHead } from "./seeded_networks.ts";

const tensorOf = ({ file }: Head, name: string) => readFloat32(file.content, file.table.tensors.get(name)!);

Deno.test("randomizedHead() draws convolutions anew, keeps their size and the normalisations", async () => {
  const shape = findHeadShape(findNetwork("resnet18")!, 20);
  const record = { name: "seeded", auxiliary: "resnet18", backbone: "vgg16", trained: true };
  const head = await readHead(await writeHead(record, seededHead(shape, 3)), "");
  const forgetful = await readHead(await randomizedHead(head, { seed: 2 }), "");
  assertEquals(forgetful.record, { ...record, name: "seeded, randomised", trained: false });
  assertEquals(tensorOf(forgetful, "bns.1.weight"), tensorOf(head, "bns.1.weight"));
  const size = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  for (const name of ["fuser.weight", "convs.2.weight"]) {
    const [before, after] = [tensorOf(head, name), tensorOf(forgetful, name)];
    assertAlmostEquals(size(after) / size(before), 1, 3e-2, name);
    assert(after.every((value, i) => value !== before[i]), name);
  }
  assertEquals(await randomizedHead(head, { seed: 2 }), forgetful.bytes);
  const fuserOnly = await readHead(await randomizedHead(head, { part: "fuser" }), "");
  assertEquals(tensorOf(fuserOnly, "convs.0.weight"), tensorOf(head, "convs.0.weight"));
  assert(fuserOnly.row(4).some((value, i) => value !== head.row(4)[i]));
});

Deno.test({
  name: "the shipped head's maps are not those of a randomised one",
  ignore: !heavyTests(),
  fn: async () => {
    await warmUpWasm();
    await using trained = await createExplainer({ device: "wasm" });
    await using random = await createExplainer({ device: "wasm", head: await randomizedHead(trained.head) });
    const photo = await decodeImage(new URL("../fixtures/image/photo_0.jpg", import.meta.url));
    const { pixels } = preprocess(photo, trained.backbone.preprocessing);
    const probabilities = await trained.probabilities(pixels);
    const target = probabilities.indexOf(Math.max(...probabilities));
    const likeness = compareMaps(
      await trained.mask({ pixels }, target),
      await random.mask({ pixels }, target),
      { width: 56, height: 56 },
    );
    console.log(`the shipped head against a randomised one: ${JSON.stringify(likeness)}`);
    assert(likeness.spearman < 0.6 && likeness.ssim < 0.6);
  },
  sanitizeOps: false,
  sanitizeResources: false,
});
