/**
 * peer_pytorch.py as a process that answers a line for a line.
 *
 * @module
 */

/** Path of PyTorch's side. */
export const PEER_SCRIPT = decodeURIComponent(new URL("./peer_pytorch.py", import.meta.url).pathname);

/** PyTorch's side, ready. */
export interface PythonPeer {
  /** Version of torch. */
  readonly torch: string;
  /** Threads that it computes on. */
  readonly threads: number;
  /** Does it once; gives the milliseconds that it says. */
  ask(what: "explain" | "train"): Promise<number>;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Starts it.
 *
 * @throws {Error} When Python or torch are not there; the message says what to install.
 */
export async function startPythonPeer(python: string): Promise<PythonPeer> {
  const child = new Deno.Command(python, {
    args: [PEER_SCRIPT, "--serve"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = linesOf(child.stdout);
  const hello = await lines.next();
  if (hello.done) {
    const said = (await new Response(child.stderr).text()).trim().split("\n").at(-1);
    throw new Error(
      `Cannot start ${python}: ${said}; on Debian: apt-get install python3-torch python3-torchvision libopenblas0-pthread`,
    );
  }
  return {
    ...JSON.parse(hello.value) as { torch: string; threads: number },
    ask: async (what) => {
      await writer.write(new TextEncoder().encode(`${what}\n`));
      const answer = await lines.next();
      if (answer.done) throw new Error(`Cannot go on: ${python} ended`);
      return JSON.parse(answer.value).milliseconds;
    },
    close: async () => {
      await writer.close();
      await child.stderr.cancel();
      await child.status;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  return undefined;
}
