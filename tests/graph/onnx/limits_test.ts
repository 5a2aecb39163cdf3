import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
} from "onnx-buf";
import { assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../../src/graph/builder.ts";
import { encodeOnnx, inspectOnnx } from "../../../src/graph/onnx_file.ts";
import { decodeOnnx } from "../../support/decode_onnx.ts";

/** A file whose only node is a Constant; its tensor has this name, or lies at this place in a file beside it. */
function constantFile(tensor: { readonly name?: string; readonly offset?: string }): Uint8Array {
  const { name = "t", offset } = tensor;
  const external = offset === undefined ? {} : {
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [{ key: "location", value: "w.bin" }, { key: "offset", value: offset }].map((entry) =>
      create(StringStringEntryProtoSchema, entry)
    ),
  };
  const t = create(TensorProtoSchema, {
    name,
    dims: [1n],
    dataType: TensorProto_DataType.FLOAT,
    ...external,
  });
  const attribute = create(AttributeProtoSchema, {
    name: "value",
    type: AttributeProto_AttributeType.TENSOR,
    t,
  });
  const node = create(NodeProtoSchema, { opType: "Constant", output: ["y"], attribute: [attribute] });
  const graph = create(GraphProtoSchema, { name: "g", node: [node] });
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph }));
}

/** A file of one operator, whose names are these. */
function file(
  names: { readonly graph?: string; readonly input?: string; readonly rank?: number },
): Uint8Array {
  const { graph = "g", input = "x", rank = 1 } = names;
  const b = createBuilder(graph);
  b.output(b.relu(b.input(input, "float32", new Array(rank).fill(1))), "y");
  return encodeOnnx(b.build());
}

Deno.test("checkLimits() refuses names that could write on a terminal, and tensors of a hundred dimensions", () => {
  assertEquals(inspectOnnx(file({ graph: "model/Größe.1", input: "/layer/x:0" })).inputs.length, 1);
  const refused: [Parameters<typeof file>[0], string][] = [
    [{ graph: "a\nb" }, "Cannot read ONNX model: the name a�b has control characters"],
    [{ input: "x\x1b[2J" }, "Cannot read ONNX model: the name x�[2J has control characters"],
    [{ input: "x".repeat(5000) }, "Cannot read ONNX model: a name has 5000 characters: xxx"],
    [{ rank: 100 }, "Cannot read ONNX model: x has 100 dimensions"],
  ];
  for (const [names, message] of refused) {
    const bytes = file(names);
    for (const read of [inspectOnnx, decodeOnnx]) assertThrows(() => read(bytes), SyntaxError, message);
  }
});

Deno.test("checkLimits() looks at the tensors of attributes as well", () => {
  const refused = [constantFile({ name: "a\0b" }), constantFile({ offset: "1\x1b[2J" })];
  const messages = ["the name a�b has control characters", "the name 1�[2J has control characters"];
  for (const [index, bytes] of refused.entries()) {
    for (const read of [inspectOnnx, decodeOnnx]) {
      assertThrows(() => read(bytes), SyntaxError, messages[index]!);
    }
  }
});
