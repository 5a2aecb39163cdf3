import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx, inspectOnnx, onnxParts } from "../../src/graph/onnx_file.ts";
import { decodeOnnx } from "../support/decode_onnx.ts";
import { float, int, ints, text } from "../../src/graph/types.ts";

function sample() {
  const b = createBuilder("sample");
  const x = b.input("x", "float32", [1, 3, 8, 8]);
  const heavy = b.constant("float32", [64, 3, 3, 3], Float32Array.from({ length: 1728 }, (_, i) => i / 7));
  const y = b.conv(x, heavy, undefined, { strides: [2, 2], pads: [1, 1, 1, 1] });
  b.output(b.reshape(b.clip(y, 0, 6), [1, -1]), "y");
  return b.build();
}

Deno.test("encodeOnnx() and decodeOnnx() round-trip a graph", () => {
  const graph = sample();
  const back = decodeOnnx(encodeOnnx(graph));
  assertEquals(back.nodes, graph.nodes);
  assertEquals(back.inputs, graph.inputs);
  assertEquals(back.outputs, graph.outputs);
  assertEquals([...back.values.keys()].sort(), [...graph.values.keys()].sort());
  for (const [name, initializer] of graph.initializers) {
    const other = back.initializers.get(name)!;
    assertEquals(other.shape, initializer.shape);
    assert(other.data.kind === "inline" && initializer.data.kind === "inline");
    assertEquals([...other.data.bytes], [...initializer.data.bytes]);
  }
});

Deno.test("encodeOnnx() keeps external data outside, or takes them in when it has the file", () => {
  const b = createBuilder("external");
  b.output(b.add(b.input("x", "float32", [2000]), b.weight("w", [2000])), "y");
  assertThrows(() => encodeOnnx(b.build()), TypeError, "weight w is not bound");
  const graph = b.build();
  const w = graph.initializers.get("w")!;
  const data = { kind: "external", file: "w.bin", offset: 3, length: 8000 } as const;
  const bound = { ...graph, initializers: new Map([["w", { ...w, data }]]) };
  const outside = encodeOnnx(bound);
  assert(outside.length < 500);
  assertEquals(inspectOnnx(outside).externalFiles, ["w.bin"]);
  assertEquals(decodeOnnx(outside).initializers.get("w")!.data, data);
  const file = new Uint8Array(8003).map((_, i) => i);
  const inside = decodeOnnx(encodeOnnx(bound, { files: new Map([["w.bin", file]]) }));
  assertEquals(inside.initializers.get("w")!.data, { kind: "inline", bytes: file.slice(3) });
});

Deno.test("onnxParts() reads large weights when their turn comes, and refuses more than protobuf can hold", () => {
  const graphOf = (file: string, length: number) => {
    const b = createBuilder("large");
    b.output(b.add(b.input("x", "float32", [2000]), b.weight("w", [2000])), "y");
    const graph = b.build();
    const data = { kind: "external", file, offset: 0, length } as const;
    return { ...graph, initializers: new Map([["w", { ...graph.initializers.get("w")!, data }]]) };
  };
  const bytes = new Uint8Array(8000).map((_, i) => i);
  let reads = 0;
  const read = (offset: number, length: number) => {
    reads++;
    return bytes.subarray(offset, offset + length);
  };
  const files = new Map([["w.bin", { size: 3e9, read }]]);
  const graph = graphOf("w.bin", 8000);
  const { size, parts } = onnxParts(graph, { files });
  assertEquals(reads, 0);
  const whole = encodeOnnx(graph, { files: new Map([["w.bin", bytes]]) });
  const joined = [...parts].flatMap((part) => [...part]);
  assertEquals([reads, joined.length, size], [1, whole.length, whole.length]);
  assertEquals(joined, [...whole]);
  assertThrows(() => onnxParts(graphOf("w.bin", 2 ** 31), { files }), RangeError, "exceed the 2147483647");
});

