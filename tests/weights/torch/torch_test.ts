/** Files that PyTorch wrote (tests/fixtures/weights/torch/generate.py), and old forms made by hand. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ByteSource, toByteSource } from "../../../src/bytes/byte_source.ts";
import { readFloat32, type TensorTable } from "../../../src/weights/tensor_table.ts";
import { parseTorch, readTorchCheckpoint } from "../../../src/weights/torch/mod.ts";
import { isKind } from "../../../src/weights/torch/values.ts";
import { archiveOf, floats, join, p, sequenceOf } from "./make_files.ts";

const FOLDER = new URL("../../fixtures/weights/torch/", import.meta.url);

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FOLDER));
}

function numbers(bytes: Uint8Array, table: TensorTable, name: string): number[] {
  return [...readFloat32(bytes, table.tensors.get(name)!)];
}

for (const file of ["plain_zip", "plain_sequence", "plain_protocol_4", "plain_zip64"]) {
  Deno.test(`parseTorch() reads every type, view and shape of ${file}`, () => {
    const bytes = fixture(`${file}.pth`);
    const table = parseTorch(bytes);
    assertEquals(table.metadata, {
      format: "torch",
      form: file === "plain_sequence" ? "pickle sequence" : "zip",
    });
    assertEquals(table.tensors.size, 20);
    for (const name of ["float64", "float32", "float16", "bfloat16"]) {
      assertEquals(table.tensors.get(name)!.type, name);
      assertEquals(numbers(bytes, table, name), [1.5, -2, 0.25], name);
    }
    for (const name of ["int64", "int32", "int16", "int8", "uint8"]) {
      const { type, offset, length, shape } = table.tensors.get(name)!;
      assertEquals([type, shape], [name, [3]]);
      const width = length / 3;
      const values = bytes.slice(offset, offset + length);
      assertEquals([0, 1, 2].map((i) => values[i * width]), [1, 2, 100], name);
      assert(values.every((byte, i) => i % width === 0 || byte === 0));
    }
    const flag = table.tensors.get("bool")!;
    assertEquals([flag.type, ...bytes.subarray(flag.offset, flag.offset + flag.length)], ["bool", 1, 0]);
    assertEquals(table.tensors.get("scalar")!.shape, []);
    assertEquals(numbers(bytes, table, "scalar"), [7.5]);
    assertEquals(table.tensors.get("empty")!.shape, [0, 3]);
    assertEquals(numbers(bytes, table, "empty"), []);
    assertEquals(numbers(bytes, table, "parameter"), [4, 5]);
    assertEquals(numbers(bytes, table, "Grüße"), [1]);

    const base = Array.from({ length: 24 }, (_, i) => i);
    assertEquals(numbers(bytes, table, "base"), base);
    assertEquals(numbers(bytes, table, "rows"), base.slice(6, 18));
    assertEquals(table.tensors.get("rows")!.strides, undefined, "rows lie without gaps");
    assertEquals(
      table.tensors.get("rows")!.offset,
      table.tensors.get("base")!.offset + 24,
      "in base's storage",
    );
    assertEquals(table.tensors.get("transposed")!.strides, [1, 6]);
    assertEquals(
      numbers(bytes, table, "transposed"),
      Array.from({ length: 24 }, (_, i) => (i % 4) * 6 + Math.floor(i / 4)),
    );
    assertEquals(numbers(bytes, table, "column"), [2, 8, 14, 20]);
    assertEquals(numbers(bytes, table, "repeated"), [3, 3, 3, 3, 3, 3]);
    assertEquals(numbers(bytes, table, "alone"), [16]);
    assertEquals(table.tensors.get("alone")!.strides, undefined, "strides of single elements say nothing");
  });
}

for (const form of ["zip", "sequence"]) {
  Deno.test(`parseTorch() finds the weights of a training checkpoint (${form}) and says what it took off`, () => {
    const bytes = fixture(`nested_${form}.pth`);
    const { table, root } = readTorchCheckpoint(bytes);
    assertEquals([...table.tensors.keys()].sort(), ["bias", "weight"]);
    assertEquals([table.metadata["path"], table.metadata["prefix"]], ["state_dict", "module."]);
    assertEquals(numbers(bytes, table, "weight"), [0, 1, 2, 3, 4, 5]);
    assertEquals(numbers(bytes, table, "bias"), [0.5, -0.5]);
    assert(isKind(root, "dict"));
    assertEquals([root.entries.get("epoch"), root.entries.get("best")], [3, 0.75]);
    assertEquals(root.entries.get("large"), 2n ** 70n);
    assert(isKind(root.entries.get("score"), "left out"), "numbers of NumPy are no weights");
    assert(isKind(root.entries.get("array"), "left out"));
    const tuple = root.entries.get("tuple");
    assert(isKind(tuple, "tuple"));
    const plain = [1, "two", null, true, new TextEncoder().encode("bytes")];
    assertEquals(tuple.items.slice(0, 5), plain);
  });

  Deno.test(`parseTorch() reads views into one storage (${form})`, () => {
    const bytes = fixture(`shared_${form}.pth`);
    const table = parseTorch(bytes);
    assertEquals(numbers(bytes, table, "first"), [0, 1, 2, 3]);
    assertEquals(numbers(bytes, table, "second"), [4, 5, 6, 7, 8, 9, 10, 11]);
    const [first, second, whole] = ["first", "second", "whole"].map((name) => table.tensors.get(name)!);
    assertEquals([first!.offset, second!.offset - 16, whole!.length], [whole!.offset, whole!.offset, 48]);
  });

  Deno.test(`readTorchCheckpoint() refuses unknown objects by name, or leaves them out when asked (${form})`, () => {
    const bytes = fixture(`objects_${form}.pth`);
    assertThrows(
      () => parseTorch(bytes, { name: "a.ckpt" }),
      SyntaxError,
      "Cannot read a.ckpt: it asks for __main__.Settings, which is not a tensor",
    );
    const { table, root } = readTorchCheckpoint(bytes, { leaveOut: true });
    assertEquals(numbers(bytes, table, "weight"), [1, 2]);
    assert(isKind(root, "dict"));
    assertEquals(root.entries.get("settings"), { kind: "left out", name: "__main__.Settings" });
  });
}

Deno.test("parseTorch() reads the table alone, however large the tensors are", () => {
  const file = archiveOf(p.dict([p.text("w"), p.tensor("0", [1 << 20], [1], 1 << 20)]), {
    0: new Uint8Array(4 << 20),
  });
  const asked: number[] = [];
  const source: ByteSource = {
    size: file.length,
    read: (offset, length) => {
      asked.push(length);
      return toByteSource(file).read(offset, length);
    },
  };
  assertEquals(parseTorch(source).tensors.get("w")!.length, 4 << 20);
  assert(asked.reduce((sum, length) => sum + length, 0) < 70_000, `${asked}`);
});

Deno.test("parseTorch() reads tensors, parameters and views as PyTorch wrote them before 0.4", () => {
  // Python 2 made ordered dictionaries of a list of pairs, and short texts of bytes.
  const pair = (name: string, value: Uint8Array<ArrayBuffer>) => p.list(join("U", name.length, name), value);
  const storage = (view?: [key: string, start: number, count: number]) =>
    p.storage("FloatStorage", "root", 6, [
      view === undefined ? p.none : p.tuple(p.text(view[0]), p.int(view[1]), p.int(view[2])),
    ]);
  const tensor = (on: Uint8Array<ArrayBuffer>, offset: number, shape: number[], strides: number[]) =>
    p.call(
      p.name("torch._utils", "_rebuild_tensor"),
      on,
      p.int(offset),
      p.tuple(...shape.map(p.int)),
      p.tuple(...strides.map(p.int)),
    );
  const root = p.call(
    p.name("collections", "OrderedDict"),
    p.list(
      pair("plain", tensor(storage(), 0, [2, 3], [3, 1])),
      pair("view", tensor(storage(["view", 2, 4]), 1, [3], [1])),
      pair(
        "parameter",
        p.call(p.name("torch.nn.parameter", "Parameter"), tensor(storage(), 5, [1], [1]), join(0x88)),
      ),
    ),
  );
  const bytes = sequenceOf(root, [["root", 6, floats(0, 1, 2, 3, 4, 5)]]);
  const table = parseTorch(bytes);
  assertEquals(numbers(bytes, table, "plain"), [0, 1, 2, 3, 4, 5]);
  assertEquals(numbers(bytes, table, "view"), [3, 4, 5]);
  assertEquals(numbers(bytes, table, "parameter"), [5]);
});

Deno.test("parseTorch() reads untyped storages, tensors with attributes and any folder name", () => {
  const typed = p.call(
    p.name("torch._utils", "_rebuild_tensor_v3"),
    p.storage("UntypedStorage", "0", 16),
    p.int(1),
    p.tuple(p.int(2)),
    p.tuple(p.int(1)),
    p.false,
    p.call(p.name("collections", "OrderedDict")),
    p.name("torch", "float32"),
  );
  const attributed = p.call(
    p.name("torch._tensor", "_rebuild_from_type_v2"),
    p.name("torch._utils", "_rebuild_tensor_v2"),
    p.name("torch.nn.parameter", "Parameter"),
    p.tuple(
      p.storage("FloatStorage", "1", 1),
      p.int(0),
      p.tuple(p.int(1)),
      p.tuple(p.int(1)),
      p.false,
      p.call(p.name("collections", "OrderedDict")),
    ),
    p.dict([p.text("note"), p.text("kept by its program")]),
  );
  const root = p.dict([p.text("typed"), typed], [p.text("attributed"), attributed], [
    p.text("epoch"),
    p.int(3),
  ]);
  const bytes = archiveOf(root, { 0: floats(1, 2, 3, 4), 1: floats(9) });
  const table = parseTorch(bytes);
  assertEquals(numbers(bytes, table, "typed"), [2, 3]);
  assertEquals(numbers(bytes, table, "attributed"), [9]);
  assertEquals(table.metadata["left_out"], "epoch");
});
