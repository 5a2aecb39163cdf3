import { assertEquals, assertThrows } from "@std/assert";
import { findNetwork, networks } from "../../models/registry.ts";
import { channelPlanes, findTap, findTaps, type ForwardPath } from "../../src/classifier/taps/tap.ts";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import type { Value } from "../../src/graph/types.ts";

function wayOf(side: number, build: (b: Builder, image: Value) => Value, name = "net"): ForwardPath {
  const b = createBuilder(name);
  const image = b.input("image", "float32", [1, 3, side, side]);
  const logits = build(b, image).name;
  return { graph: b.build(), image: "image", logits };
}

function modelWay(name: string): { way: ForwardPath; names: Map<string, string> } {
  const network = findNetwork(name)!;
  const names = new Map<string, string>();
  const way = wayOf(network.inputSize, (b, image) => {
    const { logits, taps } = network.build(b, image);
    network.taps.forEach((tap, i) => names.set(tap.name, taps[i]!.name));
    return logits;
  }, name);
  return { way, names };
}

/** Self-attention over [1, T, C], one head, without projections. */
function attended(b: Builder, x: Value): Value {
  const mixed = b.matmul(b.softmax(b.matmul(x, b.transpose(x, [0, 2, 1]))), x);
  return b.add(x, mixed);
}

Deno.test("findTap() finds the last map of convolutional networks: the tap that the registry names last", () => {
  for (const { name, taps, inputSize } of networks) {
    if (name === "vit_b_16") continue;
    const { way, names } = modelWay(name);
    const tap = findTap(way);
    const { channels, size } = taps.at(-1)!;
    assertEquals([tap.channels, tap.height, tap.width, tap.places[0]], [channels, size, size, 0], name);
    assertEquals(tap.value.name, names.get(taps.at(-1)!.name), name);
    assertEquals(inputSize % tap.width, 0);
  }
});

Deno.test("findTap() taps ViT before the last attention, without the class token", () => {
  const { way, names } = modelWay("vit_b_16");
  const tap = findTap(way);
  assertEquals([tap.channels, tap.height, tap.width, tap.places[0]], [768, 14, 14, 768]);
  // Layer 10's output is the last block's input; no layer of that number is tapped for heads.
  const reads = way.graph.nodes.filter((node) => node.inputs.includes(tap.value.name)).map((node) => node.op);
  assertEquals(reads.sort(), ["Add", "LayerNormalization"]);
  // The sum behind that attention is read in the same way, but only its class token leads to the scores.
  const { nodes } = way.graph;
  const maker = nodes.findIndex(({ outputs }) => outputs.includes(tap.value.name));
  assertEquals(nodes.slice(maker).filter(({ op }) => op === "Softmax").length, 1);
  assertEquals(findTaps(way).at(-1)!.value.name, tap.value.name);
  // The registry's taps lie beside the way, as maps; what they are a view of lies on it.
  assertEquals(findTap(way, "encoder.layers.encoder_layer_8", names).places[0], 768);
  assertThrows(
    () => findTap(way, "encoder.layers.encoder_layer_11", names),
    TypeError,
    "only one of its tokens leads to the scores",
  );
});

Deno.test("findTap() takes the last block's tokens where all of them are averaged", () => {
  const way = wayOf(8, (b, image) => {
    const patches = b.conv(image, b.weight("w", [8, 3, 2, 2]), undefined, { strides: [2, 2] });
    const tokens = b.transpose(b.reshape(patches, [1, 8, 16]), [0, 2, 1]);
    return b.reduceMean(attended(b, attended(b, tokens)), [1], false);
  });
  const tap = findTap(way);
  assertEquals([tap.channels, tap.height, tap.width, tap.places[0]], [8, 4, 4, 0]);
  const maker = way.graph.nodes.find((node) => node.outputs.includes(tap.value.name))!;
  assertEquals(maker.op, "Add");
  assertEquals(way.graph.nodes.indexOf(maker), way.graph.nodes.length - 2);
});

