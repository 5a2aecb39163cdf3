import { assertEquals, assertThrows } from "@std/assert";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { readFloat32, type TensorEntry } from "../../src/weights/tensor_table.ts";

function entry(rest: Partial<TensorEntry>): TensorEntry {
  return { name: "t", type: "float32", shape: [2, 3], offset: 0, length: 24, ...rest };
}

Deno.test("readFloat32() brings strided tensors into C order", () => {
  const bytes = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);
  assertEquals([...readFloat32(bytes, entry({}))], [0, 1, 2, 3, 4, 5]);
  assertEquals([...readFloat32(bytes, entry({ strides: [1, 2] }))], [0, 2, 4, 1, 3, 5], "transposed");
  const broadcast = entry({ shape: [2, 2], strides: [0, 1], offset: 4, length: 8 });
  assertEquals([...readFloat32(toByteSource(bytes), broadcast)], [1, 2, 1, 2], "a stride of zero repeats");
  assertEquals([...readFloat32(bytes, entry({ shape: [], offset: 20, length: 4, strides: [] }))], [5]);
});

Deno.test("readFloat32() names the tensor that lies outside its file or holds no floating-point numbers", () => {
  assertThrows(
    () => readFloat32(new Uint8Array(20), entry({})),
    RangeError,
    "Cannot read tensor t: bytes 0 to 24 of 20",
  );
  assertThrows(() => readFloat32(new Uint8Array(24), entry({ type: "int32" })), TypeError, "it holds int32");
});
