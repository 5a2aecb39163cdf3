/** What a safetensors file may and may not say, and that Python's writers and ours agree byte for byte. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeSafetensors, parseSafetensors, streamSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";

/** A file as a writer that checks nothing would make it. */
function fileOf(header: unknown, dataBytes = 0, claimed?: bigint): Uint8Array<ArrayBuffer> {
  const json = typeof header === "string" ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (offsets: unknown, shape: unknown = [2], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: offsets,
});

/**
 * Written by tests/fixtures/weights/make_python_safetensors.py with nothing but Python's struct and json:
 * f32 [2,2], f16 [3] at an odd offset, bf16 [2], f64 [1], i64 scalar, u8 [1], and metadata.
 */
const PYTHON_FILE = Deno.readFileSync(new URL("../fixtures/weights/python.safetensors", import.meta.url));

Deno.test("parseSafetensors() reads what Python's struct has written", () => {
  const { metadata, tensors } = parseSafetensors(PYTHON_FILE);
  assertEquals(metadata, { source: "Python's struct", note: 'Grüße "{}:"' });
  assertEquals([...tensors.keys()], ["byte", "matrix", "halves", "brains", "double", "count"]);
  assertEquals(tensors.get("count")!.shape, []);
  assertEquals(tensors.get("count")!.type, "int64");
  const values = (name: string) => [...readFloat32(PYTHON_FILE, tensors.get(name)!)];
  assertEquals(values("matrix"), [1.5, -2, 0, Math.fround(3.1415927)]);
  assertEquals(values("halves"), [1, -65504, 2 ** -24]);
  assertEquals(values("brains"), [1, -2.5]);
  assertEquals(values("double"), [Math.fround(0.1)]);
  assertThrows(() => values("count"), TypeError, "Cannot read tensor count as float32: it holds int64");
});

Deno.test("readFloat32() gives a view when float32 is aligned and a copy when it is not", () => {
  const data = new Uint8Array(new Float32Array([1, 2]).buffer);
  const bytes = encodeSafetensors([{ name: "a", type: "float32", shape: [2], data }]);
  const a = parseSafetensors(bytes).tensors.get("a")!;
  assert(readFloat32(bytes, a).buffer === bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assertEquals([...readFloat32(shifted.subarray(1), a)], [1, 2]);
  assertThrows(() => readFloat32(bytes.subarray(0, bytes.length - 1), a), RangeError, "Cannot read tensor a");
});

Deno.test("encodeSafetensors() writes what parseSafetensors() reads, every tensor aligned", () => {
  const tensors = [
    { name: "byte", type: "uint8" as const, shape: [3], data: new Uint8Array([1, 2, 3]) },
    { name: "__proto__", type: "float32" as const, shape: [1, 1], data: new Uint8Array(4) },
    { name: "empty", type: "float16" as const, shape: [0, 4], data: new Uint8Array(0) },
    { name: "7", type: "int64" as const, shape: [], data: new Uint8Array(8) },
  ];
  const bytes = encodeSafetensors(tensors, { licence: "MIT" });
  const file = parseSafetensors(bytes);
  assertEquals(file.metadata, { licence: "MIT" });
  assertEquals(file.tensors.size, tensors.length);
  for (const { name, type, shape, data } of tensors) {
    const found = file.tensors.get(name)!;
    assertEquals({ type: found.type, shape: found.shape, length: found.length }, {
      type,
      shape,
      length: data.length,
    });
    assertEquals(bytes.slice(found.offset, found.offset + found.length), data);
  }
  assertEquals(file.tensors.get("7")!.offset % 8, 0);
  assertEquals(file.tensors.get("__proto__")!.offset % 4, 0);
});

Deno.test("encodeSafetensors() refuses repeated names and bytes that do not fit", () => {
  const tensor = { name: "a", type: "float32" as const, shape: [1], data: new Uint8Array(4) };
  assertThrows(() => encodeSafetensors([tensor, tensor]), TypeError, "the name a is repeated");
  assertThrows(() => encodeSafetensors([{ ...tensor, name: "__metadata__" }]), TypeError, "reserved");
  assertThrows(() => encodeSafetensors([{ ...tensor, shape: [2] }]), TypeError, "float32 [2] needs 8");
  assertThrows(() => encodeSafetensors([{ ...tensor, shape: [-1] }]), TypeError, "shape [-1]");
});

Deno.test("streamSafetensors() yields the same bytes as encodeSafetensors()", async () => {
  const data: Record<string, Uint8Array> = { a: new Uint8Array([7]), b: new Uint8Array(8).fill(9) };
  const tensors = [
    { name: "a", type: "bool" as const, shape: [1] },
    { name: "b", type: "float32" as const, shape: [2] },
  ];
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamSafetensors(tensors, (name) => data[name]!)) chunks.push(chunk);
  const streamed = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  assertEquals(
    streamed,
    encodeSafetensors(tensors.map((tensor) => ({ ...tensor, data: data[tensor.name]! }))),
  );
  await assertRejects(
    () => Array.fromAsync(streamSafetensors(tensors, () => new Uint8Array(3))),
    TypeError,
    "tensor b has 3 bytes",
  );
});

