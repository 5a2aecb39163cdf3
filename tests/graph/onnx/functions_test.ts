import { assertEquals, assertThrows } from "@std/assert";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  FunctionProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { readOnnx } from "../../../src/graph/onnx/read.ts";

const call = (opType: string, input: string[], output: string[], domain = "own") =>
  create(NodeProtoSchema, { opType, input, output, domain });

const own = (name: string, node: ReturnType<typeof call>[]) =>
  create(FunctionProtoSchema, { name, domain: "own", input: ["x"], output: ["y"], node });

function fileWith(functions: ReturnType<typeof own>[]): Uint8Array {
  const tensorType = create(TypeProto_TensorSchema, { elemType: 1, shape: create(TensorShapeProtoSchema) });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } });
  const value = (name: string) => create(ValueInfoProtoSchema, { name, type });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: 18n })],
      functions,
      graph: create(GraphProtoSchema, {
        name: "file",
        input: [value("image")],
        output: [value("scores")],
        node: [call("First", ["image"], ["scores"])],
      }),
    }),
  );
}

Deno.test("readOnnx() puts a function in place of its call, with names of the call's own", () => {
  const inside = own("First", [
    call("Relu", ["x"], ["scores"], ""),
    call("Add", ["scores", "x"], ["y"], ""),
  ]);
  const { nodes, outputs } = readOnnx(fileWith([inside]));
  assertEquals(nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs]), [
    ["Relu", ["image"], ["scores/scores"]],
    ["Add", ["scores/scores", "image"], ["scores"]],
  ]);
  assertEquals(outputs, ["scores"]);
});

Deno.test("readOnnx() refuses functions that call themselves, or that double each other without end", () => {
  const itself = own("First", [call("First", ["x"], ["y"])]);
  assertThrows(() => readOnnx(fileWith([itself])), SyntaxError, "its function First calls itself");
  // Each calls the next one twice: 2^40 nodes.
  const chain = Array.from({ length: 40 }, (_, i) => {
    const next = `F${i + 1}`;
    return own(i === 0 ? "First" : `F${i}`, [call(next, ["x"], ["t"]), call(next, ["t"], ["y"])]);
  });
  assertThrows(() => readOnnx(fileWith(chain)), SyntaxError, "its functions make more than 131072 nodes");
});
