/**
 * Moves external data into an .onnx file, for runtimes that cannot take them separately. The graph is not read, so
 * unknown operators stay unchanged.
 *
 * @module
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type TensorProto, TensorProto_DataLocation } from "onnx-buf";
import { type ByteSource, toByteSource } from "../../bytes/byte_source.ts";
import { tensorData } from "./tensors.ts";
import { appendedInitializer, joined } from "./write.ts";

/**
 * The same model with its external data inside.
 *
 * @param files Contents of the external files by the names that the model uses.
 * @throws {TypeError} When a file is not given.
 * @throws {RangeError} When a tensor lies outside its file.
 */
export function inlineExternalData(
  model: Uint8Array,
  files: ReadonlyMap<string, ByteSource | Uint8Array>,
): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, model);
  const graph = proto.graph!;
  const inside: TensorProto[] = [];
  const heavy: { tensor: TensorProto; bytes: Uint8Array }[] = [];
  for (const tensor of graph.initializer) {
    const { data } = tensorData(tensor);
    if (data.kind !== "external") {
      inside.push(tensor);
      continue;
    }
    const file = files.get(data.file);
    if (file === undefined) {
      throw new TypeError(`Cannot open the model: its external data ${data.file} are not given`);
    }
    const source = toByteSource(file);
    const bytes = source.read(data.offset, data.length);
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
    heavy.push({ tensor, bytes });
  }
  graph.initializer = inside;
  return joined([toBinary(ModelProtoSchema, proto), ...heavy.flatMap(appendedInitializer)]);
}
