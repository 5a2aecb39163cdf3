/**
 * Writes what src/image/text/ draws with, deflated, as text in modules: font_data.ts is DejaVu Sans with the letters of Latin,
 * Greek and Cyrillic, harfbuzz_data.ts HarfBuzz's WebAssembly. HarfBuzz makes the subset; hints for coarse screens go, as
 * nothing here reads them.
 *
 * Run it after a version below changed: deno run -A tools/make_font.ts
 *
 * @module
 */
import { embed, packageFile } from "./embed_text.ts";

/** The package of the font, and its file. */
export const FONT = ["dejavu-fonts-ttf@2.37.3", "/ttf/DejaVuSans.ttf"] as const;
/** The package of HarfBuzz. */
export const HARFBUZZ = "harfbuzzjs@1.6.4";
const SUBSETTER = [HARFBUZZ, "/dist/harfbuzz-subset.wasm"] as const;
const SHAPER = [HARFBUZZ, "/dist/harfbuzz.wasm"] as const;
const OUT = new URL("../src/image/text/", import.meta.url);

/** First and last characters of a block. */
type Block = readonly [first: number, last: number];

/** The blocks that are kept, as far as the font has them. */
const KEPT: readonly Block[] = [
  [0x20, 0x7e],
  // Latin with its supplements, spacing and combining marks, Greek, Cyrillic.
  [0xa0, 0x24f],
  [0x2b0, 0x52f],
  // Vietnamese, and Greek with its old accents.
  [0x1e00, 0x1fff],
  // Punctuation, raised and lowered digits, currencies.
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x2070, 0x20bf],
  // №, ™, arrows, minus, ≈, ≠, ≤, ≥, the sign for unknown characters.
  ...[0x2116, 0x2122, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0xfffd].map((each) => [each, each] as const),
  [0x2190, 0x2193],
];

/** HB_SUBSET_FLAGS_NO_HINTING and NOTDEF_OUTLINE: the box for unknown characters stays. */
const FLAGS = 0x41;

/** The exports of HarfBuzz's subsetter that are called here; numbers are addresses. */
interface Subsetter {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(size: number): number;
  hb_blob_create(data: number, length: number, mode: number, user: number, destroy: number): number;
  hb_face_create(blob: number, index: number): number;
  hb_subset_input_create_or_fail(): number;
  hb_subset_input_unicode_set(input: number): number;
  hb_subset_input_set_flags(input: number, flags: number): void;
  hb_set_add(set: number, value: number): void;
  hb_subset_or_fail(face: number, input: number): number;
  hb_face_reference_blob(face: number): number;
  hb_blob_get_data(blob: number, length: number): number;
  hb_blob_get_length(blob: number): number;
}

/**
 * A font with some of its characters, without hints.
 *
 * @throws {Error} When HarfBuzz cannot read the font.
 */
export async function subsetFont(font: Uint8Array, kept: readonly Block[]): Promise<Uint8Array> {
  // Deno says where a package's files are once it has loaded the package.
  await import(`npm:${HARFBUZZ}`);
  const { instance } = await WebAssembly.instantiate(await packageFile(...SUBSETTER));
  const harfbuzz = instance.exports as unknown as Subsetter;
  harfbuzz._initialize();
  const at = harfbuzz.malloc(font.length);
  new Uint8Array(harfbuzz.memory.buffer).set(font, at);
  const face = harfbuzz.hb_face_create(harfbuzz.hb_blob_create(at, font.length, 2, 0, 0), 0);
  const input = harfbuzz.hb_subset_input_create_or_fail();
  harfbuzz.hb_subset_input_set_flags(input, FLAGS);
  const characters = harfbuzz.hb_subset_input_unicode_set(input);
  for (const [first, last] of kept) {
    for (let character = first; character <= last; character++) harfbuzz.hb_set_add(characters, character);
  }
  const small = harfbuzz.hb_subset_or_fail(face, input);
  if (small === 0) throw new Error("Cannot subset the font: HarfBuzz cannot read it");
  const blob = harfbuzz.hb_face_reference_blob(small);
  const from = harfbuzz.hb_blob_get_data(blob, 0);
  return new Uint8Array(harfbuzz.memory.buffer).slice(from, from + harfbuzz.hb_blob_get_length(blob));
}

async function write(file: string, constant: string, about: string, bytes: Uint8Array): Promise<void> {
  await embed(new URL(file, OUT), {
    constant,
    about: `${about}, deflated, in base64. Made by tools/make_font.ts; licences in NOTICE`,
    content: "",
    bytes,
  });
}

if (import.meta.main) {
  await import(`npm:${FONT[0]}/package.json`, { with: { type: "json" } });
  await Deno.mkdir(OUT, { recursive: true });
  const font = await subsetFont(await packageFile(...FONT), KEPT);
  await write("font_data.ts", "FONT", "DejaVu Sans with the letters of Latin, Greek and Cyrillic", font);
  await write("harfbuzz_data.ts", "HARFBUZZ", `WebAssembly of npm:${HARFBUZZ}`, await packageFile(...SHAPER));
}
