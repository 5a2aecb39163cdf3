import { assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { ints, text } from "../../src/graph/types.ts";

Deno.test("createBuilder() gives every value its static shape", () => {
  const b = createBuilder("shapes");
  const x = b.input("x", "float32", [2, 3, 15, 17]);
  const cases: [readonly number[], readonly number[]][] = [
    [b.conv(x, b.weight("w", [8, 3, 3, 3]), undefined, { strides: [2, 2], pads: [0, 1, 1, 1] }).shape, [
      2,
      8,
      7,
      9,
    ]],
    [b.maxPool(x, [3, 3], { strides: [2, 2] }).shape, [2, 3, 7, 8]],
    [b.maxPool(x, [3, 3], { strides: [2, 2], ceilMode: true }).shape, [2, 3, 7, 8]],
    [b.maxPool(x, [2, 2], { strides: [2, 2], ceilMode: true }).shape, [2, 3, 8, 9]],
    [
      b.node("MaxPool", [x], {
        kernel_shape: ints([3, 3]),
        strides: ints([2, 2]),
        auto_pad: text("SAME_UPPER"),
      })[0]!
        .shape,
      [2, 3, 8, 9],
    ],
    [b.globalAveragePool(x).shape, [2, 3, 1, 1]],
    [b.flatten(x).shape, [2, 765]],
    [b.reshape(x, [0, -1, 17]).shape, [2, 45, 17]],
    [b.transpose(x, [0, 2, 3, 1]).shape, [2, 15, 17, 3]],
    [b.slice(x, 2, -3, 100).shape, [2, 3, 3, 17]],
    [b.slice(x, 3, 16, -20, -5).shape, [2, 3, 15, 4]],
    [b.split(x, 3, [10, 7])[1]!.shape, [2, 3, 15, 7]],
    [b.reduceMean(x, [2, 3], false).shape, [2, 3]],
    [b.reduceSum(x).shape, [1, 1, 1, 1]],
    [b.argMax(x, 1, false).shape, [2, 15, 17]],
    [b.matmul(b.reshape(x, [2, 45, 17]), b.weight("m", [17, 5])).shape, [2, 45, 5]],
    [b.gather(x, b.int64s([0, 2]), 1).shape, [2, 2, 15, 17]],
    [b.unsqueeze(x, [0, -1]).shape, [1, 2, 3, 15, 17, 1]],
    [b.pad(x, [0, 0, 1, 2, 0, 0, 3, 4]).shape, [2, 3, 19, 23]],
    [b.resize(x, [2, 3, 30, 34]).shape, [2, 3, 30, 34]],
    [b.add(x, b.weight("bias", [3, 1, 1])).shape, [2, 3, 15, 17]],
    [b.convTranspose(x, b.weight("t", [3, 4, 3, 3]), { strides: [2, 2], pads: [1, 1, 1, 1] }).shape, [
      2,
      4,
      29,
      33,
    ]],
  ];
  cases.forEach(([actual, expected], i) => assertEquals(actual, expected, `case ${i}`));
});

Deno.test("createBuilder() names node, operator and shapes when they do not fit", () => {
  const b = createBuilder("errors");
  const x = b.input("x", "float32", [1, 3, 8, 8]);
  assertThrows(() => b.conv(x, b.weight("w", [8, 4, 3, 3])), TypeError, "conv (Conv): input [1, 3, 8, 8]");
  assertThrows(() => b.add(x, b.weight("v", [5])), TypeError, "cannot be broadcast");
  assertThrows(() => b.reshape(x, [7]), TypeError, "cannot be reshaped to [7]");
  assertThrows(() => b.conv(x, b.weight("k", [1, 3, 9, 9])), TypeError, "does not fit into [8, 8]");
  assertThrows(() => b.node("NoSuchOperator", [x]), TypeError, "no rule for operator NoSuchOperator");
  assertThrows(() => b.reduceMean(x, [4]), TypeError, "axis 4 is out of range");
  assertThrows(() => b.input("x", "float32", [1]), TypeError, "Cannot declare x twice");
  assertThrows(() => b.input("open", "float32", [-1, 3]), TypeError, "is not static");
  assertThrows(() => b.weight("w", [1]), TypeError, "it is [8, 4, 3, 3]");
  const other = createBuilder("other").input("x", "float32", [1]);
  assertThrows(() => b.relu(other), TypeError, "is not a value of this graph");
});

Deno.test("Builder.scope() prefixes weights and nodes, and shares the graph", () => {
  const b = createBuilder("scopes");
  const x = b.input("x", "float32", [4]);
  const inner = b.scope("auxiliary.");
  const y = inner.relu(inner.add(x, inner.weight("w", [4])));
  b.output(y);
  const graph = b.build();
  assertEquals([...graph.initializers.keys()], ["auxiliary.w"]);
  assertEquals(graph.nodes.map((node) => node.name), ["auxiliary.add", "auxiliary.relu"]);
});

Deno.test("Builder.constant() shares equal small constants", () => {
  const b = createBuilder("constants");
  assertEquals(b.scalar(2), b.scalar(2));
  assertEquals(b.int64s([2]).name === b.scalar(2).name, false);
});

Deno.test("Builder.embed() brings another graph in under new names", () => {
  const inner = createBuilder("inner");
  const x = inner.input("x", "float32", [1, 4]);
  inner.output(inner.gemm(x, inner.weight("w", [4, 2])), "logits");
  inner.output(inner.reshape(x, [2, 2]), "taps");
  const b = createBuilder("outer");
  const image = b.input("image", "float32", [1, 4]);
  const outputs = b.scope("backbone.").embed(inner.build(), { x: b.relu(image) });
  assertEquals(outputs.get("logits")!.shape, [1, 2]);
  assertEquals(b.softmax(outputs.get("logits")!).shape, [1, 2]);
  assertEquals(b.build().initializers.has("backbone.w"), true);
  assertThrows(() => b.embed(inner.build(), { x: b.reshape(image, [4]) }), TypeError, "not float32 [4]");
  assertThrows(() => b.embed(inner.build(), {}), TypeError, "input x is not given");
});