Deno.test("parseSafetensors() reads only the header of a source", () => {
  const asked: [number, number][] = [];
  const source = {
    size: PYTHON_FILE.length,
    read: (offset: number, length: number) => {
      asked.push([offset, length]);
      return PYTHON_FILE.subarray(offset, offset + length);
    },
  };
  const file = parseSafetensors(source);
  assertEquals(file, parseSafetensors(PYTHON_FILE));
  assertEquals(asked.length, 2);
  assertEquals(asked[1]![0] + asked[1]![1], file.tensors.values().next().value!.offset);
  assertThrows(() => parseSafetensors({ ...source, size: 3 }), SyntaxError, "3 bytes are too few");
});

const CORRUPT: [what: string, bytes: Uint8Array, error: ErrorConstructor, message: string][] = [
  ["is empty", new Uint8Array(0), SyntaxError, "0 bytes are too few for a header length"],
  ["ends inside the header length", new Uint8Array(7), SyntaxError, "7 bytes are too few"],
  [
    "claims a header longer than itself",
    fileOf({}, 0, 3n),
    RangeError,
    "header length 3 exceeds the file of 10",
  ],
  [
    "claims a huge header",
    fileOf({}, 0, 2n ** 64n - 1n),
    RangeError,
    "18446744073709551615 exceeds the limit",
  ],
  ["has no header", fileOf(""), SyntaxError, "is not JSON"],
  ["is cut off inside the header", fileOf('{"a":{"dtype":"F32"'), SyntaxError, "is not JSON"],
  ["starts with a byte order mark", fileOf("\ufeff{}"), SyntaxError, "is not JSON"],
  ["holds an array", fileOf("[]"), SyntaxError, "is not a JSON object"],
  ["holds null", fileOf("null"), SyntaxError, "is not a JSON object"],
  ["has metadata that are no strings", fileOf({ __metadata__: { a: 1 } }), SyntaxError, "record of strings"],
  ["has a tensor that is no object", fileOf({ a: 3 }), SyntaxError, "tensor a is not an object"],
  ["has an unknown dtype", fileOf({ a: entry([0, 8], [2], "F7") }, 8), SyntaxError, 'unknown dtype "F7"'],
  ["has an inherited name as dtype", fileOf({ a: entry([0, 8], [2], "toString") }, 8), SyntaxError, "dtype"],
  ["has no shape", fileOf({ a: { dtype: "F32", data_offsets: [0, 8] } }, 8), SyntaxError, "shape undefined"],
  ["has a negative dimension", fileOf({ a: entry([0, 8], [-1, -2]) }, 8), SyntaxError, "shape [-1,-2]"],
  ["has a fraction as dimension", fileOf({ a: entry([0, 8], [0.5, 4]) }, 8), SyntaxError, "shape [0.5,4]"],
  ["has a dimension beyond 2^53", fileOf({ a: entry([0, 8], [1e300]) }, 8), SyntaxError, "shape [1e+300]"],
  ["has a product that overflows", fileOf({ a: entry([0, 8], [2 ** 50, 2 ** 50]) }, 8), RangeError, "needs"],
  ["has no offsets", fileOf({ a: { dtype: "F32", shape: [2] } }, 8), SyntaxError, "offsets undefined"],
  ["has three offsets", fileOf({ a: entry([0, 4, 8]) }, 8), SyntaxError, "offsets [0,4,8]"],
  ["has offsets that are text", fileOf({ a: entry(["0", "8"]) }, 8), SyntaxError, 'offsets ["0","8"]'],
  ["has offsets in the wrong order", fileOf({ a: entry([8, 0]) }, 8), RangeError, "bytes 8 to 0 of 8"],
  ["points behind its end", fileOf({ a: entry([0, 8]) }, 7), RangeError, "bytes 0 to 8 of 7"],
  ["has a length unlike its shape", fileOf({ a: entry([0, 8], [3]) }, 8), RangeError, "F32 [3] needs 12"],
  ["overlaps", fileOf({ a: entry([0, 8]), b: entry([4, 12]) }, 12), RangeError, "tensor b at byte"],
  ["repeats bytes", fileOf({ a: entry([0, 8]), b: entry([0, 8]) }, 8), RangeError, "overlaps"],
  ["leaves a gap", fileOf({ a: entry([0, 8]), b: entry([12, 20]) }, 20), RangeError, "leaves a gap"],
  ["starts with a gap", fileOf({ a: entry([4, 12]) }, 12), RangeError, "leaves a gap"],
  ["goes on after the last tensor", fileOf({ a: entry([0, 8]) }, 9), RangeError, "the tensors end at byte"],
  [
    "repeats a tensor's name",
    fileOf(`{"a":${JSON.stringify(entry([0, 8]))}, "\\u0061" : ${JSON.stringify(entry([0, 8]))}}`, 8),
    SyntaxError,
    "the key a is repeated",
  ],
  [
    "repeats a field",
    fileOf('{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}', 8),
    SyntaxError,
    "the key shape is repeated",
  ],
];

