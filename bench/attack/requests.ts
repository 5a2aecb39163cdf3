/**
 * Attacks on a server while honest clients ask: half-open heads, bodies that drip, forms of many parts, bombs, and more
 * requests than it can answer. The server may open few files. Prints what honest clients got, the longest silence of
 * /healthz and the peak memory; gives the number of bounds that were broken.
 *
 * @module
 */
import { peakKibibytes } from "../serving/resident.ts";
import { startServer } from "../../tests/support/server_process.ts";
import { configPath } from "../programs.ts";

/** What honest clients may lose, and how long /healthz may be silent while networks run on the same thread. */
const BOUNDS = { lost: 0.01, silent: 3000, slower: 3, megabytes: 1200 };
const DESCRIPTORS = 256;
const HONEST = 2;

const path = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname);
const SAMPLE = await Deno.readFile(path("../../models/sample/chelsea.jpg"));

interface Seen {
  readonly milliseconds: number[];
  lost: number;
  readonly why: Map<string, number>;
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** One honest client after another request: an image, and again after the time that a full server names. */
async function honest(origin: string, until: number, seen: Seen): Promise<void> {
  while (performance.now() < until) {
    const started = performance.now();
    const answer = await ask(origin);
    if (answer === "200") seen.milliseconds.push(performance.now() - started);
    else {
      seen.lost++;
      seen.why.set(answer, (seen.why.get(answer) ?? 0) + 1);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function ask(origin: string): Promise<string> {
  try {
    for (let attempt = 0;; attempt++) {
      const response = await fetch(`${origin}/explain`, {
        method: "POST",
        headers: { "content-type": "image/jpeg", connection: "close" },
        body: SAMPLE,
        signal: AbortSignal.timeout(30_000),
      });
      await response.arrayBuffer();
      if (response.status !== 429 || attempt === 3) return String(response.status);
      const seconds = Number(response.headers.get("retry-after"));
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    }
  } catch (error) {
    return (error as Error).name;
  }
}

/** Opens a connection, sends a text, and then one byte a second until it is ended; again and again. */
async function drip(port: number, head: string, until: number): Promise<void> {
  while (performance.now() < until) {
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      try {
        await connection.write(new TextEncoder().encode(head));
        while (performance.now() < until) {
          await new Promise((resolve) => setTimeout(resolve, 1000));
          await connection.write(new Uint8Array([0x61]));
        }
      } finally {
        connection.close();
      }
    } catch {
      // Ended by the server.
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** Posts a body again and again. */
async function post(origin: string, type: string, body: BodyInit, until: number): Promise<void> {
  while (performance.now() < until) {
    await fetch(`${origin}/explain`, {
      method: "POST",
      headers: { "content-type": type },
      body,
      signal: AbortSignal.timeout(5000),
    })
      .then((response) => response.arrayBuffer()).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function longestSilence(origin: string, until: number): Promise<number> {
  let longest = 0;
  while (performance.now() < until) {
    const started = performance.now();
    await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(10_000) }).then((response) =>
      response.arrayBuffer()
    ).catch(() => {});
    longest = Math.max(longest, performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return longest;
}

function attackers(origin: string, until: number): Promise<void>[] {
  const port = Number(new URL(origin).port);
  const heads = [
    "POST /explain HTTP/1.1\r\nhost: localhost\r\nx: ",
    "POST /explain HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: 9000000\r\n\r\n",
  ];
  const form = `${'--x\r\ncontent-disposition: form-data; name=""\r\n\r\n\r\n'.repeat(140_000)}--x--\r\n`;
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  noise.set([0xff, 0xd8, 0xff]);
  return [
    ...heads.flatMap((head) => Array.from({ length: 150 }, () => drip(port, head, until))),
    post(origin, "multipart/form-data; boundary=x", form, until),
    post(origin, "application/json", "[".repeat(16_000), until),
    post(origin, "image/jpeg", noise, until),
  ];
}

const fresh = (): Seen => ({ milliseconds: [], lost: 0, why: new Map() });

/** Runs the attack for some seconds; gives the number of broken bounds. */
export async function attackServer(seconds: number): Promise<number> {
  const serve = [
    ...["run", "--no-prompt", "-A", "--config", configPath(), path("../../src/cli/main.ts"), "serve"],
    ...["--port", "0", "--device", "wasm", "--threads", "1"],
  ];
  const script = path("./limited.sh");
  await using server = await startServer([script, String(DESCRIPTORS), Deno.execPath(), ...serve], "/bin/sh");
  const { origin } = server;
  const alone = fresh();
  const clients = (seen: Seen, until: number) =>
    Array.from({ length: HONEST }, () => honest(origin, until, seen));
  await Promise.all(clients(alone, performance.now() + 1000 * Math.min(20, seconds)));

  const attacked = fresh();
  const until = performance.now() + 1000 * seconds;
  const silence = longestSilence(origin, until);
  // An attacker may hang in a connection that is never accepted; it ends with this process.
  for (const attacker of attackers(origin, until)) attacker.catch(() => {});
  await Promise.all(clients(attacked, until));

  console.error(
    "attacked",
    attacked.milliseconds.length,
    attacked.lost,
    [...attacked.why],
    server.printed().slice(-600),
  );
  const peak = (await peakKibibytes(server.child.pid) ?? NaN) / 1024;
  const total = attacked.milliseconds.length + attacked.lost;
  const [before, after] = [alone, attacked].map(({ milliseconds }) => percentile(milliseconds, 0.99));
  const rows: [string, number, number][] = [
    ["share of honest requests that were lost", attacked.lost / total, BOUNDS.lost],
    ["p99 of honest requests, times that without an attack", after! / before!, BOUNDS.slower],
    ["longest silence of /healthz in ms", await silence, BOUNDS.silent],
    ["peak memory in MB", peak, BOUNDS.megabytes],
  ];
  console.log(`${total} honest requests in ${seconds} s beside 303 attackers; ${DESCRIPTORS} descriptors`);
  for (const [why, count] of attacked.why) console.log(`  lost: ${count} x ${why}`);
  for (const [what, value, most] of rows) {
    const mark = value <= most ? "" : "  ^ over";
    console.log(`${what.padEnd(56)} ${value.toFixed(3).padStart(10)} at most ${most}${mark}`);
  }
  const ended = await server.stop();
  console.log(`the server ended with ${ended}`);
  return rows.filter(([, value, most]) => !(value <= most)).length + (ended === 0 ? 0 : 1);
}
