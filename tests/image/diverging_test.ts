import { assert, assertEquals } from "@std/assert";
import { colorizeSigned } from "../../src/image/diverging.ts";

function colourAt(value: number): [number, number, number] {
  const [red, green, blue] = colorizeSigned(Float32Array.of(value));
  return [red!, green!, blue!];
}

/** Relative luminance, as WCAG has it. */
function brightness([red, green, blue]: readonly number[]): number {
  return 0.2126 * (red! / 255) ** 2.2 + 0.7152 * (green! / 255) ** 2.2 + 0.0722 * (blue! / 255) ** 2.2;
}

Deno.test("colorizeSigned() is neutral at zero, orange above and blue below, and as dark on both sides", () => {
  const [red, green, blue] = colourAt(0);
  assert(red === green && green === blue && red > 235, `${red} ${green} ${blue}`);
  let last = brightness(colourAt(0));
  for (const share of [0.25, 0.5, 0.75, 1]) {
    const [above, below] = [colourAt(share), colourAt(-share)];
    assert(above[0] > above[2] && below[2] > below[0], `${above} ${below} at ${share}`);
    const [bright, other] = [brightness(above), brightness(below)];
    assert(bright < last && Math.abs(bright - other) < 0.1 * last, `${bright} and ${other} at ${share}`);
    last = bright;
  }
});

Deno.test("colorizeSigned() clamps, and takes what is not a number for 0", () => {
  assertEquals([colourAt(7), colourAt(-7), colourAt(NaN)], [colourAt(1), colourAt(-1), colourAt(0)]);
});
