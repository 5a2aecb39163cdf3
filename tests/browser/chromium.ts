/**
 * A headless Chromium for tests, driven by playwright-core; says what to install where there is none.
 *
 * @module
 */

import type { ToolsSession } from "./main_thread.ts";

/** Not a literal: `deno check` and every other test would download it. */
const PLAYWRIGHT = ["npm:playwright-core", "1.65.1"].join("@");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Software WebGPU: right, and slow.
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  // A camera that shows a test picture, and that is allowed.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** What the tests use of playwright's Page. Expressions are text: they are evaluated in the page. */
export interface Page {
  readonly mouse: {
    move(x: number, y: number, options?: { steps: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  readonly keyboard: { press(key: string): Promise<void> };
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  click(selector: string): Promise<void>;
  focus(selector: string): Promise<void>;
  fill(selector: string, value: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  textContent(selector: string): Promise<string | null>;
  evaluate<T>(expression: string): Promise<T>;
  waitForFunction(expression: string, argument: undefined, options: { timeout: number }): Promise<unknown>;
  waitForEvent(event: "download"): Promise<Download>;
  setInputFiles(selector: string, paths: string | readonly string[]): Promise<void>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: { readonly colorScheme: "light" | "dark" }): Promise<void>;
  close(): Promise<void>;
}

/** A file that a page hands to the person. */
export interface Download {
  suggestedFilename(): string;
  path(): Promise<string>;
}

/** A page that is open. */
export interface OpenPage extends Page {
  /** Its errors, and whatever its console shows as one. */
  readonly errors: readonly string[];
  /** Addresses that it asked for, beside data URLs. */
  readonly requests: readonly string[];
  /** Chromium's own tools for it. */
  tools(): Promise<ToolsSession>;
}

interface ConsoleMessage {
  type(): string;
  text(): string;
}

interface PageRequest {
  url(): string;
}

interface Context {
  newPage(): Promise<
    Page & {
      on(event: "console", listener: (said: ConsoleMessage) => void): void;
      on(event: "pageerror", listener: (error: Error) => void): void;
      on(event: "request", listener: (request: PageRequest) => void): void;
      addInitScript(script: string): Promise<void>;
    }
  >;
  newCDPSession(page: Page): Promise<ToolsSession>;
  close(): Promise<void>;
}

/** A running browser. */
export interface Chromium {
  /** Opens a page; `script` runs before its own program at every load. */
  open(url: string, script?: string): Promise<OpenPage>;
  /** Ends it and removes its profile. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The browser's program, or undefined with a line that says what to install. */
export async function findChromium(): Promise<string | undefined> {
  const named = Deno.env.get("CHROMIUM");
  for (const path of named === undefined ? ["/usr/bin/chromium", "/usr/bin/google-chrome"] : [named]) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  console.warn(
    "SKIPPED: the page needs Chromium; on Debian: apt-get install chromium (elsewhere: CHROMIUM=its path)",
  );
}

/** Milliseconds between two looks. */
const LOOKING = 50;

/**
 * Waits until an expression of the page is true. Not playwright's own way: that evaluates a text inside the page, which
 * a page's Content-Security-Policy may forbid.
 */
async function poll(look: () => Promise<boolean>, what: string, timeout: number): Promise<void> {
  const until = performance.now() + timeout;
  while (performance.now() < until) {
    // While the page loads anew there is none to ask.
    if (await look().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOKING));
  }
  throw new Error(`Not seen within ${timeout / 1000} s: ${what}`);
}

/** Starts a browser with a profile of its own. */
export async function startChromium(program: string): Promise<Chromium> {
  const { chromium } = await import(PLAYWRIGHT);
  const profile = await Deno.makeTempDir({ prefix: "ptame_chromium_" });
  const context: Context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    headless: true,
    viewport: { width: 1200, height: 900 },
    args: FLAGS,
  });
  return {
    open: async (url, script) => {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("console", (said) => {
        if (said.type() === "error") errors.push(said.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      const requests: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith("data:")) requests.push(request.url());
      });
      if (script !== undefined) await page.addInitScript(script);
      await page.goto(url);
      return Object.assign(page, {
        errors,
        requests,
        tools: () => context.newCDPSession(page),
        waitForFunction: (expression: string, _: undefined, { timeout }: { timeout: number }) =>
          poll(() => page.evaluate<boolean>(`Boolean(${expression})`), expression, timeout),
      });
    },
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await Deno.remove(profile, { recursive: true });
    },
  };
}
