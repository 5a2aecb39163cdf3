import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ColormapName, RISING_COLORMAPS } from "../../src/image/colormap.ts";
import { blend, mapLayer, scaleColours } from "../../src/image/map_colours.ts";
import { renderOverlay } from "../../src/image/overlay.ts";
import type { RgbImage } from "../../src/image/types.ts";

type Linear = readonly [number, number, number];

function linear(code: number): number {
  const value = code / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** CIE L*, 0 to 100, of linear RGB. */
function lightness([red, green, blue]: Linear): number {
  const y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

/** Matrices of linear RGB for readers without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1). */
const EYES: Readonly<Record<string, readonly number[]>> = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function seenBy(eye: string, colour: Linear): Linear {
  const m = EYES[eye]!;
  const row = (i: number) => {
    const value = m[i]! * colour[0] + m[i + 1]! * colour[1] + m[i + 2]! * colour[2];
    return Math.min(Math.max(value, 0), 1);
  };
  return [row(0), row(3), row(6)];
}

/** A photograph whose rows are 52 greys, under a map that rises from left to right. */
function blended(colours: ColormapName, opacity: number): RgbImage {
  const [width, height] = [129, 52];
  const data = new Uint8Array(3 * width * height).map((_, i) => 5 * Math.floor(i / (3 * width)));
  const photo = { width, height, data };
  const values = Float32Array.from({ length: width }, (_, i) => i / (width - 1));
  blend(photo, { width, height: 1, values }, { x: 0, y: 0, width, height }, { colours, opacity });
  return photo;
}

for (const colours of RISING_COLORMAPS) {
  Deno.test(`blend() in ${colours} gets lighter with the map over every grey, for every kind of eye`, () => {
    for (const opacity of [0.4, 0.75, 1]) {
      const { width, height, data } = blended(colours, opacity);
      for (const eye of Object.keys(EYES)) {
        for (let y = 0; y < height; y++) {
          const lights = Array.from({ length: width }, (_, x) => {
            const [red, green, blue] = data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3);
            return lightness(seenBy(eye, [linear(red!), linear(green!), linear(blue!)]));
          });
          const where = `${eye}, opacity ${opacity}, grey ${5 * y}`;
          // 8-bit colours move by a whole step: no eye sees half a unit of L*. Over an eighth of the scale it must rise.
          let highest = -1;
          for (const light of lights) {
            assert(light > highest - 0.9, `${where}: falls by ${highest - light}`);
            highest = Math.max(highest, light);
          }
          for (let x = 16; x < width; x += 16) {
            assert(lights[x]! > lights[x - 16]!, `${where}: ${lights[x - 16]} to ${lights[x]} at ${x}`);
          }
          const [first, last] = [lights[0]!, lights.at(-1)!];
          if (opacity >= 0.75) assert(last - first > 25, `${where}: spans ${last - first}`);
        }
      }
    }
  });
}

Deno.test("blend(), mapLayer() and scaleColours() refuse an opacity that is none", () => {
  const map = { width: 1, height: 1, values: Float32Array.of(1) };
  const photo = { width: 1, height: 1, data: new Uint8Array(3) };
  for (const opacity of [-0.1, 1.1, NaN]) {
    const says = `opacity of ${opacity}: it is a number from 0 to 1`;
    assertThrows(() => blend(photo, map, { x: 0, y: 0, width: 1, height: 1 }, { opacity }), RangeError, says);
    assertThrows(() => mapLayer(map, { opacity }), RangeError, says);
    assertThrows(() => scaleColours(3, { opacity }), RangeError, says);
  }
});

Deno.test("mapLayer() over a grey photograph looks as blend() does", () => {
  const [width, height] = [33, 1];
  const values = Float32Array.from({ length: width }, (_, i) => i / (width - 1));
  for (const signed of [false, true]) {
    const photo = { width, height, data: new Uint8Array(3 * width).fill(150) };
    const map = { width, height, values: signed ? values.map((value) => 2 * value - 1) : values };
    const { data } = mapLayer(map, { signed });
    blend(photo, map, { x: 0, y: 0, width, height }, { signed });
    let worst = 0;
    for (let i = 0; i < width; i++) {
      const alpha = data[4 * i + 3]! / 255;
      for (let c = 0; c < 3; c++) {
        const laid = 150 * (1 - alpha) + data[4 * i + c]! * alpha;
        worst = Math.max(worst, Math.abs(laid - photo.data[3 * i + c]!));
      }
    }
    assert(worst <= 1, `off by ${worst}`);
  }
});

Deno.test("scaleColours() shows the colours that occur over middle grey, the same at any length", () => {
  const photo = { width: 5, height: 1, data: new Uint8Array(15).fill(128) };
  const map = { width: 5, height: 1, values: Float32Array.of(0, 0.25, 0.5, 0.75, 1) };
  blend(photo, map, { x: 0, y: 0, width: 5, height: 1 }, {});
  const scale = scaleColours(5);
  assert(scale.every((value, i) => Math.abs(value - photo.data[i]!) <= 1), `${scale} ${photo.data}`);
  assertEquals(scaleColours(256).subarray(0, 3), scale.subarray(0, 3));
  assertEquals(scaleColours(1).length, 3);
});

Deno.test("renderOverlay() has no colour where the map is lowest, and dims what the classifier did not see", async () => {
  const photo = {
    width: 600,
    height: 400,
    data: new Uint8Array(3 * 600 * 400).map((_, i) => [200, 60, 60][i % 3]!),
  };
  const map = { width: 1, height: 1, values: Float32Array.of(0) };
  const drawn = await renderOverlay(photo, map, { x: 100, y: 0, width: 400, height: 400 }, {
    caption: "red 1.0 %",
  });
  const spread = (x: number) => {
    const pixel = drawn.data.subarray(3 * (200 * 600 + x), 3 * (200 * 600 + x) + 3);
    return { dark: Math.max(...pixel), colour: Math.max(...pixel) - Math.min(...pixel) };
  };
  assert(spread(300).colour <= 4 && spread(50).colour <= 1);
  assert(spread(50).dark < 0.6 * spread(300).dark, "outside is darker");
});
