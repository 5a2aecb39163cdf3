import { assert, assertEquals, assertThrows } from "@std/assert";
import { imputeTelea } from "../../src/faithfulness/telea.ts";
import { hexDigest } from "../support/digest.ts";
import { uniforms } from "../support/seeded_weights.ts";
import { answers } from "./fixture.ts";

const { side: SIDE, filled: FILLED } = answers<{ side: number; filled: Record<string, number[]> }>(
  "telea.json",
);
const AREA = SIDE * SIDE;

function picture(): Float32Array {
  const noise = uniforms("telea", AREA * 3, 0);
  const pixels = new Float32Array(3 * AREA);
  for (let i = 0; i < AREA; i++) {
    for (let colour = 0; colour < 3; colour++) {
      const level = Math.floor(3 * (i % SIDE) + 60 * noise[3 * i + colour]! + 10 * (colour + 1));
      pixels[colour * AREA + i] = level / 255;
    }
  }
  return pixels;
}

function mask(name: string): Uint8Array {
  const chance = uniforms("missing", AREA, name === "scattered" ? 5 : 6);
  return Uint8Array.from({ length: AREA }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    if (name === "disk") return Number((x - 23) ** 2 + (y - 25) ** 2 < 200);
    if (name === "border") return Number(chance[i]! < 0.3 || x + y < 30);
    return Number(chance[i]! < 0.5 && Math.min(x, y) > 6 && Math.max(x, y) < SIDE - 7);
  });
}

/** How many filled values are how far from OpenCV's, in levels. */
function distances(name: string): number[] {
  const holes = mask(name);
  const filled = imputeTelea(picture(), holes, SIDE, SIDE, 3);
  const expected = FILLED[name]!;
  const apart: number[] = [];
  for (let i = 0; i < AREA; i++) {
    if (holes[i] === 0) continue;
    for (let colour = 0; colour < 3; colour++) {
      apart.push(Math.abs(Math.round(255 * filled[colour * AREA + i]!) - expected[apart.length]!));
    }
  }
  assertEquals(apart.length, expected.length);
  return apart;
}

for (const name of ["disk", "scattered"]) {
  Deno.test(`imputeTelea() is OpenCV's to the level on holes away from the borders (${name})`, () => {
    const apart = distances(name);
    // Sums in float32 and float64 may fall on either side of a rounding edge.
    assert(apart.filter((levels) => levels > 0).length <= 0.002 * apart.length, `${Math.max(...apart)}`);
    assert(Math.max(...apart) <= 1);
  });
}

Deno.test("imputeTelea() stays near OpenCV's at the borders, where both read neighbours in their own way", () => {
  const apart = distances("border");
  const mean = apart.reduce((sum, levels) => sum + levels, 0) / apart.length;
  assert(mean < 1, `mean distance ${mean} levels`);
});

Deno.test("imputeTelea() keeps what is known, fills a flat picture flat within a level, and refuses no picture", () => {
  const holes = mask("disk");
  const pixels = picture();
  const filled = imputeTelea(pixels, holes, SIDE, SIDE, 3);
  assert(filled.every((value, i) => holes[i % AREA] === 1 || value === pixels[i]));
  const flat = imputeTelea(new Float32Array(3 * AREA).fill(100 / 255), holes, SIDE, SIDE, 3);
  assert(flat.every((value) => Math.abs(255 * value - 100) <= 1.001));
  assertThrows(
    () => imputeTelea(pixels, new Uint8Array(AREA).fill(1), SIDE, SIDE, 3),
    RangeError,
    "pixels are missing",
  );
});

Deno.test("imputeTelea() takes nothing from what it replaces", () => {
  const holes = mask("border");
  const [pixels, other] = [picture(), picture()];
  for (let i = 0; i < other.length; i++) if (holes[i % AREA] === 1) other[i] = 1;
  assertEquals(imputeTelea(pixels, holes, SIDE, SIDE, 3), imputeTelea(other, holes, SIDE, SIDE, 3));
});

Deno.test("imputeTelea() gives the bits that it gave before its arrays were reused", async () => {
  const digests: Record<string, readonly [string, string]> = {
    disk: ["cdb6d2b1251ff9f4", "8199f31e45bd529e"],
    scattered: ["0873604db89d931d", "e87bf895086b6575"],
    border: ["fb1f99da60b9dbb2", "08101130b66a5d5d"],
  };
  for (const [name, expected] of Object.entries(digests)) {
    for (const [at, radius] of [3, 5].entries()) {
      const filled = imputeTelea(picture(), mask(name), SIDE, SIDE, radius);
      const digest = await hexDigest(new Uint8Array(filled.buffer as ArrayBuffer));
      assertEquals(digest.slice(0, 16), expected[at], `${name}, radius ${radius}`);
    }
  }
});
