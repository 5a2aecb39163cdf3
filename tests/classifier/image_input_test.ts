import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  checkSize,
  describeInput,
  findImageInput,
  type OnnxPreprocessing,
} from "../../src/classifier/onnx/image_input.ts";
import { inputTensor } from "../../src/classifier/onnx/input_tensor.ts";
import type { DataType } from "../../src/graph/types.ts";

/** Four pixels: black, white, and two colours; red, green and blue apart. */
const PICTURE = Float32Array.of(0, 1, 0.2, 0.4, 0, 1, 0.6, 0.5, 0, 1, 0.8, 0.1);

function input(
  shape: readonly (number | string)[],
  asked: OnnxPreprocessing = {},
  type: DataType = "float32",
) {
  return describeInput("net", { name: "x", type, shape }, asked);
}

function fed(shape: readonly (number | string)[], asked: OnnxPreprocessing = {}, type: DataType = "float32") {
  return inputTensor(input(shape, asked, type), [PICTURE]);
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[]) {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(actual[i]!, value, 1e-5));
}

const PLAIN = { mean: [0], std: [1] };

Deno.test("inputTensor() lays channels out as the input has them", () => {
  assertClose(fed([1, 3, 2, 2], PLAIN).data as Float32Array, [...PICTURE]);
  const last = fed(["N", 2, 2, 3], PLAIN);
  assertEquals(last.shape, [1, 2, 2, 3]);
  assertClose(last.data as Float32Array, [0, 0, 0, 1, 1, 1, 0.2, 0.6, 0.8, 0.4, 0.5, 0.1]);
  const swapped = fed([1, 2, 2, 3], { ...PLAIN, channels: "BGR" });
  assertClose(swapped.data as Float32Array, [0, 0, 0, 1, 1, 1, 0.8, 0.6, 0.2, 0.1, 0.5, 0.4]);
  const grey = fed([1, 1, 2, 2]);
  assertClose(grey.data as Float32Array, [0, 1, 0.2 * 0.299 + 0.6 * 0.587 + 0.8 * 0.114, 0.4245]);
});

Deno.test("inputTensor() normalises in the range and the order that the caller names", () => {
  const imagenet = fed([1, 3, 2, 2]).data as Float32Array;
  assertClose([imagenet[0]!, imagenet[5]!], [-0.485 / 0.229, (1 - 0.456) / 0.224]);
  const caffe = fed([1, 3, 2, 2], { range: [0, 255], mean: [104, 117, 123], channels: "BGR" });
  // Blue comes first, and the means are in that order.
  assertClose(caffe.data as Float32Array, [
    ...[-104, 151, 100, -78.5],
    ...[-117, 138, 36, 10.5],
    ...[-123, 132, -72, -21],
  ]);
  assertClose(fed([1, 3, 2, 2], { range: [-1, 1] }).data as Float32Array, [...PICTURE].map((p) => 2 * p - 1));
  // ImageNet's numbers are red's, green's and blue's wherever these lie.
  const reversed = fed([1, 3, 2, 2], { channels: "BGR" }).data as Float32Array;
  assertClose(reversed.slice(8), [...imagenet.slice(0, 4)]);
});

Deno.test("inputTensor() narrows to bytes and to float16", () => {
  const bytes = fed([1, 2, 2, 3], {}, "uint8");
  assertEquals(bytes.data, Uint8Array.of(0, 0, 0, 255, 255, 255, 51, 153, 204, 102, 128, 26));
  const half = fed([1, 3, 2, 2], PLAIN, "float16");
  assertEquals((half.data as Uint16Array).slice(0, 2), Uint16Array.of(0, 0x3c00));
});

Deno.test("inputTensor() fills a fixed batch with the last picture", () => {
  const { shape, data } = inputTensor(input([3, 1, 2, 2], PLAIN), [PICTURE, PICTURE.map((p) => 1 - p)], 3);
  assertEquals(shape, [3, 1, 2, 2]);
  assertClose((data as Float32Array).slice(4, 8), [...(data as Float32Array).slice(8)]);
});

