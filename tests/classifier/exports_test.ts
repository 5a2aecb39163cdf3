/** Taps in networks as PyTorch exports them (tests/fixtures/onnx/generate_networks.py), without naming a layer. */
import { assert, assertEquals } from "@std/assert";
import { openClassifier } from "../../src/classifier/open.ts";
import { readOnnx } from "../../src/graph/onnx_file.ts";
import { elementCount } from "../../src/graph/types.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage, seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

const FOLDER = new URL("../fixtures/onnx/", import.meta.url);

/** Where each network is tapped: layer, and channels, height and width there. */
const TAPS: Readonly<Record<string, readonly [layer: string, ...shape: number[]]>> = {
  // Its last stage has one position only in a picture of 32 pixels.
  resnet_11: ["/layer3/layer3.0/relu_1/", 256, 2, 2],
  convnext_17: ["/features/features.3/", 16, 4, 4],
  vit_17: ["/encoder/layers/encoder_layer_0/", 16, 4, 4],
  swin_13: ["/permute/", 16, 4, 4],
};

async function modelOf(name: string) {
  const packed = await Deno.open(new URL(`${name}.onnx.gz`, FOLDER));
  const stream = packed.readable.pipeThrough(new DecompressionStream("gzip"));
  const onnx = new Uint8Array(await new Response(stream).arrayBuffer());
  const outside = readOnnx(onnx).initializers.filter(({ data }) => data.kind === "external");
  const weights = new Float32Array(outside.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  let at = 0;
  for (const { name, shape } of outside) {
    weights.set(seededTensor(name, shape, 4), at);
    at += elementCount(shape);
  }
  return { name, onnx, externalData: new Map([["weights", new Uint8Array(weights.buffer)]]) };
}

for (const [name, [layer, ...shape]] of Object.entries(TAPS)) {
  Deno.test(`${name} is tapped at its deepest positions, and all of them lead to the scores`, async () => {
    await using classifier = await openClassifier({ model: await modelOf(name), device: "wasm" });
    const tap = classifier.tap();
    assert(tap.name.startsWith(layer), tap.name);
    assertEquals([tap.channels, tap.height, tap.width], shape);
    const side = classifier.facts.preprocessing.crop;
    const { gradients } = await classifier.tapped(seededImage(6, [1, 3, side, side]), 3);
    const area = tap.height * tap.width;
    for (let i = 0; i < area; i++) {
      assert(gradients.some((value, at) => at % area === i && value !== 0), `position ${i} leads nowhere`);
    }
  });
}
