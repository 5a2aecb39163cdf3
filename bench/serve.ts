/**
 * The server: cold start, memory, capacity, and how it stands four times its capacity.
 *
 *     deno task bench:serve [--seconds 60] [--starts 5] [--deno PATH] [--without-large]
 *
 * The server is a process of its own (examples/edge/main.ts with the permission that it documents, wasm on one thread),
 * this program is its clients. `--deno` runs the server with another Deno. Let nothing else run beside it.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type ServerProcess, startServer } from "../tests/support/server_process.ts";
import { configPath } from "./programs.ts";
import { median } from "./measure.ts";
import { writeWeights } from "./networks.ts";
import { growthOfSecondHalf, load } from "./serving/load.ts";
import { peakMegabytes, residentMegabytes } from "./serving/resident.ts";

const path = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname);
const SAMPLE = await Deno.readFile(path("../models/sample/chelsea.jpg"));

/** What issue 6 asks for. */
const BOUNDS = { startMilliseconds: 2500, defaultMegabytes: 400, largeMegabytes: 768, growth: 0.05 };
const OVERLOAD = 4;
const CAPACITY_SECONDS = 10;

function wrong(message: string): never {
  console.error(`bench:serve: ${message}; see the head of bench/serve.ts`);
  Deno.exit(2);
}

const given = parseArgs(Deno.args, {
  boolean: ["without-large"],
  string: ["seconds", "starts", "deno"],
  unknown: (argument) => wrong(`unknown argument ${argument}`),
});
const [seconds, starts] = [Number(given.seconds ?? 60), Number(given.starts ?? 5)];
if (!(seconds >= 4) || !(starts >= 1)) wrong("--seconds takes at least 4, --starts at least 1");
const deno: string = given.deno ?? Deno.execPath();

function say(what: string, value: string, bound = ""): void {
  console.log(`${what.padEnd(58)} ${value.padStart(12)}  ${bound}`);
}

const doing = (what: string) => console.error(`measuring ${what} …`);

const startEdge = () =>
  startServer([
    ...["serve", "--no-prompt", "--allow-read", "--host", "127.0.0.1", "--port", "0"],
    ...["--config", configPath(), path("../examples/edge/main.ts")],
  ], deno);

const explain = ({ origin }: ServerProcess) =>
  fetch(`${origin}/explain`, {
    method: "POST",
    headers: { "content-type": "image/jpeg" },
    body: SAMPLE,
  });

/** Milliseconds until an explanation is there. */
async function timed(server: ServerProcess): Promise<number> {
  const started = performance.now();
  const response = await explain(server);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`Cannot measure: the server answered ${response.status}`);
  return performance.now() - started;
}

async function measureStart(): Promise<void> {
  doing("cold start");
  const times: number[] = [];
  const memory: number[] = [];
  // The first one warms the caches of Deno and of the disk.
  for (let i = -1; i < starts; i++) {
    const started = performance.now();
    await using server = await startEdge();
    await timed(server);
    if (i < 0) continue;
    times.push(performance.now() - started);
    memory.push(await peakMegabytes(server.child.pid) ?? await residentMegabytes(server.child.pid));
  }
  say(
    "process start to first answer",
    `${median(times).toFixed(0)} ms`,
    `at most ${BOUNDS.startMilliseconds}`,
  );
  say(
    "peak memory at the first answer",
    `${median(memory).toFixed(0)} MB`,
    `under ${BOUNDS.defaultMegabytes}`,
  );
}

/** Answers per second to one client that waits for each. */
async function measureCapacity(server: ServerProcess): Promise<{ rate: number; latency: number }> {
  doing("capacity");
  for (let i = 0; i < 10; i++) await timed(server);
  const times: number[] = [];
  const until = performance.now() + 1000 * CAPACITY_SECONDS;
  while (performance.now() < until) times.push(await timed(server));
  const rate = 1000 * times.length / times.reduce((sum, time) => sum + time, 0);
  say("capacity: one client after another", `${rate.toFixed(1)} /s`);
  say("  its median answer", `${median(times).toFixed(0)} ms`);
  return { rate, latency: median(times) };
}

async function measureLoad(): Promise<void> {
  await using server = await startEdge();
  const { rate, latency } = await measureCapacity(server);
  doing(`${OVERLOAD} times the capacity for ${seconds} s`);
  const sample = () => residentMegabytes(server.child.pid);
  const { statuses, milliseconds, samples } = await load(() => explain(server), {
    rate: OVERLOAD * rate,
    seconds,
    sample,
  });
  const after: number[] = [];
  for (let i = 0; i < 5; i++) after.push(await timed(server));

  const sorted = [...statuses].sort(([a], [b]) => a - b);
  say(
    `load of ${(OVERLOAD * rate).toFixed(1)} /s: answers by status`,
    sorted.map(([status, count]) => `${status}: ${count}`).join(", "),
    "200 and 429 alone",
  );
  say("  answers 200", `${(milliseconds.length / seconds).toFixed(1)} /s`);
  say("  their median", `${median(milliseconds).toFixed(0)} ms`);
  say("  memory in the middle", `${samples[samples.length >> 1]!.toFixed(0)} MB`);
  const growth = 100 * growthOfSecondHalf(samples);
  say("  its growth in the second half", `${growth.toFixed(1)} %`, `under ${100 * BOUNDS.growth} %`);
  const peak = await peakMegabytes(server.child.pid);
  if (peak !== undefined) {
    say("  peak memory", `${peak.toFixed(0)} MB`, `under ${BOUNDS.defaultMegabytes}`);
  }
  say("first answer after the load, against before", `${(after[0]! / latency).toFixed(2)} x`);
  say("median answer after the load, against before", `${(median(after) / latency).toFixed(2)} x`);
}

async function measureLarge(): Promise<void> {
  doing("memory of resnet50 + resnet18");
  const folder = await Deno.makeTempDir({ prefix: "ptame-bench-" });
  try {
    const files = { model: `${folder}/resnet50.safetensors`, auxiliary: `${folder}/resnet18.safetensors` };
    await writeWeights("resnet50", files.model);
    await writeWeights("resnet18", files.auxiliary);
    await using server = await startServer([
      ...["run", "--no-prompt", "-A", "--config", configPath(), path("../src/cli/main.ts"), "serve"],
      ...["--no-urls", "--port", "0", "--device", "wasm", "--threads", "1"],
      ...["--model", "resnet50", "--weights", files.model],
      ...["--auxiliary", "resnet18", "--auxiliary-weights", files.auxiliary],
    ], deno);
    for (let i = 0; i < 5; i++) await timed(server);
    const { pid } = server.child;
    const peak = await peakMegabytes(pid) ?? await residentMegabytes(pid);
    say("resnet50 + resnet18: peak memory", `${peak.toFixed(0)} MB`, `under ${BOUNDS.largeMegabytes}`);
    say("  resident after five answers", `${(await residentMegabytes(pid)).toFixed(0)} MB`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await measureStart();
await measureLoad();
if (!given["without-large"]) await measureLarge();
Deno.exit(0);
