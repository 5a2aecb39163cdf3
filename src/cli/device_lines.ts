/**
 * Where a session runs, for people.
 *
 * @module
 */
import type { DeviceChoice } from "../runtime/mod.ts";

/**
 * Lines about the choice of a device: what failed, and with `all` what was taken and what is missing.
 */
export function deviceLines(
  { asked, device, provider, passedOver }: DeviceChoice,
  all: boolean | undefined,
): string[] {
  const others = passedOver.filter(({ tried }) => all || tried)
    .map(({ name, why }) => `Device ${name} is not used: ${why}`);
  const why = asked === "auto" ? "the fastest that is here" : `asked for: ${asked}`;
  return all ? [`Device: ${provider ?? device} (${why})`, ...others] : others;
}