for (const [what, bytes, error, message] of CORRUPT) {
  Deno.test(`parseSafetensors() refuses a file that ${what}`, () => {
    assertThrows(() => parseSafetensors(bytes), error, message);
  });
}

Deno.test("parseSafetensors() refuses a header that is not UTF-8", () => {
  const bytes = fileOf('{"a":1}');
  bytes[10] = 0xff;
  assertThrows(() => parseSafetensors(bytes), SyntaxError, "the header is not UTF-8");
});

Deno.test("parseSafetensors() takes a header padded with spaces and a very long note", () => {
  const note = 'x"\\'.repeat(1_000_000);
  assertEquals(parseSafetensors(fileOf(JSON.stringify({ __metadata__: { note } }) + "   ")).metadata, {
    note,
  });
});

Deno.test("parseSafetensors() never points outside a file, whatever bytes of it are changed", () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    const bytes = PYTHON_FILE.slice(0, random(4) === 0 ? random(PYTHON_FILE.length) : PYTHON_FILE.length);
    for (let change = random(3); change >= 0 && bytes.length > 0; change--) {
      bytes[random(bytes.length)] = random(256);
    }
    try {
      for (const { offset, length } of parseSafetensors(bytes).tensors.values()) {
        assert(offset >= 8 && length >= 0 && offset + length <= bytes.length);
      }
    } catch (error) {
      assert(error instanceof SyntaxError || error instanceof RangeError, String(error));
      refused++;
    }
  }
  assert(refused > 2500 && refused < 5000, `${refused} files refused`);
});

Deno.test("parseSafetensors() names what is wrong in one short line, however deep, long or strange it is", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const deep = nested(6);
  const tooDeep = "the header has more than 8 lists and objects inside each other";
  const strange: [string, string][] = [
    [`{"a":{"dtype":${nested(200_000)},"shape":[],"data_offsets":[0,4]}}`, tooDeep],
    [`{"a":[${"0,".repeat(2_000_000)}0]}`, "the header has more than 2000000 values"],
    [`{"a":{"dtype":${deep},"shape":[],"data_offsets":[0,4]}}`, "tensor a has the unknown dtype [[…]]"],
    [`{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`, "tensor a has the shape [[…]]"],
    [`{"a":{"dtype":"F32","shape":[${"1,".repeat(999)}-1],"data_offsets":[0,4]}}`, "1,1,…]"],
    [
      `{"a\\n\\u001b[2Jb":{"dtype":"X\\rY","shape":[],"data_offsets":[0,4]}}`,
      'tensor a��[2Jb has the unknown dtype "X�Y"',
    ],
    [`{"a":{"dtype":{"b":1},"shape":[],"data_offsets":[0,4]}}`, "tensor a has the unknown dtype {…}"],
  ];
  for (const [header, message] of strange) {
    const error = assertThrows(() => parseSafetensors(fileOf(header, 4)), SyntaxError, message);
    assert(error.message.length < 300);
  }
});
