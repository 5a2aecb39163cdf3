import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeImage } from "../../../src/image/decode.ts";
import { configureFonts, type FontSettings, loadLettering } from "../../../src/image/text/fonts.ts";
import { type Lettering, openLettering } from "../../../src/image/text/lettering.ts";
import { loadHarfBuzz } from "../../../src/image/text/harfbuzz.ts";
import type { RgbImage } from "../../../src/image/types.ts";
import facts from "../../fixtures/fonts/lines.json" with { type: "json" };

const FONTS = new URL("../../fixtures/fonts/", import.meta.url);
const WHITE = [255, 255, 255] as const;

function black(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(3 * width * height) };
}

function ink({ data }: RgbImage): number {
  return data.reduce((sum, value) => sum + value, 0);
}

async function withFonts(...names: readonly string[]): Promise<Lettering> {
  return await openLettering({
    fonts: await Promise.all(names.map((name) => Deno.readFile(new URL(name, FONTS)))),
  });
}

/** One line, drawn where the reference has it. */
async function drawn(text: string, font: string | null, width: number): Promise<RgbImage> {
  const image = black(width, facts.height);
  const lettering = await withFonts(...(font === null ? [] : [font]));
  lettering.draw(image, text, facts.left, facts.baseline, facts.size, WHITE);
  return image;
}

Deno.test("Lettering draws Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari and Chinese as Pillow with Raqm does", async () => {
  const reference = await decodeImage(new URL("lines.png", FONTS));
  const { width } = reference;
  for (const [row, { text, font }] of facts.lines.entries()) {
    const { data } = await drawn(text, font, width);
    const expected = reference.data.subarray(
      3 * row * facts.height * width,
      3 * (row + 1) * facts.height * width,
    );
    let [off, inked, worst] = [0, 0, 0];
    for (let i = 0; i < data.length; i++) {
      const difference = Math.abs(data[i]! - expected[i]!);
      off += difference;
      worst = Math.max(worst, difference);
      inked += expected[i]!;
    }
    assert(inked > 100_000, `${text}: the reference is empty`);
    // FreeType rounds to a sixteenth of a pixel; 119 is one pixel of an accent.
    assert(
      off / inked < 0.03 && worst < 130,
      `${text}: off by ${(off / inked).toFixed(3)} of its ink, ${worst} at most`,
    );
  }
});

Deno.test("Lettering gives each part of a line the font that has it, and reads Arabic from right to left", async () => {
  const lettering = await withFonts("arabic.ttf", "chinese.ttf");
  const widths = ["tabby ", "قط ", "猫"].map((part) => lettering.measure(part, 20));
  const sum = widths.reduce((a, b) => a + b, 0);
  assert(Math.abs(lettering.measure("tabby قط 猫", 20) - sum) < 1e-9);
  // Letters join: the word is not the letters one by one.
  const letters = [..."منزلي"].reduce((total, letter) => total + lettering.measure(letter, 20), 0);
  assert(lettering.measure("منزلي", 20) < 0.8 * letters);
  // In a line that starts with Arabic, what comes later stands further left.
  const at = (text: string) => {
    const image = black(200, 40);
    lettering.draw(image, text, 0, 30, 20, WHITE);
    const columns = Array.from({ length: 200 }, (_, x) => x).filter((x) =>
      Array.from({ length: 40 }, (_, y) => image.data[3 * (200 * y + x)]!).some((value) => value > 60)
    );
    return [columns[0]!, columns.at(-1)!];
  };
  const [alone, both] = [at("قط"), at("قط W")];
  assert(both[1]! > alone[1]! + 15 && lettering.measure("W", 20) < both[1]!, `${alone} ${both}`);
});

