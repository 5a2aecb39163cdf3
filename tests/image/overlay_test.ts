import { assert, assertEquals, assertRejects } from "@std/assert";
import { scaleColours } from "../../src/image/map_colours.ts";
import { renderOverlay } from "../../src/image/overlay.ts";
import type { RgbImage } from "../../src/image/types.ts";

function flat(width: number, height: number, colour: readonly number[]): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).map((_, i) => colour[i % 3]!) };
}

function pixel({ width, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

/** A map that is 0 in its left half and 1 in its right half. */
const MAP = { width: 8, height: 8, values: Float32Array.from({ length: 64 }, (_, i) => i % 8 < 4 ? 0 : 1) };

Deno.test("renderOverlay() darkens the photo a little where the map is 0, colours it where it is 1, and dims it outside", async () => {
  const photo = flat(600, 400, [120, 120, 120]);
  const window = { x: 100, y: 0, width: 400, height: 400 };
  const drawn = await renderOverlay(photo, MAP, window, { caption: "grey 50.0 %", opacity: 0.5 });
  assertEquals(drawn.width, 600);
  assert(drawn.height > 400);
  // 0.3 of inferno's first colour (0, 0, 4): opacity starts at 0.6 of the strongest.
  assertEquals(pixel(drawn, 120, 200), [84, 84, 85]);
  // Half photo, half inferno's last colour (252, 255, 164).
  assertEquals(pixel(drawn, 480, 200), [186, 188, 142]);
  assertEquals(pixel(drawn, 50, 200), [34, 34, 34]);
  // The edge of the window.
  assertEquals(pixel(drawn, 99, 200), [232, 234, 238]);
});

Deno.test("renderOverlay() keeps the size of the image when it is told to", async () => {
  for (const [width, height] of [[2400, 300], [400, 60]] as const) {
    const window = { x: 0, y: 0, width: height, height };
    const drawn = await renderOverlay(flat(width, height, [9, 9, 9]), MAP, window, {
      caption: "a",
      full: true,
    });
    assertEquals(drawn.width, width);
    assert(drawn.height > height);
  }
});

Deno.test("renderOverlay() brings any size into its bounds and keeps the proportions", async () => {
  const sizes: [number, number, number, number][] = [
    // Photo, then the drawn photo's long and short side.
    [60, 36, 480, 288],
    [1, 1, 480, 480],
    [2400, 1200, 1600, 800],
    [1000, 700, 1000, 700],
    [1, 10000, 1600, 1],
    [10000, 1, 1600, 1],
  ];
  for (const [width, height, long, short] of sizes) {
    const window = { x: 0, y: 0, width, height };
    const { width: drawnWidth, height: drawnHeight, data } = await renderOverlay(
      flat(width, height, [90, 90, 90]),
      MAP,
      window,
      {
        caption: "thing 1.0 %",
        subtitle: "untrained head",
      },
    );
    assertEquals(data.length, drawnWidth * drawnHeight * 3);
    assertEquals(drawnWidth, Math.max(320, width >= height ? long : short));
    const strip = drawnHeight - (width >= height ? short : long);
    assert(strip > 80 && strip < 220, `${width} x ${height}: the strip is ${strip} high`);
  }
});

Deno.test("renderOverlay() draws the colour bar as the map looks over grey, from end to end", async () => {
  const drawn = await renderOverlay(flat(500, 300, [0, 0, 0]), MAP, { x: 0, y: 0, width: 500, height: 300 }, {
    caption: "x",
    colours: "viridis",
  });
  const colours = new Set<string>();
  for (let y = 300; y < drawn.height; y++) {
    for (let x = 0; x < drawn.width; x++) colours.add(pixel(drawn, x, y).join());
  }
  const scale = scaleColours(500 - 2 * 18, { colours: "viridis" });
  const missing = Array.from({ length: scale.length / 3 }, (_, i) => scale.subarray(3 * i, 3 * i + 3).join())
    .filter((colour) => !colours.has(colour));
  assertEquals(missing.length, 0);
});

Deno.test("renderOverlay() keeps long captions inside the picture, with their probability", async () => {
  const caption = `${"very ".repeat(60)}long name 12.3 %`;
  const window = { x: 0, y: 0, width: 480, height: 300 };
  const drawn = await renderOverlay(flat(480, 300, [0, 0, 0]), MAP, window, { caption });
  const background = pixel(drawn, 1, drawn.height - 1);
  for (let y = 300; y < drawn.height; y++) {
    for (const x of [0, 3, 8, drawn.width - 9, drawn.width - 4, drawn.width - 1]) {
      assertEquals(pixel(drawn, x, y), background, `text at ${x}, ${y}`);
    }
  }
});

Deno.test("renderOverlay() rejects a map whose size is not its values'", async () => {
  const map = { width: 3, height: 3, values: new Float32Array(8) };
  await assertRejects(
    () => renderOverlay(flat(9, 9, [0, 0, 0]), map, { x: 0, y: 0, width: 9, height: 9 }, { caption: "" }),
    TypeError,
    "3 x 3 does not hold 8 values",
  );
});

Deno.test("renderOverlay() of a contrast covers both sides of zero and names both classes at the bar's ends", async () => {
  const photo = flat(600, 400, [120, 120, 120]);
  const window = { x: 0, y: 0, width: 600, height: 400 };
  const values = Float32Array.from({ length: 64 }, (_, i) => i % 8 < 3 ? -1 : i % 8 < 5 ? 0 : 1);
  const of = (contrast: { for: string; against: string }) =>
    renderOverlay(photo, { width: 8, height: 8, values }, window, {
      caption: "cat 50.0 %",
      opacity: 1,
      contrast,
    });
  const drawn = await of({ for: "cat", against: "dog" });
  const [blue, none, orange] = [pixel(drawn, 50, 200), pixel(drawn, 300, 200), pixel(drawn, 550, 200)];
  assertEquals(none, [120, 120, 120]);
  assert(blue[2]! > blue[0]! + 60 && orange[0]! > orange[2]! + 60, `${blue} ${orange}`);
  // Another name draws another legend; names too long for it end in an ellipsis and leave the rest as it is.
  const other = await of({ for: "cat", against: "wolf" });
  const differing = drawn.data.findIndex((value, i) => value !== other.data[i]);
  assert(differing > 3 * 600 * 400, "the names are below the photo");
  const long = await of({ for: "cat".repeat(40), against: "dog".repeat(40) });
  assertEquals([long.width, long.height], [drawn.width, drawn.height]);
});

Deno.test("renderOverlay() says whether the map has its own scale", async () => {
  const photo = flat(600, 400, [120, 120, 120]);
  const draw = (sharedScale: boolean) =>
    renderOverlay(photo, MAP, { x: 0, y: 0, width: 600, height: 400 }, {
      caption: "cat 50.0 %",
      sharedScale,
    });
  const [own, shared] = [await draw(false), await draw(true)];
  const differing = own.data.findIndex((value, i) => value !== shared.data[i]);
  assert(differing > 3 * 600 * 400, "the words are below the image");
});
