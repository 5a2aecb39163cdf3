/**
 * Whether the program runs on a phone or tablet, from what the browser reports.
 *
 * @module
 */

/** The parts of `navigator` that say so. */
export interface DeviceClues {
  readonly userAgent?: string;
  readonly platform?: string;
  /** Not in workers. */
  readonly maxTouchPoints?: number;
  /** Chromium's. */
  readonly userAgentData?: { readonly mobile?: boolean };
}

/**
 * Whether this is a phone or tablet. Threads begin with a shared memory of 1 GiB, for which browsers there may end the
 * page. An iPad that asks for desktop pages says that it is a Mac; a Mac has no touch screen.
 */
export function isSmallDevice(clues: DeviceClues = globalThis.navigator ?? {}): boolean {
  const { userAgent = "", platform = "", maxTouchPoints = 0, userAgentData } = clues;
  if (userAgentData?.mobile === true) return true;
  return /\b(Android|iPhone|iPad|iPod|Mobile)\b/.test(userAgent) ||
    (platform === "MacIntel" && maxTouchPoints > 1);
}
