import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { addNoise, imputeLinear } from "../../src/faithfulness/imputation.ts";
import { createGenerator } from "../../src/random/generator.ts";
import { hexDigest } from "../support/digest.ts";
import { seededImage, uniforms } from "../support/seeded_weights.ts";
import { answers } from "./fixture.ts";

const SIDE = 224;

function mask(name: string): Uint8Array {
  const scattered = uniforms("missing", SIDE * SIDE, name === "few" ? 2 : 1);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    switch (name) {
      case "disk":
        return (2 * x - SIDE + 1) ** 2 + (2 * y - SIDE + 1) ** 2 < 0.8912 * SIDE * SIDE ? 1 : 0;
      case "rows":
        return i < 0.7 * SIDE * SIDE ? 1 : 0;
      default:
        return scattered[i]! < (name === "few" ? 0.1 : 0.7) ? 1 : 0;
    }
  });
}

for (const [name, { missing, places, values }] of Object.entries(answers().imputations)) {
  Deno.test(`imputeLinear() agrees with scipy's spsolve to 1e-5 (${name}, ${missing} of 224 x 224 missing)`, () => {
    const picture = seededImage(3);
    const holes = mask(name);
    assertEquals(holes.reduce((sum, hole) => sum + hole, 0), missing);
    const filled = imputeLinear(picture, holes, SIDE, SIDE);
    let worst = 0;
    for (let colour = 0; colour < 3; colour++) {
      places.forEach((place, index) => {
        worst = Math.max(worst, Math.abs(filled[colour * SIDE * SIDE + place]! - values[colour]![index]!));
      });
    }
    assert(worst < 1e-5, `worst error ${worst}`);
    assert(filled.every((value, i) => holes[i % (SIDE * SIDE)] === 1 || value === picture[i]));
  });
}

/** Residual of the system at every missing pixel, straight from its definition. */
function residual(filled: Float32Array, holes: Uint8Array, width: number, height: number): number {
  const area = width * height;
  let worst = 0;
  for (let i = 0; i < 3 * area; i++) {
    if (holes[i % area] === 0) continue;
    const [x, y] = [i % width, Math.floor(i % area / width)];
    let [sum, weights] = [0, 0];
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        const inside = x + dx >= 0 && y + dy >= 0 && x + dx < width && y + dy < height;
        if (!inside || (dx === 0 && dy === 0)) continue;
        const weight = dx === 0 || dy === 0 ? 1 / 6 : 1 / 12;
        sum += weight * filled[i + dy * width + dx]!;
        weights += weight;
      }
    }
    worst = Math.max(worst, Math.abs(filled[i]! - sum / weights));
  }
  return worst;
}

for (const [width, height] of [[1, 5], [5, 1], [2, 2], [3, 7], [37, 12], [64, 65], [4, 100]] as const) {
  Deno.test(`imputeLinear() solves its system on ${width} x ${height}, borders and corners missing`, () => {
    const picture = seededImage(width, [1, 3, height, width]);
    for (const share of [0.3, 0.9]) {
      const holes = Uint8Array.from(uniforms("holes", width * height, height), (u) => u < share ? 1 : 0);
      holes.set([1], 0);
      holes[holes.length - 1] = 0;
      assert(residual(imputeLinear(picture, holes, width, height), holes, width, height) < 1e-6);
    }
  });
}

Deno.test("imputeLinear() fills everything from a single known pixel with its colour", () => {
  const picture = new Float32Array(3 * 400).fill(0.9);
  const holes = new Uint8Array(400).fill(1);
  holes[123] = 0;
  [0.1, 0.5, 0.7].forEach((value, colour) => picture[colour * 400 + 123] = value);
  const filled = imputeLinear(picture, holes, 20, 20);
  filled.forEach((value, i) => assertAlmostEquals(value, [0.1, 0.5, 0.7][Math.floor(i / 400)]!, 1e-5));
});

Deno.test("imputeLinear() keeps a plane in the middle of a plane", () => {
  const picture = Float32Array.from(
    { length: 3 * 900 },
    (_, i) => (i % 30) / 60 + Math.floor(i % 900 / 30) / 90,
  );
  const holes = Uint8Array.from(
    { length: 900 },
    (_, i) => Math.hypot(i % 30 - 15, Math.floor(i / 30) - 14) < 9 ? 1 : 0,
  );
  const filled = imputeLinear(picture, holes, 30, 30);
  filled.forEach((value, i) => assertAlmostEquals(value, picture[i]!, 1e-5));
});

Deno.test("imputeLinear() fills each colour from itself and knows what it cannot do", () => {
  // A tool once indexed all channels by one picture's pixels: here each colour is flat, and stays so.
  const picture = Float32Array.from({ length: 3 * 16 }, (_, i) => [0.2, 0.4, 0.8][Math.floor(i / 16)]!);
  const holes = new Uint8Array(16).map((_, i) => i % 3 === 0 ? 1 : 0);
  imputeLinear(picture, holes, 4, 4).forEach((value, i) => assertAlmostEquals(value, picture[i]!, 1e-6));
  assertEquals(imputeLinear(picture, new Uint8Array(16), 4, 4), picture);
  assertThrows(() => imputeLinear(picture, new Uint8Array(16).fill(1), 4, 4), RangeError, "all 16 pixels");
  assertThrows(() => imputeLinear(picture, holes, 4, 5), TypeError, "3 x 5 x 4 pixels");
});

Deno.test("addNoise() has the deviation of each colour, at missing pixels only, from its seed", () => {
  const area = 20000;
  const holes = Uint8Array.from({ length: area }, (_, i) => i % 2);
  const noisy = (seed: number) => {
    const pixels = new Float32Array(3 * area).fill(0.5);
    addNoise(pixels, holes, [0.01, 0.02, 0], createGenerator(seed));
    return pixels;
  };
  const pixels = noisy(1);
  for (const [colour, deviation] of [0.01, 0.02, 0].entries()) {
    let sum = 0;
    for (let i = 0; i < area; i++) {
      const apart = pixels[colour * area + i]! - 0.5;
      if (holes[i] === 0) assertEquals(apart, 0);
      sum += apart * apart;
    }
    assertAlmostEquals(Math.sqrt(sum / (area / 2)), deviation, 0.05 * deviation);
  }
  assertEquals(noisy(1), pixels);
  assert(noisy(2).some((value, i) => value !== pixels[i]));
});

Deno.test("imputeLinear() gives the bits that it gave before its loops were rewritten", async () => {
  const [width, height] = [53, 41];
  const pixels = uniforms("linear", 3 * width * height, 2);
  const digests: string[] = [];
  for (const share of [0.1, 0.5, 0.9]) {
    const missing = Uint8Array.from(uniforms("holes", width * height, 3), (u) => Number(u < share));
    const filled = imputeLinear(Float32Array.from(pixels), missing, width, height);
    digests.push((await hexDigest(new Uint8Array(filled.buffer as ArrayBuffer))).slice(0, 16));
  }
  assertEquals(digests, ["5f18fe3d92efe951", "ee94cf6f62d057ff", "77a92f84ce68a355"]);
});
