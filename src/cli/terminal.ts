/**
 * Output for people: lines, tables and a progress line on stderr. Results for programs go only to stdout.
 *
 * @module
 */
import { asCalled } from "./called.ts";

/** The output of a command for people. */
export interface Terminal {
  /** Whether `doing` is shown. */
  readonly live: boolean;
  /** Prints one line. */
  say(line: string): void;
  /** Shows the current activity; replaced by the next line on a terminal, not shown elsewhere. */
  doing(what: string): void;
  /** Prints an error, even when quiet. */
  fail(line: string): void;
}

const encoder = new TextEncoder();

function write(text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}

/** Shortens a text to a number of columns, with an ellipsis. */
export function fitted(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : characters.slice(0, Math.max(columns - 1, 0)).join("") + "…";
}

/** Columns of the terminal. A replaced line must not be longer, because its wrapped part would stay. */
export function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns - 1;
  } catch {
    // Deno asks standard output, which may be a file.
    return 79;
  }
}

/** The terminal on stderr; `quiet` keeps errors only. */
export function openTerminal(quiet: boolean): Terminal {
  const live = Deno.stderr.isTerminal() && !quiet;
  let pending = false;
  const clear = () => {
    if (pending) write("\r\x1b[2K");
    pending = false;
  };
  return {
    live,
    say: (line) => {
      if (quiet) return;
      clear();
      write(line + "\n");
    },
    doing: (what) => {
      if (!live) return;
      clear();
      write(fitted(what + " …", terminalWidth()));
      pending = true;
    },
    fail: (line) => {
      // Another terminal of this program may have a progress line pending.
      if (Deno.stderr.isTerminal()) write("\r\x1b[2K");
      pending = false;
      write(line + "\n");
    },
  };
}

/** Text in bold where the terminal shows it. */
export function bold(text: string): string {
  return Deno.stderr.isTerminal() && !Deno.noColor ? `\x1b[1m${text}\x1b[22m` : text;
}

/** A bar of eighths of a character, `width` characters at 1. */
export function bar(value: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(value, 0), 1) * width * 8);
  const rest = eighths % 8;
  return "█".repeat(Math.floor(eighths / 8)) + (rest > 0 ? " ▏▎▍▌▋▊▉"[rest] : "");
}

/** The finished part of something, `width` characters in total. */
export function progressBar(share: number, width = 10): string {
  return bar(share, width).padEnd(width, "░");
}

/**
 * Prints occasional lines if `doing` shows nothing.
 *
 * @param since Time of the last line.
 * @returns A function that prints its line unless one was printed in the last `every` milliseconds; with `always`, it
 * prints in any case.
 */
export function sayNowAndThen(
  terminal: Terminal,
  { every = 30_000, since = performance.now() } = {},
): (line: string, always?: boolean) => void {
  let last = since;
  return (line, always = false) => {
    const now = performance.now();
    if (terminal.live || (!always && now - last < every)) return;
    terminal.say(line);
    last = now;
  };
}

/** Formats milliseconds. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Formats seconds of long waits. */
export function longDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Formats bytes in decimal units, as disks and providers do. */
export function byteCount(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  const [unit, name] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / unit).toFixed(1)} ${name}`;
}

/** Formats rows of texts as lines with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...row[column] ?? ""].length))
  );
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** Replaces control characters by �, because a file name could otherwise control the terminal. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** The first line of an error, with commands in the form that the user calls; the cause is not shown. */
export function errorMessage(error: unknown): string {
  return asCalled((error instanceof Error ? error.message : String(error)).split("\n")[0]!);
}
