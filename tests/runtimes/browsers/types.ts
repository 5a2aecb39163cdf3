/**
 * A browser as the tests of pages see it, whichever it is.
 *
 * @module
 */

/** A page that is open. */
export interface Tab {
  /**
   * The value of an expression of the page, after a promise.
   *
   * @throws {Error} When the expression throws, or the browser has ended.
   */
  evaluate<T>(expression: string): Promise<T>;
  /** Goes to an address; returns when it is loaded. */
  goto(url: string): Promise<void>;
}

/** A running browser with a profile of its own. */
export interface Browser {
  /** Its name and version. */
  readonly name: string;
  /** Opens an address in its one window. */
  open(url: string): Promise<Tab>;
  /** Ends it and removes its profile. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a browser; undefined, with a line that says what to install, where it is not there. */
export type StartBrowser = () => Promise<Browser | undefined>;

/** Wraps an expression so that its value is one string, whatever the protocol can carry. */
export function asText(expression: string): string {
  return `(async () => JSON.stringify({ value: await (${expression}) }))()`;
}

/** The value in such a string. */
export function fromText<T>(text: string): T {
  return JSON.parse(text).value;
}

/**
 * Looks again until an expression is true.
 *
 * @param milliseconds After them it is an error.
 * @throws {Error} When it does not become true in time; the message says `what`.
 */
export async function until(tab: Tab, expression: string, milliseconds: number, what: string): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await tab.evaluate<boolean>(`!!(${expression})`))) {
    if (performance.now() > deadline) {
      throw new Error(`${what} did not happen within ${milliseconds / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Ends a child at any stage. */
export async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await child.status;
}

/** The first of these files that exists. */
export async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
}

/**
 * The first group of a pattern in what a child says, within half a minute. The rest is read and dropped, so that the
 * child does not block.
 */
export async function said(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const timer = setTimeout(() => reader.cancel(), 30_000);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The browser does not start: ${text.slice(-500)}`);
    text += decoder.decode(value, { stream: true });
    const found = pattern.exec(text)?.[1];
    if (found === undefined) continue;
    clearTimeout(timer);
    (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {});
    return found;
  }
}