Deno.test("encodeOnnx() writes metadata, and an input with a default that need not be fed", () => {
  const b = createBuilder("documented");
  const x = b.input("x", "float32", [2]);
  const y = b.input("y", "float32", [2]);
  b.output(b.add(x, y), "z");
  const graph = b.build();
  const data = { kind: "inline", bytes: new Uint8Array(8) } as const;
  const file = encodeOnnx({ ...graph, initializers: new Map([["y", { ...y, data }]]) }, {
    metadata: { licence: "MIT", empty: "" },
    documentation: "A sum",
    valueDocumentation: { x: "The first" },
  });
  const summary = inspectOnnx(file);
  assertEquals(summary.metadata, { licence: "MIT", empty: "" });
  assertEquals(summary.inputs.map(({ name }) => name), ["x"]);
  const text = new TextDecoder("latin1").decode(file);
  assert(text.includes("A sum") && text.includes("The first"));
});

Deno.test("encodeOnnx() keeps every kind of attribute", () => {
  const b = createBuilder("attributes");
  const x = b.input("x", "float32", [1, 2, 4, 4]);
  const attributes = {
    alpha: float(0.5),
    axis: int(-1),
    kernel_shape: ints([2, 2]),
    auto_pad: text("VALID"),
  };
  b.output(b.node("MaxPool", [x], attributes)[0]!, "y");
  assertEquals(decodeOnnx(encodeOnnx(b.build())).nodes[0]!.attributes, attributes);
});

Deno.test("inspectOnnx() says what a model takes and gives", () => {
  const summary = inspectOnnx(encodeOnnx(sample()));
  assertEquals(summary.opset, 17);
  assertEquals(summary.inputs, [{ name: "x", type: "float32", shape: [1, 3, 8, 8] }]);
  assertEquals(summary.outputs, [{
    ...{ name: "y", type: "float32", kind: "tensor", shape: [1, 1024] },
    ...{ activation: "none", operator: "Clip", feeds: [] },
  }]);
  assertEquals(summary.operators, { Conv: 1, Clip: 1, Reshape: 1, Identity: 1 });
});

Deno.test("decodeOnnx() refuses what is not an ONNX model", () => {
  assertThrows(() => inspectOnnx(new Uint8Array()), SyntaxError, "no graph");
  const text = (content: string) => new TextEncoder().encode(content);
  const others: [Uint8Array, string][] = [
    [text("<html>"), "it is a web page"],
    [
      text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
      "it is a pointer of Git LFS, not the file",
    ],
    [text("PK\x03\x04 archive/data.pkl"), "it is a zip archive, such as a PyTorch file"],
    [Uint8Array.of(0x80, 2, 0x7d, 0x71), "it is a pickle, such as a PyTorch file"],
    [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "it is an image"],
    [text("hello"), "it is a text"],
    [Uint8Array.of(1, 2, 3), "the bytes are not a protobuf message"],
  ];
  for (const [bytes, message] of others) {
    assertThrows(() => inspectOnnx(bytes), SyntaxError, `Cannot read ONNX model: ${message}`);
  }
  assertThrows(() => decodeOnnx(encodeOnnx(sample()).slice(0, 900)), SyntaxError);
});

Deno.test("decodeOnnx() refuses external data that point outside the model's folder", () => {
  const b = createBuilder("hostile");
  b.output(b.add(b.input("x", "float32", [1]), b.weight("w", [1])), "y");
  const graph = b.build();
  for (const file of ["../secret", "/etc/passwd", "a/../../b"]) {
    const data = { kind: "external", file, offset: 0, length: 4 } as const;
    const w = { ...graph.initializers.get("w")!, data };
    const bytes = encodeOnnx({ ...graph, initializers: new Map([["w", w]]) });
    assertThrows(() => decodeOnnx(bytes), SyntaxError, "outside the model's folder");
  }
});
