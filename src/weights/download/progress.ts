/**
 * Progress and speed of a download.
 *
 * @module
 */

/** Progress of a download. */
export type DownloadProgress =
  /** Before the first byte, also if an earlier download is resumed. */
  | {
    readonly kind: "download-start";
    /** Name of the file. */
    readonly file: string;
    /** The first address to try. */
    readonly url: string;
    /** Length of the file. */
    readonly bytes: number;
    /** Number of bytes that are already stored. */
    readonly present: number;
    /** SPDX name of its licence. */
    readonly licence: string;
  }
  /** More bytes have arrived; at most ten times a second, and at the end. */
  | {
    readonly kind: "download";
    readonly file: string;
    readonly bytes: number;
    readonly present: number;
    /** Over the last seconds. */
    readonly bytesPerSecond: number;
    readonly secondsLeft: number;
  }
  /** A temporary failure. */
  | {
    readonly kind: "download-retry";
    readonly file: string;
    readonly url: string;
    readonly reason: string;
    /** Until the next attempt. */
    readonly milliseconds: number;
  }
  /** An address failed; the next one is tried. */
  | {
    readonly kind: "download-mirror";
    readonly file: string;
    readonly failed: string;
    readonly reason: string;
    readonly url: string;
  }
  /** Waiting for another process that downloads the same file. */
  | { readonly kind: "download-wait"; readonly file: string }
  /** The file is complete, and its digest is right if one is published. */
  | {
    readonly kind: "download-end";
    readonly file: string;
    readonly bytes: number;
    /** Where it is kept. */
    readonly place: string;
    /** Whether a digest was published. */
    readonly verified: boolean;
  }
  /** The file is in use, but could not be stored for the next time. */
  | { readonly kind: "download-unkept"; readonly file: string; readonly reason: string };

/** Whether a progress report is that of a download. */
export function isDownload<T extends { readonly kind: string }>(
  progress: T | DownloadProgress,
): progress is DownloadProgress {
  return progress.kind === "download" || progress.kind.startsWith("download-");
}

/** Window of the rate in milliseconds. */
const WINDOW = 5000;

/** The rate over the last seconds, so that the estimate does not depend on the rate a minute ago. */
export function rateMeter(present: number, now: number): (present: number, now: number) => number {
  const samples: { present: number; at: number }[] = [{ present, at: now }];
  return (present, now) => {
    samples.push({ present, at: now });
    while (samples.length > 2 && samples[1]!.at <= now - WINDOW) samples.shift();
    const first = samples[0]!;
    return now > first.at ? (present - first.present) / ((now - first.at) / 1000) : 0;
  };
}