Deno.test("describeInput() takes size and layout from the file, else from the caller", () => {
  assertEquals(input([1, 3, 96, 96]).preprocessing.crop, 96);
  assertEquals(input([1, 3, 96, 96]).preprocessing.resize, 110);
  assertEquals(input(["N", 3, "H", "W"], { size: 64, resize: 64 }).preprocessing.resize, 64);
  assertEquals(input(["N", "C", "H", "W"]).layout, "NCHW");
  assertEquals(input(["N", "H", "W", "C"], { layout: "NHWC" }).layout, "NHWC");
  assertEquals([input([8, 3, 4, 4]).batch, input(["N", 3, 4, 4]).batch], [8, undefined]);
});

for (
  const [shape, asked, error, message] of [
    [[1, 5, 8, 8], {}, TypeError, "does not have one, three or four channels of colour"],
    [[1, 3, 8, 9], { size: 8 }, RangeError, "x [1, 3, 8, 9] does not take size 8"],
    [[1, 3, 8, 9], { size: [8, 9] }, RangeError, "x [1, 3, 8, 9] does not take size 8 x 9"],
    [["N", 3, "H", "W"], { size: [8, 0] }, RangeError, "the size 8 x 0 is not a whole number"],
    [[1, 3, 8, 8], { fit: "letterbox", resize: 9 }, RangeError, "it takes no other short side"],
    [[1, 3, 8, 8], { fill: 3 }, RangeError, "only a letterbox is filled"],
    [[1, 3, 8, 8], { fit: "letterbox", fill: 256 }, RangeError, "fill 256 is not within 0 to 255"],
    [[1, 4, 8, 8], { std: [1, 2] }, RangeError, "std 1, 2 is not one, three or four numbers"],
    [[1, 3, 8, 8], { size: 9 }, RangeError, "does not take size 9"],
    [[1, 3, 8, 8], { resize: 7 }, RangeError, "the short side 7 must be"],
    [[1, 3, 8, 8], { layout: "NHWC" }, RangeError, "is not laid out as NHWC"],
    [[1, 3, 8, 8], { range: [1, 1] }, RangeError, "the range 1 to 1 is empty"],
    [[1, 3, 8, 8], { std: [1, 0, 1] }, RangeError, "std 1, 0, 1 is not one or three numbers"],
    [[1, 3, 8, 8], { mean: [1, 2] }, RangeError, "mean 1, 2 is not one or three numbers"],
  ] as const
) {
  Deno.test(`describeInput() refuses [${shape}] with ${JSON.stringify(asked)}`, () => {
    assertThrows(() => input(shape, asked as OnnxPreprocessing), error, message);
  });
}

Deno.test("describeInput() refuses inputs of other types; findImageInput() none and several", () => {
  assertThrows(
    () => input([1, 3, 8, 8], {}, "bool"),
    TypeError,
    "is bool, not float32, float16, float64, uint8",
  );
  const x = { name: "x", type: "float32", shape: [1, 3, 8, 8] } as const;
  const flat = { name: "flat", type: "float32", shape: [1, 10] } as const;
  assertEquals(findImageInput("net", [flat, x]), x);
  for (const inputs of [[x, { ...x, name: "y" }], [flat], []]) {
    assertThrows(() => findImageInput("net", inputs), TypeError, "it needs one 4-D image input");
  }
});

Deno.test("describeInput() crops to sides that differ, and marks a size that nothing says", () => {
  const { preprocessing, sizeOpen } = input([1, 3, 48, 96]);
  assertEquals([preprocessing.crop, preprocessing.width, preprocessing.resize, sizeOpen], [
    48,
    96,
    55,
    false,
  ]);
  assertEquals(input([1, 48, 96, 3]).preprocessing.width, 96);
  assertEquals(input([1, 3, "H", 64]).preprocessing.crop, 64);
  assertEquals(input(["N", 3, "H", "W"]).sizeOpen, true);
  assertEquals(input([1, 3, 64, 64], { fit: "squash" }).preprocessing.resize, 64);
  assertEquals("width" in input([1, 3, 64, 64]).preprocessing, false);
});

Deno.test("checkSize() leaves no size to guess, but ImageNet's for 1000 classes", () => {
  const declared = { name: "x", type: "float32", shape: ["N", 3, "H", "W"] } as const;
  const open = describeInput("net", declared);
  assertThrows(() => checkSize("net", open, declared, 10), RangeError, "x [N, 3, H, W] leaves the size open");
  checkSize("net", open, declared, 1000);
  checkSize("net", describeInput("net", declared, { size: 32 }), declared, 10);
});
