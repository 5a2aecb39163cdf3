/**
 * Divides a line of text into runs that are shaped one by one: of one font, one script and one direction, in the order in
 * which they stand on the line.
 *
 * @module
 */
import createBidi from "bidi-js";
import type { Face } from "./harfbuzz.ts";

/** A part of a line. */
export interface Run {
  /** Its characters, in the order of reading. */
  readonly text: string;
  /** The font that has them. */
  readonly face: Face;
  /** Whether it is read from right to left. */
  readonly rightToLeft: boolean;
}

/** Scripts that a font shapes by rules of their own; those that are not named share the rules of Latin. */
const SCRIPTS = [
  ...["Arabic", "Armenian", "Bengali", "Bopomofo", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek"],
  ...["Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Kannada", "Katakana", "Khmer", "Lao"],
  ...[
    "Latin",
    "Malayalam",
    "Mongolian",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Syriac",
    "Tamil",
    "Telugu",
    "Thaana",
  ],
  ...["Thai", "Tibetan", "Tifinagh", "Yi"],
].map((name) => ({ name, has: new RegExp(`\\p{Script=${name}}`, "u") }));

/** What draws nothing and needs no glyph: joiners, marks of direction, selectors of variants. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/** What stays in the font of the character before it, if that has it: a blank between two words of a script is its own. */
const STAYS = /[\p{M}\s]/u;

/** Characters, their fonts, scripts and levels. */
interface Placed {
  readonly character: string;
  readonly face: Face;
  readonly script: string;
  readonly level: number;
}

/** The characters of a text that no font has. */
export function missingCharacters(text: string, faces: readonly Face[]): string[] {
  return [...new Set(text)].filter((character) =>
    !INVISIBLE.test(character) && !faces.some((face) => face.has(character.codePointAt(0)!))
  );
}

/** The Unicode Bidirectional Algorithm. Deno sees the package's types as a module's, and its function as the default. */
const bidi = (createBidi as unknown as () => {
  getEmbeddingLevels(text: string): { readonly levels: Uint8Array };
})();

/** The font and script of each character: marks and blanks take those of the letter before them. */
function placeCharacters(text: string, faces: readonly Face[]): Placed[] {
  const { levels } = bidi.getEmbeddingLevels(text);
  const placed: Placed[] = [];
  let [face, script, at] = [faces[0]!, "", 0];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const follows = INVISIBLE.test(character) || (STAYS.test(character) && face.has(code));
    if (!follows) face = faces.find((each) => each.has(code)) ?? faces[0]!;
    script = SCRIPTS.find(({ has }) => has.test(character))?.name ?? script;
    placed.push({ character, face, script, level: levels[at]! });
    at += character.length;
  }
  return placed;
}

/** Turns around what is read from right to left (rule L2 of the Unicode Bidirectional Algorithm). */
function inVisualOrder<T extends { readonly level: number }>(runs: readonly T[]): T[] {
  const ordered = [...runs];
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level > 0; level--) {
    for (let i = 0; i < ordered.length; i++) {
      let end = i;
      while (end < ordered.length && ordered[end]!.level >= level) end++;
      if (end > i + 1) ordered.splice(i, end - i, ...ordered.slice(i, end).reverse());
      i = end;
    }
  }
  return ordered;
}

/**
 * The runs of a line, from left to right. The first strong character says the line's direction.
 *
 * @param faces Fonts, the first with a character's glyph is taken; at least one.
 */
export function lineRuns(text: string, faces: readonly Face[]): Run[] {
  const runs: { text: string; face: Face; script: string; level: number }[] = [];
  for (const { character, face, script, level } of placeCharacters(text, faces)) {
    const last = runs.at(-1);
    // What has no script of its own (digits, blanks) goes with what is before it.
    const joins = last !== undefined && last.face === face && last.level === level &&
      (last.script === script || last.script === "");
    if (joins) {
      last.text += character;
      last.script = script;
    } else runs.push({ text: character, face, script, level });
  }
  return inVisualOrder(runs).map(({ text, face, level }) => ({ text, face, rightToLeft: level % 2 === 1 }));
}
