import { assert, assertThrows } from "@std/assert";
import { checkEntries } from "../../src/graph/onnx/check_entries.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx, inspectOnnx } from "../../src/graph/onnx_file.ts";

/** A varint. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

/** A model whose graph consists of a field again and again. */
function graphOf(field: readonly number[], count: number): Uint8Array {
  const head = [0x3a, ...varint(field.length * count)];
  const file = new Uint8Array(head.length + field.length * count);
  file.set(head);
  for (let i = 0; i < count; i++) file.set(field, head.length + i * field.length);
  return file;
}

const TOO_MANY = "more nodes, tensors and numbers than any network";

Deno.test("checkEntries() refuses a small file of millions of nodes, tensors or whole numbers before it is read", () => {
  for (const field of [[0x0a, 0], [0x2a, 0], [0x0a, 4, 0x0a, 0, 0x0a, 0]]) {
    const started = performance.now();
    assertThrows(() => inspectOnnx(graphOf(field, 2_000_000)), SyntaxError, TOO_MANY);
    assert(performance.now() - started < 3000);
  }
  // One tensor of packed int64 numbers, of a byte each.
  const numbers = [0x3a, ...varint(20_000_000)];
  const tensor = new Uint8Array(numbers.length + 20_000_000);
  tensor.set(numbers);
  const head = [0x3a, ...varint(tensor.length + 5), 0x2a, ...varint(tensor.length)];
  const file = new Uint8Array(head.length + tensor.length);
  file.set(head);
  file.set(tensor, head.length);
  assertThrows(() => checkEntries(file), SyntaxError, TOO_MANY);
});

Deno.test("checkEntries() refuses messages that lie in each other without end", () => {
  // A node's attribute holds a graph, which holds a node.
  let inner: number[] = [];
  for (let i = 0; i < 60; i++) {
    const graph = [0x32, ...varint(inner.length), ...inner];
    const attribute = [0x2a, ...varint(graph.length), ...graph];
    inner = [0x0a, ...varint(attribute.length), ...attribute];
  }
  const file = Uint8Array.from([0x3a, ...varint(inner.length), ...inner]);
  assertThrows(() => checkEntries(file), SyntaxError, "more than 100 messages lie in each other");
});

Deno.test("checkEntries() lets real files pass, and leaves malformed ones to the reader", () => {
  const b = createBuilder("m");
  const weights = b.constant("float32", [64, 1000], new Float32Array(64_000));
  b.output(b.matmul(b.input("x", "float32", [1, 64]), weights), "y");
  const whole = encodeOnnx(b.build());
  checkEntries(whole);
  for (let length = 0; length < 200; length++) checkEntries(whole.subarray(0, length));
  checkEntries(new Uint8Array(1000).fill(255));
  checkEntries(new TextEncoder().encode("<html>not a model</html>".repeat(100)));
});