Deno.test("findTap() reads maps with the channels last, and tokens of a grid that is no square", () => {
  const last = findTap(wayOf(8, (b, image) => {
    const patches = b.conv(image, b.weight("w", [12, 3, 2, 2]), undefined, { strides: [2, 2] });
    const placed = b.relu(b.transpose(patches, [0, 2, 3, 1]));
    return b.reduceMean(placed, [1, 2], false);
  }));
  assertEquals([last.channels, last.height, last.width], [12, 4, 4]);
  assertEquals(
    channelPlanes(Float32Array.from({ length: 192 }, (_, i) => i), last).slice(0, 3),
    Float32Array.of(0, 12, 24),
  );

  const tokens = findTap(wayOf(8, (b, image) => {
    const patches = b.conv(image, b.weight("w", [6, 3, 2, 4]), undefined, { strides: [2, 4] });
    const rows = b.transpose(b.reshape(patches, [1, 6, 8]), [0, 2, 1]);
    const all = b.concat([b.expand(b.weight("token", [1, 1, 6]), [1, 1, 6]), rows], 1);
    return b.reshape(b.slice(attended(b, all), 1, 0, 1), [1, 6]);
  }));
  assertEquals([tokens.channels, tokens.height, tokens.width, tokens.places[0]], [6, 4, 2, 6]);
  const data = Float32Array.from({ length: 54 }, (_, i) => i);
  assertEquals(channelPlanes(data, tokens).slice(0, 3), Float32Array.of(6, 12, 18));
});

Deno.test("findTap() passes over the inside of residual blocks and gates", () => {
  const way = wayOf(16, (b, image) => {
    const x = b.relu(
      b.conv(image, b.weight("w1", [4, 3, 3, 3]), undefined, { strides: [2, 2], pads: [1, 1, 1, 1] }),
    );
    const branch = b.relu(b.conv(x, b.weight("w2", [4, 4, 3, 3]), undefined, { pads: [1, 1, 1, 1] }));
    const gate = b.sigmoid(b.globalAveragePool(branch));
    return b.flatten(b.globalAveragePool(b.add(x, b.mul(branch, gate))));
  });
  assertEquals(findTaps(way).map((tap) => tap.value.name), ["conv_out", "relu_out", "add_out"]);
  assertEquals(findTap(way, "relu_2_out").channels, 4);
  assertEquals(findTap(way, "conv_2").value.name, "conv_2_out");
});

Deno.test("findTap() names what can be tapped when the name is no tap", () => {
  const { way, names } = modelWay("resnet18");
  assertThrows(
    () => findTap(way, "layer9", names),
    RangeError,
    'Unknown layer "layer9": did you mean layer1? (there are',
  );
  assertThrows(() => findTap(way, "gemm_out", names), TypeError, "[1, 1000] has no positions");
  assertThrows(() => findTap(way, "conv1.weight", names), TypeError, "the scores do not depend on it");
  const flat = wayOf(4, (b, image) => b.matmul(b.flatten(image), b.weight("w", [48, 5])));
  assertThrows(() => findTap(flat, "flatten_out"), TypeError, "no layer is found");
});

Deno.test("findTap() names layers of the branches where no value carries the whole path", () => {
  const way = wayOf(8, (b, image) => {
    const branch = (size: number) => {
      const weight = b.weight(`w${size}`, [size, 3, size, size]);
      return b.relu(b.conv(image, weight, undefined, { strides: [size, size] }));
    };
    const [fine, coarse] = [branch(2), branch(4)];
    return b.add(
      b.reduceSum(b.globalAveragePool(fine), [1]),
      b.reduceSum(b.globalAveragePool(coarse), [1]),
    );
  });
  const error = assertThrows(() => findTap(way), TypeError);
  assertEquals(
    error.message,
    "Cannot find a layer in net: no value with positions carries the whole path to the scores; name one of a branch " +
      "with --layer, such as relu_2_out (2 x 2), relu_out (4 x 4), or use --method occlusion, which needs scores alone",
  );
  assertEquals([findTap(way, "relu_out").width, findTap(way, "relu_2_out").width], [4, 2]);
  assertThrows(() => findTap(way, "image"), TypeError, "it comes before the first operator with weights");
});
