/**
 * What people read: lines, tables and a progress line on stderr. Results for programs go to stdout and nowhere else.
 *
 * @module
 */
import { asCalled } from "./called.ts";

/** Where a command's words go. */
export interface Terminal {
  /** Whether `doing` is shown. */
  readonly live: boolean;
  /** One line for people. */
  say(line: string): void;
  /** What is being done; replaced by the next line on a terminal, left out elsewhere. */
  doing(what: string): void;
  /** An error, shown even when quiet. */
  fail(line: string): void;
}

const encoder = new TextEncoder();

function write(text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}

/** A text cut to so many columns, with an ellipsis where something is missing. */
export function fitted(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : characters.slice(0, Math.max(columns - 1, 0)).join("") + "…";
}

/** Columns of the terminal. A line that is replaced must not be longer: what wraps would stay. */
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

/** What is done of something, `width` characters in all. */
export function progressBar(share: number, width = 10): string {
  return bar(share, width).padEnd(width, "░");
}

/**
 * Says a line now and then where `doing` shows nothing.
 *
 * @param since When the last one was said.
 * @returns Says its line unless one was said in the last `every` milliseconds; with `always` in any case.
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

/** Milliseconds as people read them. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Seconds as people read them over long waits. */
export function longDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Bytes as people read them: decimal units, as disks and providers count. */
export function byteCount(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  const [unit, name] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(bytes / unit).toFixed(1)} ${name}`;
}

/** Rows of texts as lines, their columns under each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => [...row[column] ?? ""].length))
  );
  const line = (row: readonly string[]) => row.map((text, column) => text.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** Control characters would let a file name write on the terminal; they are shown as �. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** The first line of an error, its commands as the user calls them; its cause stays behind. */
export function messageOf(error: unknown): string {
  return asCalled((error instanceof Error ? error.message : String(error)).split("\n")[0]!);
}
