import { assert, assertEquals, assertRejects } from "@std/assert";
import { missingCharacterLines, useFonts } from "../../src/cli/fonts.ts";
import { configureFonts, loadLettering } from "../../src/image/text/fonts.ts";

const FONTS = new URL("../fixtures/fonts/", import.meta.url);

Deno.test("useFonts() draws with the named font, and names a file that is none", async () => {
  try {
    const missing: string[] = [];
    await useFonts(new URL("chinese.ttf", FONTS).pathname, (characters) => missing.push(characters));
    await (await loadLettering()).cover(["小猫"]);
    assertEquals(missing, []);
    const sheet = new URL("lines.png", FONTS).pathname;
    await assertRejects(
      () => useFonts(sheet, () => {}),
      Error,
      `Cannot read font ${sheet}: it is not a TrueType or OpenType font`,
    );
    await assertRejects(() => useFonts("/nowhere.ttf", () => {}), Error, "Cannot read font /nowhere.ttf: ");
  } finally {
    configureFonts({});
  }
});

Deno.test("useFonts() looks through the platform's folders for what the shipped font lacks", async () => {
  const home = Deno.env.get("HOME");
  const folder = await Deno.makeTempDir();
  try {
    const place = Deno.build.os === "darwin" ? "Library/Fonts" : ".fonts";
    await Deno.mkdir(`${folder}/${place}/deep`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${place}/CJK.ttf`, "not a font");
    await Deno.copyFile(new URL("chinese.ttf", FONTS), `${folder}/${place}/deep/b.ttf`);
    Deno.env.set("HOME", folder);
    const missing: string[] = [];
    await useFonts(undefined, (characters) => missing.push(characters));
    const lettering = await loadLettering();
    const box = lettering.measure("猫", 20);
    // A character of a private area: no font has it.
    await lettering.cover(["猫\u{10fffd}"]);
    assertEquals(missing, ["\u{10fffd}"]);
    assert(lettering.measure("猫", 20) !== box);
  } finally {
    if (home === undefined) Deno.env.delete("HOME");
    else Deno.env.set("HOME", home);
    configureFonts({});
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("missingCharacterLines() says each character once, and not too many", () => {
  const lines: string[] = [];
  const say = missingCharacterLines((line) => lines.push(line));
  say("猫犬");
  say("犬");
  say("犬鳥");
  assertEquals(lines.map((line) => line.split(":")[0]), ["No font has 猫犬", "No font has 鳥"]);
  assert(lines[0]!.includes("--font FILE"));
  say(Array.from({ length: 100 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(""));
  assert(lines[2]!.length < 150, lines[2]);
});
