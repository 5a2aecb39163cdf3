/**
 * The options for reading images: what one may cost, and how its colours are read.
 *
 * @module
 */
import type { DecodeSettings } from "../image/decode.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { flag, group, number, type Values, wholeNumber } from "./options/kinds.ts";
import { UsageError } from "./usage.ts";

/** The options. */
export const DECODE_OPTIONS = group("Reading images", {
  decodeMemory: wholeNumber("MB", "Megabytes that reading an image may take", { least: 1, usual: 384 }),
  decodeSeconds: number("S", "Seconds that reading an image may take", { usual: 5 }),
  frame: wholeNumber("N", "Which frame of an animation or of several pages, from 0", { least: 0, usual: 0 }),
  keepProfile: flag("Take the numbers of a file as PIL does; do not convert its colours to sRGB"),
});

/**
 * The settings that the options name.
 *
 * @throws {UsageError} When no time is left.
 */
export function decodeSettings(options: Values<typeof DECODE_OPTIONS>): DecodeSettings {
  const { decodeMemory: memory, decodeSeconds: seconds, frame, keepProfile } = options;
  if (seconds === 0) throw new UsageError("Option --decode-seconds takes a number above 0");
  return withoutUndefined({ memory, seconds, frame, keepProfile });
}
