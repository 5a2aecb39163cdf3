/**
 * What a download reports, and how fast it is.
 *
 * @module
 */

/** What a download reports while it goes on. */
export type DownloadProgress =
  /** Before the first byte, also where an earlier download is gone on with. */
  | {
    readonly kind: "download-start";
    /** Name of the file. */
    readonly file: string;
    /** The first address that is tried. */
    readonly url: string;
    /** Length of the file. */
    readonly bytes: number;
    /** Bytes of it that are here already. */
    readonly present: number;
    /** SPDX name of its licence. */
    readonly licence: string;
  }
  /** Some more of it is here; ten times a second at most, and at its end. */
  | {
    readonly kind: "download";
    readonly file: string;
    readonly bytes: number;
    readonly present: number;
    /** Over the last seconds. */
    readonly bytesPerSecond: number;
    readonly secondsLeft: number;
  }
  /** Something went wrong that may pass. */
  | {
    readonly kind: "download-retry";
    readonly file: string;
    readonly url: string;
    readonly reason: string;
    /** Until the next attempt. */
    readonly milliseconds: number;
  }
  /** An address does not give the file; the next is tried. */
  | {
    readonly kind: "download-mirror";
    readonly file: string;
    readonly failed: string;
    readonly reason: string;
    readonly url: string;
  }
  /** Another process downloads the same file; it is waited for. */
  | { readonly kind: "download-wait"; readonly file: string }
  /** It is here, and its digest is right. */
  | {
    readonly kind: "download-end";
    readonly file: string;
    readonly bytes: number;
    /** Where it is kept. */
    readonly place: string;
  }
  /** It is here and in use, but could not be kept for the next time. */
  | { readonly kind: "download-unkept"; readonly file: string; readonly reason: string };

/** Tells what a download reports from what else is reported beside it. */
export function isDownload<T extends { readonly kind: string }>(
  progress: T | DownloadProgress,
): progress is DownloadProgress {
  return progress.kind === "download" || progress.kind.startsWith("download-");
}

/** Milliseconds that a rate is measured over. */
const WINDOW = 5000;

/** A rate over the last seconds, so that what was fast or slow a minute ago says nothing of the rest. */
export function rateMeter(present: number, now: number): (present: number, now: number) => number {
  const samples: { present: number; at: number }[] = [{ present, at: now }];
  return (present, now) => {
    samples.push({ present, at: now });
    while (samples.length > 2 && samples[1]!.at <= now - WINDOW) samples.shift();
    const first = samples[0]!;
    return now > first.at ? (present - first.present) / ((now - first.at) / 1000) : 0;
  };
}
