/**
 * Fonts of the command line: one that the user names, and those of the platform, for characters that the shipped font lacks.
 *
 * @module
 */
import { configureFonts, loadLettering } from "../image/text/fonts.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { readFile } from "./files.ts";
import { group, text } from "./options/kinds.ts";
import { errorMessage, printable } from "./terminal.ts";
import { optionalVariable } from "../platform/permissions.ts";

/** The option of commands that draw text. */
export const FONT_OPTION = group("Output", {
  font: text("FILE", "Font for characters that the shipped one lacks (it has Latin, Greek, Cyrillic)", {
    usual: "a font of this machine that has them",
  }),
});

/** Folders of fonts, by operating system; `~` is the user's folder. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"],
  windows: ["C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"],
};
const OTHER_FOLDERS = ["/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"];

/** Names of fonts that are likely to have a script. The others' names contain the script's, or many scripts are in them. */
const LIKELY: readonly (readonly [script: RegExp, name: RegExp])[] = [
  [
    /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u,
    /cjk|pingfang|hiragino|gothic|yahei|heiti|simhei|wqy|droidsansfallback/i,
  ],
  [/\p{sc=Hangul}/u, /cjk|applesdgothic|malgun|nanum|unbatang|baekmuk/i],
  [/\p{sc=Arabic}/u, /arabic|dejavusans|geeza|segoeui|tahoma|amiri/i],
  [/\p{sc=Devanagari}/u, /devanagari|kohinoor|nirmala|mangal|lohit|freesans/i],
  [/\p{sc=Thai}/u, /thai|thonburi|leelaw|garuda|loma/i],
  [/./u, /dejavusans|notosans|freesans|unifont|arialuni|segoeui|nirmala/i],
];

/** Fonts in other weights and slants come last. */
const STYLED = /bold|italic|oblique|black|light|thin|mono|condensed|serif|emoji/i;

const MOST_BYTES = 100 * 2 ** 20;
const MOST_FILES = 5000;
const MOST_MILLISECONDS = 5000;

/** All font files in a folder and its folders. */
async function listFonts(folder: string, found: string[]): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (found.length >= MOST_FILES) return;
      const path = `${folder}/${name}`;
      if (isDirectory) await listFonts(path, found);
      else if (/\.(ttf|otf|ttc)$/i.test(name)) found.push(path);
    }
  } catch {
    // Not every machine has every folder, and some must not be read.
  }
}

/** The user's folder; "" where the program may not ask. */
function userFolder(): string {
  return optionalVariable("HOME") ?? optionalVariable("USERPROFILE") ?? "";
}

/** The platform's fonts, those first whose names promise the characters. */
async function* platformFonts(characters: string): AsyncGenerator<Uint8Array> {
  const started = performance.now();
  const paths: string[] = [];
  for (const folder of FOLDERS[Deno.build.os] ?? OTHER_FOLDERS) {
    await listFonts(folder.replace(/^~/, userFolder), paths);
  }
  const names = LIKELY.filter(([script]) => script.test(characters)).map(([, name]) => name);
  const rank = (path: string) => {
    const likely = names.findIndex((name) => name.test(path));
    return (likely < 0 ? names.length : likely) + (STYLED.test(path) ? 0.5 : 0);
  };
  for (const path of paths.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
    if (performance.now() - started > MOST_MILLISECONDS) return;
    try {
      if ((await Deno.stat(path)).size <= MOST_BYTES) yield await Deno.readFile(path);
    } catch {
      // The next one may be readable.
    }
  }
}

/**
 * Says which fonts overlays are drawn with.
 *
 * @param onMissing Called with characters that no font has.
 * @throws {Error} When the named font cannot be read, or is none.
 */
export async function useFonts(
  font: string | undefined,
  onMissing: (characters: string) => void,
): Promise<void> {
  const fonts = font === undefined ? undefined : [await readFile(font, "font")];
  configureFonts({ ...withoutUndefined({ fonts }), find: platformFonts, onMissing });
  if (font === undefined) return;
  try {
    await loadLettering();
  } catch (cause) {
    throw new Error(`Cannot read font ${font}: ${errorMessage(cause).replace(/^Cannot open font: /, "")}`, {
      cause,
    });
  }
}

/** What to say about characters that no font has; each is said once. */
export function missingCharacterLines(say: (line: string) => void): (characters: string) => void {
  const said = new Set<string>();
  return (characters) => {
    const fresh = [...characters].filter((each) => !said.has(each));
    fresh.forEach((each) => said.add(each));
    if (fresh.length === 0) return;
    const shown = printable(fresh.slice(0, 20).join("")) + (fresh.length > 20 ? "…" : "");
    say(`No font has ${shown}: they are drawn as boxes; name a font that has them with --font FILE`);
  };
}
