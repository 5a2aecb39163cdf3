import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { animationFormat, encodeAnimation } from "../../src/image/animation.ts";
import { renderErasingFrame } from "../../src/image/erasing_frame.ts";
import type { RgbImage } from "../../src/image/types.ts";

function flat(side: number, colour: readonly number[]): RgbImage {
  return { width: side, height: side, data: new Uint8Array(3 * side * side).map((_, i) => colour[i % 3]!) };
}

const FIRST = flat(24, [200, 40, 80]);
const FRAMES = [{ image: FIRST, milliseconds: 250 }, { image: flat(24, [0, 0, 0]), milliseconds: 1500 }];

/** Largest difference between two images. */
function farthest(a: RgbImage, b: RgbImage): number {
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}

Deno.test("encodeAnimation() writes frames with their times as GIF, which repeats, and the first reads as it was", async () => {
  const bytes = await encodeAnimation(FRAMES, "gif");
  assertEquals(new TextDecoder().decode(bytes.subarray(0, 6)), "GIF89a");
  // Graphic control extensions: 21 f9 04, flags, hundredths of a second.
  const delays: number[] = [];
  for (let i = 0; i + 5 < bytes.length; i++) {
    if (bytes[i] === 0x21 && bytes[i + 1] === 0xf9 && bytes[i + 2] === 4) {
      delays.push(bytes[i + 4]! + 256 * bytes[i + 5]!);
    }
  }
  assertEquals(delays, [25, 150]);
  assert(new TextDecoder("latin1").decode(bytes).includes("NETSCAPE2.0"), "it repeats");
  const off = farthest(await decodeImage(bytes), FIRST);
  assert(off <= 8, `off by ${off}`);
});

Deno.test("encodeAnimation() writes frames with their times as WebP, which repeats, and each reads as it was", async () => {
  const bytes = await encodeAnimation(FRAMES, "webp");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const durations: number[] = [];
  let repeats: number | undefined;
  // RIFF, length, WEBP; then chunks, padded to even lengths.
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = new TextDecoder().decode(bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    // Behind position and size, 3 bytes each; behind the background's colour.
    if (kind === "ANMF") durations.push(view.getUint32(at + 8 + 12, true) & 0xffffff);
    if (kind === "ANIM") repeats = view.getUint16(at + 8 + 4, true);
    at += 8 + length + length % 2;
  }
  assertEquals(durations, [250, 1500]);
  assertEquals(repeats, 0, "forever");
  for (const [frame, { image }] of FRAMES.entries()) {
    const off = farthest(await decodeImage(bytes, { frame }), image);
    assert(off <= 8, `frame ${frame} is off by ${off}`);
  }
});

Deno.test("encodeAnimation() refuses frames of different sizes, and none at all", async () => {
  const frames = [8, 9].map((side) => ({ image: flat(side, [0, 0, 0]), milliseconds: 10 }));
  for (const format of ["gif", "webp"] as const) {
    await assertRejects(
      () => encodeAnimation(frames, format),
      RangeError,
      "a frame of 9 x 9 among frames of 8 x 8",
    );
    await assertRejects(() => encodeAnimation([], format), RangeError, "there are no frames");
  }
});

Deno.test("animationFormat() goes by the ending alone", () => {
  assertEquals(["a.gif", "b.WEBP", "c.png", "gif", "d.webp.txt"].map(animationFormat), [
    "gif",
    "webp",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("renderErasingFrame() draws a bar for each step so far, as high as its probability, the last one white", async () => {
  const frame = await renderErasingFrame({
    image: flat(20, [9, 9, 9]),
    label: "a class with a name that is far too long for one line of the frame",
    shown: "50.0 %",
    erased: "50 % erased",
    probabilities: [1, 0.5],
    steps: 4,
  });
  assertEquals(frame.width, 400);
  const bar = (step: number) => {
    const x = 16 + Math.round((step + 0.5) * 92);
    const colours = Array.from({ length: frame.height - 455 }, (_, y) => {
      const at = 3 * ((455 + y) * 400 + x);
      return [...frame.data.subarray(at, at + 3)].join();
    });
    return {
      orange: colours.filter((each) => each === "231,140,60").length,
      white: colours.filter((each) => each === "244,245,247").length,
    };
  };
  assertEquals([bar(0), bar(1), bar(2)].map(({ orange, white }) => [orange, white]), [[64, 0], [0, 32], [
    0,
    0,
  ]]);
});
