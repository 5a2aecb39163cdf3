/**
 * A download in words: bytes, rate and time left.
 *
 * @module
 */

/** What is known of a download. */
export interface Rate {
  /** Bytes that are here. */
  readonly present: number;
  /** Bytes in all. */
  readonly bytes: number;
  /** Over the last seconds; 0 where nothing came. */
  readonly bytesPerSecond: number;
}

/** `12.3 of 29.5 MB, 1.8 MB/s, 10 s left`. */
export function shownRate({ present, bytes, bytesPerSecond }: Rate): string {
  const here = `${megabytes(present)} of ${megabytes(bytes)} MB`;
  if (bytesPerSecond < 1) return here;
  return `${here}, ${shownSpeed(bytesPerSecond)}, ${shownSeconds((bytes - present) / bytesPerSecond)} left`;
}

/** A number of seconds as people read it. */
export function shownSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function shownSpeed(bytesPerSecond: number): string {
  return bytesPerSecond < 1e6
    ? `${Math.ceil(bytesPerSecond / 1e3)} kB/s`
    : `${megabytes(bytesPerSecond)} MB/s`;
}