Deno.test("Lettering.cover() asks once for missing characters, keeps fonts that have some, and names what none has", async () => {
  const asked: string[] = [];
  const missing: string[] = [];
  let read = 0;
  const settings: FontSettings = {
    async *find(characters) {
      asked.push(characters);
      for (const name of ["lines.png", "hebrew.ttf", "chinese.ttf", "arabic.ttf"]) {
        read++;
        yield await Deno.readFile(new URL(name, FONTS));
      }
    },
    onMissing: (characters) => missing.push(characters),
  };
  const lettering = await openLettering(settings);
  await lettering.cover(["tabby 93.1 %", "Кошка\u200f\n"]);
  assertEquals([asked, read], [[], 0]);
  const before = lettering.measure("猫", 20);
  await lettering.cover(["猫"]);
  assertEquals([asked, read, missing], [["猫"], 3, []]);
  assert(lettering.measure("猫", 20) !== before, "its own glyph, not a box");
  await lettering.cover(["猫ጀ"]);
  await lettering.cover(["ጀ"]);
  assertEquals([asked, missing], [["猫", "ጀ"], ["ጀ"]]);
  // A box, not nothing.
  const image = black(60, 40);
  lettering.draw(image, "ጀ", 5, 30, 20, WHITE);
  assert(ink(image) > 5000);
});

Deno.test("Lettering.fit() shortens with an ellipsis only what does not fit, between letters and their marks", async () => {
  const lettering = await withFonts();
  assertEquals(lettering.fit("tabby", 20, 1000), "tabby");
  const short = lettering.fit("black-and-tan coonhound", 20, 100);
  assert(short.endsWith("…") && lettering.measure(short, 20) <= 100, short);
  assertEquals(lettering.fit("tabby", 20, 1), "");
  const marked = lettering.fit("q\u0323\u0307".repeat(40), 20, 100);
  assert(marked.endsWith("q\u0323\u0307…"), marked);
  const long = lettering.fit("word ".repeat(1_000_000), 20, 100);
  assert(long.endsWith("…") && long.length < 20);
});

Deno.test("Lettering.measure() grows with size; composed and combining letters are the same", async () => {
  const lettering = await withFonts();
  assert(Math.abs(lettering.measure("tabby", 40) - 2 * lettering.measure("tabby", 20)) < 1e-9);
  assertEquals(lettering.measure("e\u0301", 20), lettering.measure("é", 20));
  assertEquals(lettering.measure("", 20), 0);
});

Deno.test("Lettering.draw() inks capitals between their height and the baseline, and stays inside the image", async () => {
  const lettering = await withFonts();
  const image = black(120, 60);
  lettering.draw(image, "H", 10, 40, 30, WHITE);
  const rows = Array.from({ length: 60 }, (_, y) => y).filter((y) =>
    image.data.subarray(360 * y, 360 * (y + 1)).some((value) => value > 40)
  );
  // DejaVu's capitals are 0.73 em high and stand on the baseline.
  assertEquals([rows[0], rows.at(-1)], [18, 39]);
  for (const [x, y] of [[-10, 5], [115, 58], [-500, -500], [1e6, 1e6]] as const) {
    lettering.draw(black(120, 60), "Hgj", x, y, 30, WHITE);
  }
  const blank = black(40, 40);
  lettering.draw(blank, " ", 5, 30, 30, WHITE);
  assertEquals(ink(blank), 0);
});

Deno.test("loadLettering() refuses what is no font, and works again with other settings", async () => {
  try {
    configureFonts({ fonts: [new Uint8Array(100)] });
    await assertRejects(() => loadLettering(), SyntaxError, "not a TrueType or OpenType font");
    configureFonts({});
    assert((await loadLettering()).measure("a", 10) > 0);
  } finally {
    configureFonts({});
  }
});

Deno.test("openFace() survives damaged fonts and refuses huge ones", async () => {
  const harfbuzz = await loadHarfBuzz();
  const font = await Deno.readFile(new URL("devanagari.ttf", FONTS));
  let opened = 0;
  for (let i = 0; i < 300; i++) {
    const damaged = font.slice(0, i % 3 === 0 ? Math.floor(font.length * (i + 1) / 300) : font.length);
    for (let k = 0; k < 8; k++) damaged[(i * 7919 + k * 104729) % damaged.length] = (i * 31 + k * 17) & 255;
    try {
      const face = harfbuzz.openFace(damaged);
      for (const { glyph } of face.shape("बिल्ली क्ष", false)) face.outline(glyph);
      face.close();
      opened++;
    } catch (error) {
      assert(error instanceof SyntaxError || error instanceof RangeError, String(error));
    }
  }
  assert(opened > 10, `${opened} of 300 could be opened`);
  assertThrows(() => harfbuzz.openFace(new Uint8Array(129 * 2 ** 20)), RangeError, "exceed");
});
