/** Which values of a foreign network a head reads; see feature_maps.ts. */
import { assertEquals, assertThrows } from "@std/assert";
import { asMaps, featureMaps } from "../../src/classifier/taps/feature_maps.ts";
import type { ForwardPath } from "../../src/classifier/taps/tap.ts";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import type { Value } from "../../src/graph/types.ts";

function wayOf(side: number, build: (b: Builder, image: Value) => Value): ForwardPath {
  const b = createBuilder("net");
  const image = b.input("image", "float32", [1, 3, side, side]);
  const logits = build(b, image).name;
  return { graph: b.build(), image: "image", logits };
}

/** Convolutions of a stride of 2, each with a residual block behind it. */
function staged(stages: number) {
  return (b: Builder, image: Value) => {
    let x = image;
    for (let i = 0; i < stages; i++) {
      const w = b.weight(`down${i}`, [4, x.shape[1]!, 2, 2]);
      const down = b.relu(b.conv(x, w, undefined, { strides: [2, 2] }));
      x = b.add(down, b.relu(b.conv(down, b.weight(`branch${i}`, [4, 4, 1, 1]))));
    }
    return b.flatten(b.globalAveragePool(x));
  };
}

Deno.test("featureMaps() takes the last map of each of the four deepest sizes", () => {
  const found = (stages: number) =>
    featureMaps("net", wayOf(64, staged(stages))).map((tap) => [tap.value.name, tap.width]);
  assertEquals(found(2), [["add_out", 32], ["add_2_out", 16]]);
  assertEquals(found(5), [["add_2_out", 16], ["add_3_out", 8], ["add_4_out", 4], ["add_5_out", 2]]);
});

Deno.test("featureMaps() leaves out sizes that no doubling of the deepest one reaches", () => {
  const way = wayOf(27, (b, image) => {
    const wide = b.relu(b.conv(image, b.weight("w1", [4, 3, 3, 3]), undefined, { strides: [2, 2] }));
    const deep = b.relu(b.conv(wide, b.weight("w2", [8, 4, 3, 3]), undefined, { strides: [2, 2] }));
    return b.flatten(b.globalAveragePool(deep));
  });
  // 13 is not 6 times a power of two: a head could not be built on both.
  assertEquals(featureMaps("net", way).map(({ channels, width }) => [channels, width]), [[8, 6]]);
});

Deno.test("featureMaps() takes what is named, and says what is near or cannot be read", () => {
  const way = wayOf(32, staged(3));
  assertEquals(featureMaps("net", way, ["relu", "add_3_out"]).map((tap) => tap.width), [16, 4]);
  assertThrows(() => featureMaps("net", way, ["add_9_out"]), RangeError, "did you mean add_2_out?");
  assertThrows(() => featureMaps("net", way, []), TypeError, "no tap is named");
  const flat = wayOf(4, (b, image) => b.matmul(b.flatten(image), b.weight("w", [48, 5])));
  assertThrows(
    () => featureMaps("net", flat),
    TypeError,
    "Cannot use net as auxiliary: no square feature map",
  );
  const oblong = wayOf(8, (b, image) => {
    const x = b.conv(image, b.weight("w", [6, 3, 2, 4]), undefined, { strides: [2, 4] });
    return b.flatten(b.globalAveragePool(x));
  });
  assertThrows(
    () => featureMaps("net", oblong, ["conv_out"]),
    TypeError,
    "4 x 2 positions, a head reads square",
  );
});

Deno.test("asMaps() lays out channels that come last, and tokens behind a class token, for several images", () => {
  const numbers = (shape: readonly number[]) =>
    Float32Array.from({ length: shape.reduce((a, c) => a * c, 1) }, (_, i) => i);
  const shapesOf = (build: (b: Builder, image: Value) => Value, name: string) => {
    const [tap] = featureMaps("net", wayOf(8, build), [name]);
    const b = createBuilder("two");
    const image = b.input("image", "float32", [2, 3, 8, 8]);
    build(b, image);
    return asMaps(b, b.existingValue(name), tap!).shape;
  };
  const patches = (b: Builder, image: Value, width: number) =>
    b.conv(image, b.weight("w", [width, 3, 2, 2]), undefined, { strides: [2, 2] });
  const last = (b: Builder, image: Value) =>
    b.reduceMean(b.transpose(patches(b, image, 12), [0, 2, 3, 1]), [1, 2], false);
  assertEquals(shapesOf(last, "transpose_out"), [2, 12, 4, 4]);
  const tokens = (b: Builder, image: Value) => {
    const batch = image.shape[0]!;
    const rows = b.transpose(b.reshape(patches(b, image, 6), [batch, 6, 16]), [0, 2, 1]);
    const first = b.constant("float32", [batch, 1, 6], numbers([batch, 1, 6]));
    const all = b.concat([first, rows], 1);
    const mixed = b.add(all, b.matmul(b.softmax(b.matmul(all, b.transpose(all, [0, 2, 1]))), all));
    return b.reduceMean(mixed, [1], false);
  };
  assertEquals(shapesOf(tokens, "concat_out"), [2, 6, 4, 4]);
  // As exporters write a pooling of one axis.
  const oneAxis = (b: Builder, image: Value) => {
    const rows = b.reshape(patches(b, image, 6), [image.shape[0]!, 6, 16]);
    return b.flatten(b.globalAveragePool(b.unsqueeze(rows, [3])));
  };
  assertEquals(shapesOf(oneAxis, "unsqueeze_out"), [2, 6, 4, 4]);
});
