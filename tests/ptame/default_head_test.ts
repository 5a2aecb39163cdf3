/** What explains a network that has no trained head: whose start, and what is said where none can start. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { heads } from "../../models/heads.ts";
import { findNetwork, networks } from "../../models/registry.ts";
import { loadClassifier } from "../../src/classifier/load.ts";
import { defaultAuxiliary, defaultHead, knownHeads } from "../../src/ptame/default_head.ts";
import { NoHeadError } from "../../src/ptame/errors.ts";
import { FUSER } from "../../src/ptame/head.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { encodeSafetensors, parseSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32, type WeightFile } from "../../src/weights/tensor_table.ts";
import { smallClassifier } from "./small_classifier.ts";
import { seededTensor } from "../support/seeded_weights.ts";

const networkOf = (name: string) => findNetwork(name)!;

/** A file that holds a network's final linear layer alone. */
function classifierFile(name: string): WeightFile {
  const { classifier, taps, classes } = networkOf(name);
  const shape = [classes, taps.at(-1)!.channels];
  const data = new Uint8Array(seededTensor(classifier.weight, shape, 4).buffer);
  const bytes = encodeSafetensors([{ name: classifier.weight, type: "float32", shape, data }]);
  return { name: "classifier", content: toByteSource(bytes), table: parseSafetensors(bytes) };
}

/** Auxiliary and backbone by their names, of which nothing but a final linear layer is loaded. */
async function pairOf(backbone: string, auxiliary: string, layerOf = auxiliary) {
  const load = (model: string, of: string) => loadClassifier({ model, weights: classifierFile(of) });
  return { auxiliary: await load(auxiliary, layerOf), backbone: await load(backbone, "resnet18") };
}

Deno.test("defaultHead() starts from ResNet-18's classifier for every ImageNet network that has no head", async () => {
  const weights = classifierFile("resnet18");
  const rows = readFloat32(weights.content, weights.table.tensors.get("fc.weight")!);
  for (const backbone of networks.filter(({ name }) => !heads.some((head) => head.backbone === name))) {
    const head = await defaultHead(await pairOf(backbone.name, "resnet18"));
    assertEquals(head.record.trained, false);
    assertEquals([head.record.backbone, head.record.auxiliary], [backbone.name, "resnet18"]);
    // Rows of the fuser: zero for the first three taps, the classifier's on the last.
    const fuser = readFloat32(head.file.content, head.file.table.tensors.get(FUSER)!);
    assertEquals(fuser.length, 1000 * 960);
    assertEquals(fuser.subarray(7 * 960 + 448, 8 * 960), rows.subarray(7 * 512, 8 * 512));
    assert(fuser.subarray(7 * 960, 7 * 960 + 448).every((value) => value === 0));
  }
});

Deno.test("defaultAuxiliary() is the head's own, the shipped head's, the backbone where it can start, else the shipped network", async () => {
  const start = await defaultHead(await pairOf("vgg16", "resnet18"));
  assertEquals(defaultAuxiliary(networkOf("vgg16"), start).name, "resnet18");
  const chosen = networks.map((network) => [network.name, defaultAuxiliary(network, undefined).name]);
  assertEquals(Object.fromEntries(chosen), {
    efficientnet_lite0: "efficientnet_lite0",
    resnet18: "resnet18",
    resnet50: "resnet50",
    vgg16: "efficientnet_lite0",
    vit_b_16: "efficientnet_lite0",
    mobilenet_v3_small: "efficientnet_lite0",
    mnasnet0_5: "mnasnet0_5",
    densenet121: "densenet121",
  });
  // A classifier of the caller's own.
  const own = smallClassifier();
  assertEquals(defaultAuxiliary(own, undefined).name, "efficientnet_lite0");
  // A head that was trained on its backbone's own taps.
  const record = { ...start.record, auxiliary: own.name };
  assertEquals(defaultAuxiliary(own, { ...start, record }), own);
});

Deno.test("knownHeads() names trained heads and whose start explains without one", () => {
  assertEquals(knownHeads(networkOf("efficientnet_lite0")).trained.length, 1);
  assertEquals(knownHeads(networkOf("vgg16")), { trained: [], start: "efficientnet_lite0" });
  for (const network of networks) assert(networkOf(knownHeads(network).start).classifierTap);
});

Deno.test("defaultHead() says which command trains a head where none can start", async () => {
  const apart = await pairOf("resnet50", "mobilenet_v3_small", "mnasnet0_5");
  const error = await assertRejects(
    () => defaultHead(apart),
    NoHeadError,
    "none can start from that network's classifier",
  );
  assertStringIncludes(
    error.message,
    "deno task train --backbone resnet50 --auxiliary mobilenet_v3_small --images FOLDER --out head.safetensors",
  );
  const { auxiliary } = await pairOf("resnet18", "resnet18");
  const five = await loadClassifier({ model: { ...smallClassifier(), name: "five" } });
  await assertRejects(
    () => defaultHead({ auxiliary, backbone: five }),
    NoHeadError,
    "no head is trained for its 5 classes, which auxiliary resnet18 does not share",
  );
});
