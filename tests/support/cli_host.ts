/**
 * The process of tests/support/run_cli.ts: reads commands from stdin, runs each as src/cli/main.ts does, and prints what
 * it said and its exit code as a line of JSON.
 *
 * @module
 */
import { run } from "../../src/cli/main.ts";
import type { HostedCommand } from "./run_cli.ts";
import type { Ended } from "./run_deno.ts";

const encoder = new TextEncoder();
let stdout = "";
let stderr = "";

const line = (words: readonly unknown[]) => `${words.map(String).join(" ")}\n`;
console.log = (...words: unknown[]) => void (stdout += line(words));
console.warn = console.error = (...words: unknown[]) => void (stderr += line(words));
Deno.stderr.writeSync = (bytes) => {
  stderr += new TextDecoder().decode(bytes);
  return bytes.length;
};

async function ended({ args, cwd, env }: HostedCommand): Promise<Ended> {
  [stdout, stderr] = ["", ""];
  const before = Object.keys(env).map((name) => [name, Deno.env.get(name)] as const);
  Deno.chdir(cwd);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    const code = await run(args, new AbortController().signal);
    return { code, stdout, stderr };
  } finally {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
    // The folder of a test is removed after it.
    Deno.chdir("/");
  }
}

let pending = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (pending + text).split("\n");
  pending = lines.pop()!;
  for (const command of lines) {
    const bytes = encoder.encode(`${JSON.stringify(await ended(JSON.parse(command)))}\n`);
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }
}
