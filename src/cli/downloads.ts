/**
 * Download options of the command line, and the display of progress.
 *
 * @module
 */
import type { DownloadProgress } from "../weights/download/progress.ts";
import { shownAddress } from "../weights/download/shown_address.ts";
import type { WeightOptions } from "../weights/obtain.ts";
import { flag, type Values } from "./options/kinds.ts";
import { byteCount, longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** The default source of weights, for help. */
export const USUAL_WEIGHTS = "shipped, or downloaded once";

/** Options of every command that may need weights. */
export const DOWNLOAD_OPTIONS = {
  offline: flag("Never use the network: fail instead of downloading"),
};

/** Their values. */
type DownloadValues = Values<typeof DOWNLOAD_OPTIONS>;

/** Milliseconds between two lines if no bar can be shown. */
const LINE_EVERY = 10_000;

/** Reads the download settings from the options and the environment. */
export function downloadOptions({ offline }: DownloadValues, terminal: Terminal): WeightOptions {
  return {
    offline,
    mirrors: parseMirrors(Deno.env.get("PTAME_MIRROR")),
    onProgress: downloadReporter(terminal),
  };
}

/**
 * Returns the images unchanged.
 *
 * @throws {UsageError} When an image is a URL and `--offline` is set.
 */
export function refuseRemoteIfOffline<T extends readonly string[]>(
  { offline }: DownloadValues,
  images: T,
): T {
  const remote = offline ? images.find((image) => /^(https?|s3):/i.test(image)) : undefined;
  if (remote === undefined) return images;
  throw new UsageError(`Cannot read image ${remote}: --offline forbids the network`);
}

/**
 * The addresses in `PTAME_MIRROR`, separated by spaces. Each is a folder that contains the published files under their
 * names.
 *
 * @throws {UsageError} When one is not an address.
 */
export function parseMirrors(text: string | undefined): string[] | undefined {
  const mirrors = (text ?? "").split(/\s+/).filter((part) => part !== "");
  for (const mirror of mirrors) {
    if (!URL.canParse(mirror) || !/^https?:$/.test(new URL(mirror).protocol)) {
      throw new UsageError(
        `PTAME_MIRROR takes http(s) addresses separated by spaces, not ${shownAddress(mirror)}`,
      );
    }
  }
  return mirrors.length === 0 ? undefined : mirrors;
}

/** Shows a progress bar on a terminal, and occasional lines elsewhere. */
export function downloadReporter(terminal: Terminal): (progress: DownloadProgress) => void {
  let sayRate = sayNowAndThen(terminal, { every: LINE_EVERY });
  return (progress) => {
    const file = printable(progress.file);
    switch (progress.kind) {
      case "download-start": {
        const { bytes, present, url, licence } = progress;
        const had = present > 0 ? `, ${byteCount(present)} already stored` : "";
        terminal.say(`Downloading ${file}: ${byteCount(bytes)}${had}, ${licence}, from ${printable(url)}`);
        sayRate = sayNowAndThen(terminal, { every: LINE_EVERY });
        break;
      }
      case "download": {
        const { present, bytes, bytesPerSecond, secondsLeft } = progress;
        const left = Number.isFinite(secondsLeft) ? `  ${longDuration(secondsLeft)} left` : "";
        const rate = `${byteCount(Math.round(bytesPerSecond))}/s`;
        const count = `${byteCount(present)} / ${byteCount(bytes)}`;
        terminal.doing(`${progressBar(present / bytes, 16)} ${count}  ${rate}${left}`);
        sayRate(`${file}: ${count}  ${rate}${left}`);
        break;
      }
      case "download-retry": {
        const { reason, milliseconds } = progress;
        const when = milliseconds < 1000 ? "again" : `again in ${longDuration(milliseconds / 1000)}`;
        terminal.say(`${file}: ${printable(reason)}; ${when}`);
        break;
      }
      case "download-mirror":
        terminal.say(`${file}: ${printable(progress.reason)}; next from ${printable(progress.url)}`);
        break;
      case "download-wait":
        terminal.say(`${file}: another process downloads it; waiting`);
        break;
      case "download-end":
        terminal.say(
          `${file}: here${progress.verified ? ", SHA-256 as published" : ""}; kept in ${
            printable(progress.place)
          }`,
        );
        break;
      case "download-unkept":
        terminal.say(`${file}: here, but it could not be kept: ${printable(progress.reason)}`);
        break;
    }
  };
}
