/**
 * Firefox, driven by WebDriver BiDi over its own WebSocket; no driver program is needed.
 *
 * @module
 */
import { asText, type Browser, end, firstFile, fromText, said } from "./types.ts";

/** Nothing is asked of other servers, and nothing is shown on the first start. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.active-protocols": 1,
  "toolkit.telemetry.enabled": false,
};

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/** Calls over the socket, each answered by its number. */
function bidi(socket: WebSocket): (method: string, params: unknown) => Promise<unknown> {
  let last = 0;
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  socket.onmessage = ({ data }) => {
    const { id, result, error, message } = JSON.parse(data) as Message;
    const to = id === undefined ? undefined : waiting.get(id);
    if (to === undefined) return;
    waiting.delete(id!);
    if (error === undefined) to.resolve(result);
    else to.reject(new Error(`${error}: ${message}`));
  };
  socket.onclose = () => {
    for (const { reject } of waiting.values()) reject(new Error("Firefox has ended"));
    waiting.clear();
  };
  return (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`Cannot reach Firefox at ${url}`));
  });
  return socket;
}

/** Starts Firefox; undefined, with a line that says what to install, where it is not there. */
export async function startFirefox(): Promise<Browser | undefined> {
  const program = await firstFile([Deno.env.get("FIREFOX") ?? "/usr/bin/firefox-esr", "/usr/bin/firefox"]);
  if (program === undefined) {
    console.warn("SKIPPED: Firefox; on Debian: apt-get install firefox-esr (elsewhere: FIREFOX=its path)");
    return undefined;
  }
  const profile = await Deno.makeTempDir({ prefix: "ptame_firefox_" });
  const lines = Object.entries(PREFERENCES).map(([name, value]) =>
    `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`
  );
  await Deno.writeTextFile(`${profile}/user.js`, lines.join("\n"));
  const child = new Deno.Command(program, {
    args: ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
    env: { HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let socket: WebSocket | undefined;
  const dispose = async () => {
    socket?.close();
    await end(child);
    // Its last children may still write.
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  };
  try {
    const address = await said(child.stderr, /WebDriver BiDi listening on (ws:\S+)/);
    socket = await connect(`${address}/session`);
    const ask = bidi(socket);
    const session = await ask("session.new", { capabilities: {} }) as {
      readonly capabilities: { readonly browserVersion: string };
    };
    const { contexts } = await ask("browsingContext.getTree", {}) as {
      readonly contexts: readonly { readonly context: string }[];
    };
    const { context } = contexts[0]!;
    const goto = async (url: string) => {
      await ask("browsingContext.navigate", { context, url, wait: "complete" });
    };
    return {
      name: `Firefox ${session.capabilities.browserVersion}`,
      open: async (url) => {
        await goto(url);
        return {
          goto,
          evaluate: async <T>(expression: string) => {
            const answer = await ask("script.evaluate", {
              expression: asText(expression),
              target: { context },
              awaitPromise: true,
            }) as {
              readonly result?: { readonly value: string };
              readonly exceptionDetails?: { readonly text: string };
            };
            if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.text);
            return fromText<T>(answer.result!.value);
          },
        };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
