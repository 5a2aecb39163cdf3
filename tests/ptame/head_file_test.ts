import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkHeadFits, readHead, writeHead } from "../../src/ptame/head_file.ts";
import { headParameters } from "../../src/ptame/head.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";

const shape = { channels: [4, 6], sizes: [8, 4], classes: 3 };
const record = {
  name: "test",
  auxiliary: "resnet18",
  backbone: "resnet50",
  trained: true,
  licence: "CC0-1.0",
  training: { steps: 12, data: "none" },
};

Deno.test("writeHead() and readHead() round-trip record and tensors", async () => {
  const tensors = initialParameters(shape, { kind: "default" }, 5);
  const head = await readHead(await writeHead(record, tensors), "test");
  assertEquals(head.record, record);
  assertEquals([head.channels, head.classes], [[4, 6], 3]);
  for (const { name, data } of tensors) {
    assertEquals([...readFloat32(head.bytes, head.file.table.tensors.get(name)!)], [...data]);
  }
  const fuser = tensors.find((tensor) => tensor.name === "fuser.weight")!;
  assertEquals([...head.row(2)], [...fuser.data.subarray(20, 30)]);
  assertThrows(() => head.row(3), RangeError, "3 classes");
});

Deno.test("writeHead() in float16 rounds matrices to the nearest half and keeps vectors", async () => {
  const tensors = initialParameters(shape, { kind: "default" }, 5);
  const fuser = tensors.find((tensor) => tensor.name === "fuser.weight")!;
  // Largest finite half, the tie that goes down to even, the tie that goes up, a subnormal, what becomes zero.
  fuser.data.set([65504, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -24, 2 ** -26, -0.1]);
  const head = await readHead(await writeHead(record, tensors, "float16"), "half");
  assertEquals(
    [...head.row(0).subarray(0, 6)],
    [65504, 1, 1 + 2 ** -9, 2 ** -24, 0, -0.0999755859375],
  );
  for (const { name, data } of tensors) {
    const back = readFloat32(head.bytes, head.file.table.tensors.get(name)!);
    const narrow = headParameters(shape).get(name)!.length > 1;
    back.forEach((value, i) =>
      assertAlmostEquals(value, data[i]!, narrow ? 1e-3 * Math.abs(data[i]!) + 1e-7 : 0)
    );
  }
});

Deno.test("readHead() refuses what is no head, lacks a tensor, or is damaged", async () => {
  await assertRejects(() => readHead(new Uint8Array(4), "x"), SyntaxError, "Cannot read head x");
  const plain = encodeSafetensors([{ name: "a", type: "float32", shape: [1], data: new Uint8Array(4) }]);
  await assertRejects(() => readHead(plain, "x"), SyntaxError, "do not say format ptame-head");
  const tensors = initialParameters(shape, { kind: "default" }, 5);
  const lacking = await writeHead(record, tensors.filter(({ name }) => name !== "bns.1.bias"));
  await assertRejects(() => readHead(lacking, "x"), SyntaxError, "bns.1.bias is missing");
  const wrong = tensors.map((each) =>
    each.name === "bns.0.weight" ? { ...each, shape: [2], data: new Float32Array(2) } : each
  );
  const misshapen = await writeHead(record, wrong);
  await assertRejects(() => readHead(misshapen, "x"), SyntaxError, "bns.0.weight is [2], not [4]");
  const damaged = await writeHead(record, tensors);
  damaged[damaged.length - 3]! ^= 4;
  await assertRejects(() => readHead(damaged, "x"), SyntaxError, "SHA-256");
});

Deno.test("checkHeadFits() names what does not fit", async () => {
  const head = await readHead(await writeHead(record, initialParameters(shape, { kind: "default" })), "x");
  checkHeadFits(head, "resnet18", shape);
  const [wider, more] = [{ ...shape, channels: [4, 7] }, { ...shape, classes: 5 }];
  assertThrows(() => checkHeadFits(head, "resnet18", wider), TypeError, "resnet18 gives 4, 7");
  assertThrows(() => checkHeadFits(head, "resnet18", more), TypeError, "3 classes, the backbone 5");
  assertThrows(
    () => checkHeadFits(head, "other", shape),
    TypeError,
    "it reads resnet18, the auxiliary is other",
  );
});

Deno.test("initialParameters() starts as PyTorch does, or from the classifier's rows", () => {
  const start = new Map(
    initialParameters(shape, { kind: "default" }, 1).map(({ name, data }) => [name, data]),
  );
  const bound = 1 / Math.sqrt(6);
  const weights = start.get("convs.1.weight")!;
  assert(weights.every((value) => Math.abs(value) <= bound));
  assert(Math.max(...weights.map(Math.abs)) > 0.8 * bound);
  assertEquals([...start.get("bns.0.weight")!], [1, 1, 1, 1]);
  const again = initialParameters(shape, { kind: "default" }, 1).find(({ name }) =>
    name === "convs.1.weight"
  )!;
  assertEquals([...again.data], [...weights]);
  const classifier = Float32Array.from({ length: 18 }, (_, i) => i + 1);
  const activation = initialParameters(shape, { kind: "class-activation", classifier });
  const fuser = activation.find(({ name }) => name === "fuser.weight")!;
  assertEquals([...fuser.data.subarray(10, 20)], [0, 0, 0, 0, 7, 8, 9, 10, 11, 12]);
  assert(activation.find(({ name }) => name === "bns.1.weight")!.data.every((value) => value === 0));
  assertThrows(
    () => initialParameters(shape, { kind: "class-activation", classifier: new Float32Array(3) }),
    TypeError,
    "3 weights, not 3 x 6",
  );
});
