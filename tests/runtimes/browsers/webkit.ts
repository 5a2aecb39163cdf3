/**
 * WebKit (WebKitGTK's MiniBrowser on a virtual screen), driven by its WebDriver.
 *
 * @module
 */
import { freePort } from "../../support/free_port.ts";
import { asText, type Browser, end, firstFile, fromText } from "./types.ts";

const DRIVER = "/usr/bin/WebKitWebDriver";
const SCREEN = "/usr/bin/Xvfb";

/** The browser of the driver's package, under the folder of this machine's processor. */
async function findMiniBrowser(): Promise<string | undefined> {
  for await (const { name, isDirectory } of Deno.readDir("/usr/lib")) {
    if (!isDirectory || !name.endsWith("-linux-gnu")) continue;
    const found = await firstFile(
      ["6.0", "4.1", "4.0"].map((api) =>
        `/usr/lib/${name}/${api === "6.0" ? "webkitgtk" : "webkit2gtk"}-${api}/MiniBrowser`
      ),
    );
    if (found !== undefined) return found;
  }
}

/** A call of WebDriver; its errors are the message alone. */
async function call(address: string, method: "GET" | "POST" | "DELETE", body?: unknown): Promise<unknown> {
  const response = await fetch(address, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = await response.json() as { readonly value: unknown };
  if (!response.ok) throw new Error(`WebKit: ${(value as { readonly message: string }).message}`);
  return value;
}

/** Asks again until the driver listens. */
async function listening(driver: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await call(`${driver}/status`, "GET");
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Starts WebKit; undefined, with a line that says what to install, where it is not there. */
export async function startWebKit(): Promise<Browser | undefined> {
  const binary = Deno.build.os === "linux" ? await findMiniBrowser() : undefined;
  if (
    binary === undefined || await firstFile([DRIVER]) === undefined || await firstFile([SCREEN]) === undefined
  ) {
    console.warn("SKIPPED: WebKit; on Debian: apt-get install webkit2gtk-driver xvfb");
    return undefined;
  }
  const home = await Deno.makeTempDir({ prefix: "ptame_webkit_" });
  const started: Deno.ChildProcess[] = [];
  const start = (program: string, args: string[], env: Record<string, string>) => {
    const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    started.unshift(child);
  };
  let session: string | undefined;
  const dispose = async () => {
    if (session !== undefined) await call(session, "DELETE").catch(() => {});
    for (const child of started) await end(child);
    await Deno.remove(home, { recursive: true }).catch(() => {});
  };
  try {
    const display = `:${100 + Math.floor(Math.random() * 800)}`;
    start(SCREEN, [display, "-screen", "0", "1200x900x24", "-nolisten", "tcp"], {});
    const port = freePort();
    start(DRIVER, [`--port=${port}`], {
      DISPLAY: display,
      GDK_BACKEND: "x11",
      HOME: home,
      XDG_CACHE_HOME: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      // The compositor would look for a graphics card.
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
      WEBKIT_DISABLE_DMABUF_RENDERER: "1",
      NO_AT_BRIDGE: "1",
    });
    const driver = `http://127.0.0.1:${port}`;
    await listening(driver);
    const opened = await call(`${driver}/session`, "POST", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary, args: ["--automation"] } } },
    }) as { readonly sessionId: string; readonly capabilities: { readonly browserVersion: string } };
    session = `${driver}/session/${opened.sessionId}`;
    const at = session;
    await call(`${at}/timeouts`, "POST", { script: 300_000, pageLoad: 300_000 });
    const goto = async (url: string) => {
      await call(`${at}/url`, "POST", { url });
    };
    return {
      name: `WebKit ${opened.capabilities.browserVersion}`,
      open: async (url) => {
        await goto(url);
        return {
          goto,
          evaluate: async <T>(expression: string) =>
            fromText<T>(
              await call(`${at}/execute/async`, "POST", {
                script: `const done = arguments[0];
                  ${
                  asText(expression)
                }.then(done, (error) => done(JSON.stringify({ error: String(error) })));`,
                args: [],
              }) as string,
            ),
        };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
