/**
 * Which fonts text is drawn with, and the drawing of text, loaded when it is first needed.
 *
 * @module
 */
import type { Lettering } from "./lettering.ts";

/** Fonts for what the shipped one lacks; it has Latin, Greek and Cyrillic. */
export interface FontSettings {
  /** Font files (TrueType, OpenType, or collections, of which the first font is taken), in order of preference. */
  readonly fonts?: readonly Uint8Array[];
  /**
   * Looks for further fonts, for example among those of the platform; called once for a character.
   *
   * @param characters Those that no font has so far.
   * @returns Font files to try, likely ones first. They are read until all characters are found; those that have none are
   * dropped.
   */
  readonly find?: (characters: string) => AsyncIterable<Uint8Array>;
  /** Called with the characters that no font has; they are drawn as boxes. */
  readonly onMissing?: (characters: string) => void;
}

let settings: FontSettings = {};
// One for all images of a thread, as codecs are.
let lettering: Promise<Lettering> | undefined;

/** Says which fonts there are. Call it before the first overlay. */
export function configureFonts(chosen: FontSettings): void {
  settings = { ...chosen };
  lettering = undefined;
}

/**
 * What draws text.
 *
 * @throws {SyntaxError} When a configured font is none.
 */
export function loadLettering(): Promise<Lettering> {
  lettering ??= import("./lettering.ts").then(({ openLettering }) => openLettering(settings));
  const loading = lettering;
  // A failed load may be repeated, with other fonts.
  loading.catch(() => {
    if (lettering === loading) lettering = undefined;
  });
  return loading;
}
