/**
 * A server as a program of its own, on a port that it chooses: started, asked, told to stop.
 *
 * @module
 */

/** A server that listens. */
export interface ServerProcess {
  /** Where it listens, without a slash at the end. */
  readonly origin: string;
  /** The program. */
  readonly child: Deno.ChildProcess;
  /** All that it has printed so far. */
  printed(): string;
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number>;
  /** Kills it where it still runs. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts `deno` with these arguments and waits until it says where it listens. */
export async function startServer(
  args: readonly string[],
  deno: string = Deno.execPath(),
): Promise<ServerProcess> {
  const child = new Deno.Command(deno, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", XDG_RUNTIME_DIR: "/tmp" },
  }).spawn();
  let printed = "";
  let listening!: (origin: string) => void;
  const origin = new Promise<string>((resolve) => listening = resolve);
  const follow = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      printed += decoder.decode(bytes, { stream: true });
      const address = /Listening on (http:\/\/[^/\s]+)\//.exec(printed)?.[1];
      if (address !== undefined) listening(address);
    }
  };
  const read = Promise.all([follow(child.stdout), follow(child.stderr)]);
  const ended = child.status.then(async (status) => {
    await read;
    return status;
  });
  const found = await Promise.race([origin, ended.then(() => undefined)]);
  if (found === undefined) throw new Error(`The server ended before it listened: ${printed}`);
  return {
    origin: found,
    child,
    printed: () => printed,
    stop: async () => {
      child.kill("SIGTERM");
      return (await ended).code;
    },
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await ended;
    },
  };
}
