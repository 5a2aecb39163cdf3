/**
 * A headless Chromium for tests, driven by playwright-core; says what to install where there is none.
 *
 * @module
 */

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
];

/** What the tests use of playwright's Page. Expressions are text: they are evaluated in the page. */
export interface Page {
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  fill(selector: string, value: string): Promise<void>;
  textContent(selector: string): Promise<string | null>;
  evaluate<T>(expression: string): Promise<T>;
  waitForFunction(expression: string, argument: undefined, options: { timeout: number }): Promise<unknown>;
  setInputFiles(selector: string, path: string): Promise<void>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: { readonly colorScheme: "light" | "dark" }): Promise<void>;
  close(): Promise<void>;
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
    }
  >;
  close(): Promise<void>;
}

/** A running browser. */
export interface Chromium {
  /**
   * Opens a page whose errors, and whatever its console shows as one, are collected in `errors`, and what it asks for
   * beside data URLs in `requests`.
   */
  open(
    url: string,
  ): Promise<Page & { readonly errors: readonly string[]; readonly requests: readonly string[] }>;
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
    open: async (url) => {
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
      await page.goto(url);
      return Object.assign(page, { errors, requests });
    },
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await Deno.remove(profile, { recursive: true });
    },
  };
}
