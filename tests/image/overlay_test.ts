import { assert, assertEquals, assertRejects } from "@std/assert";
import { renderOverlay } from "../../src/image/overlay.ts";
import { fitText, loadFont, measureText } from "../../src/image/text.ts";
import type { RgbImage } from "../../src/image/types.ts";

function flat(width: number, height: number, colour: readonly number[]): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).map((_, i) => colour[i % 3]!) };
}

function pixel({ width, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

/** A map that is 0 in its left half and 1 in its right half. */
const MAP = { width: 8, height: 8, values: Float32Array.from({ length: 64 }, (_, i) => i % 8 < 4 ? 0 : 1) };

Deno.test("renderOverlay() leaves the photo where the map is 0, colours it where it is 1, greys it outside", async () => {
  const photo = flat(600, 400, [120, 120, 120]);
  const window = { x: 100, y: 0, width: 400, height: 400 };
  const drawn = await renderOverlay(photo, MAP, window, { caption: "grey 50.0 %", opacity: 0.5 });
  assertEquals(drawn.width, 600);
  assert(drawn.height > 400);
  assertEquals(pixel(drawn, 120, 200), [120, 120, 120]);
  // Half photo, half inferno's last colour (252, 255, 164).
  assertEquals(pixel(drawn, 480, 200), [186, 188, 142]);
  assertEquals(pixel(drawn, 50, 200), [60, 60, 60]);
  // The edge of the window.
  assertEquals(pixel(drawn, 99, 200), [232, 234, 238]);
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
    assert(strip > 50 && strip < 200, `${width} x ${height}: the strip is ${strip} high`);
  }
});

Deno.test("renderOverlay() draws the colour bar from the map's first colour to its last", async () => {
  const drawn = await renderOverlay(flat(500, 300, [0, 0, 0]), MAP, { x: 0, y: 0, width: 500, height: 300 }, {
    caption: "x",
    colours: "viridis",
  });
  const colours = new Set<string>();
  for (let y = 300; y < drawn.height; y++) {
    for (let x = 0; x < drawn.width; x++) colours.add(pixel(drawn, x, y).join());
  }
  assert(colours.has("68,1,84") && colours.has("253,231,37"));
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

Deno.test("fitText() shortens with an ellipsis only what does not fit", () => {
  assertEquals(fitText("tabby", 20, 1000), "tabby");
  const short = fitText("black-and-tan coonhound", 20, 100);
  assert(short.endsWith("…") && measureText(short, 20) <= 100, short);
  assertEquals(fitText("tabby", 20, 1), "");
});

Deno.test("measureText() grows with size and joins combining marks", () => {
  assert(Math.abs(measureText("tabby", 40) - 2 * measureText("tabby", 20)) < 1e-9);
  assertEquals(measureText("e\u0301", 20), measureText("é", 20));
});

Deno.test("font.draw() inks letters between ascent and baseline, and boxes for unknown signs", async () => {
  const font = await loadFont();
  const ink = (text: string, size: number): { rows: number[]; sum: number } => {
    const image = flat(120, 60, [0, 0, 0]);
    font.draw(image, text, 10, 40, size, [255, 255, 255]);
    const rows: number[] = [];
    let sum = 0;
    for (let y = 0; y < 60; y++) {
      let row = 0;
      for (let x = 0; x < 120; x++) row += pixel(image, x, y)[0]!;
      if (row > 40) rows.push(y);
      sum += row;
    }
    return { rows, sum };
  };
  const capital = ink("H", 30);
  // DejaVu's capitals are 0.73 em high and stand on the baseline.
  assertEquals([capital.rows[0], capital.rows.at(-1)], [18, 39]);
  assertEquals(ink(" ", 30).sum, 0);
  assert(ink("日", 30).sum > 5000);
  assertEquals(ink("日", 30).sum, ink("本", 30).sum);
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
