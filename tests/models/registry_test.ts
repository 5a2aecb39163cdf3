/** What the registry says of a network, against the graph that the network builds. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { renameDensenetWeight } from "../../models/densenet121.ts";
import { findNetwork, networks } from "../../models/registry.ts";
import { renameVitWeight } from "../../models/vit_b_16.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { elementCount } from "../../src/graph/types.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { graphOf, unboundWeights } from "../support/networks.ts";

/** Trainable parameters and running statistics, as torchvision and the EfficientNet package count them. */
const ELEMENTS: Record<string, number> = {
  efficientnet_lite0: 4_694_024,
  resnet18: 11_689_512 + 9_600,
  resnet50: 25_557_032 + 53_120,
  vgg16: 138_357_544,
  vit_b_16: 86_567_656,
  mobilenet_v3_small: 2_542_856 + 12_112,
  mnasnet0_5: 2_218_512 + 20_624,
  densenet121: 7_978_856 + 83_648,
};

for (const network of networks) {
  Deno.test(`${network.name} builds what the registry says`, () => {
    const graph = graphOf(network, 3);
    assertEquals(graph.outputs.map(({ shape }) => shape), [
      [3, network.classes],
      ...network.taps.map(({ channels, size }) => [3, channels, size, size]),
    ]);
    const weights = unboundWeights(graph);
    assertEquals(weights.reduce((sum, { shape }) => sum + elementCount(shape), 0), ELEMENTS[network.name]);
    const shapeOf = (name: string) => graph.initializers.get(name)?.shape;
    assertEquals(shapeOf(network.classifier.bias), [network.classes]);
    assertEquals(shapeOf(network.classifier.weight)?.[0], network.classes);
    if (network.classifierTap) {
      assertEquals(shapeOf(network.classifier.weight)?.[1], network.taps.at(-1)!.channels);
    }
  });

  Deno.test(`${network.name} has taps whose sizes are the largest divided by powers of two`, () => {
    const largest = Math.max(...network.taps.map(({ size }) => size));
    for (const { size } of network.taps) assert(Number.isInteger(Math.log2(largest / size)));
  });

  const { published, shipped, named } = network.weights;
  if (named !== undefined) {
    Deno.test(`${network.name} names a file that carries the digits known of its SHA-256`, () => {
      assert(named.url.endsWith(`-${named.sha256Start}.pth`));
      assertMatch(named.sha256Start, /^[0-9a-f]{8,63}$/);
    });
  }
  for (const { file, sha256, urls, bytes } of published ?? []) {
    Deno.test(`${network.name} names a published file ${file} by the start of its own SHA-256`, () => {
      assertMatch(sha256, /^[0-9a-f]{64}$/);
      // Also what keeps the files of a cache apart.
      assert(file.includes(`-${sha256.slice(0, 8)}.`));
      assert(Number.isSafeInteger(bytes) && urls.length > 0);
      for (const url of urls) assertEquals(new URL(url).protocol, "https:");
    });
  }
  if (shipped !== undefined) {
    Deno.test(`${network.name} finds each of its weights in the shipped file, and no other is there`, () => {
      const bytes = Deno.readFileSync(new URL(`../../models/weights/${shipped.file}`, import.meta.url));
      const { tensors, metadata } = parseSafetensors(bytes);
      const declared = unboundWeights(graphOf(network)).map(({ name, shape }) => ({ name, shape }));
      const present = [...tensors.values()].map(({ name, shape }) => ({ name, shape }));
      const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;
      assertEquals(present.sort(byName), declared.sort(byName));
      assertEquals(metadata["licence"], shipped.licence);
      assertEquals(bytes.length, shipped.bytes);
      assertEquals(metadata["network"], network.name);
    });
  }
}

Deno.test("findNetwork() gives a network by name and undefined for any other name", () => {
  assertEquals(findNetwork("vgg16")?.title, "VGG-16");
  assertEquals(findNetwork("constructor"), undefined);
  assertEquals(new Set(networks.map(({ name }) => name)).size, networks.length);
});

Deno.test("renameVitWeight() gives the names of newer files and leaves all others", () => {
  const layer = "encoder.layers.encoder_layer_7";
  assertEquals(renameVitWeight(`${layer}.mlp.linear_1.weight`), `${layer}.mlp.0.weight`);
  assertEquals(renameVitWeight(`${layer}.mlp.linear_2.bias`), `${layer}.mlp.3.bias`);
  const names = unboundWeights(graphOf(findNetwork("vit_b_16")!)).map(({ name }) => name);
  assertEquals(names.map(renameVitWeight), names);
});

Deno.test("renameDensenetWeight() gives the names of newer files and leaves all others", () => {
  const layer = "features.denseblock3.denselayer24";
  assertEquals(renameDensenetWeight(`${layer}.norm.1.running_mean`), `${layer}.norm1.running_mean`);
  assertEquals(renameDensenetWeight(`${layer}.conv.2.weight`), `${layer}.conv2.weight`);
  const names = unboundWeights(graphOf(findNetwork("densenet121")!)).map(({ name }) => name);
  assertEquals(names.map(renameDensenetWeight), names);
});

Deno.test("vgg16 refuses a picture size that its linear layers do not fit", () => {
  const b = createBuilder("vgg16");
  const image = b.input("image", "float32", [1, 3, 256, 256]);
  assertThrows(() => findNetwork("vgg16")!.build(b, image), TypeError, "must be 224 x 224");
});
