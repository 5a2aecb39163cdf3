/**
 * Decodes one file, and prints what it cost as JSON. main.ts starts one process of it for each file, and so does
 * tests/image/bombs_test.ts: in one of its own, nobody else takes memory.
 *
 *     deno run -A bench/attack/decode_one.ts FILE [SECONDS MEGABYTES]     by default the usual budget
 *
 * @module
 */
import { peakKibibytes } from "../serving/resident.ts";
import { decodeImage, type DecodeSettings } from "../../src/image/decode.ts";
import { ImageError } from "../../src/image/types.ts";

/** What a file cost. */
export interface Cost {
  /** Its size, or the line that refused it; "crash: …" for any other error. */
  readonly answer: string;
  /** Seconds from the start of reading to the answer. */
  readonly seconds: number;
  /** Processor time of the whole process, in seconds. */
  readonly processor: number;
  /** Peak memory of the whole process, in MB. */
  readonly peak: number;
  /** Memory of the process before it read, in MB. */
  readonly idle: number;
  /** Longest time for which the calling thread stood still, in milliseconds. */
  readonly late: number;
}

async function decode(path: string, budget: DecodeSettings): Promise<string> {
  try {
    const { width, height } = await decodeImage(path, budget);
    return `${width} x ${height}`;
  } catch (error) {
    const line = String((error as Error).message).replace(`Cannot decode image ${path}: `, "");
    return error instanceof ImageError ? line : `crash: ${line}`;
  }
}

if (import.meta.main) {
  const [path, given, memory] = Deno.args;
  const budget = given === undefined ? {} : { seconds: Number(given), memory: Number(memory) };
  const idle = Deno.memoryUsage().rss / 2 ** 20;
  const started = performance.now();
  let [late, last] = [0, started];
  const beat = setInterval(() => {
    const now = performance.now();
    late = Math.max(late, now - last);
    last = now;
  }, 20);
  const answer = await decode(path!, budget);
  clearInterval(beat);
  const seconds = (performance.now() - started) / 1000;
  const { process } = globalThis as unknown as { process: { cpuUsage(): { user: number; system: number } } };
  const { user, system } = process.cpuUsage();
  const peak = (await peakKibibytes("self"))! / 1024;
  const cost: Cost = { answer, seconds, processor: (user + system) / 1e6, peak, idle, late };
  console.log(JSON.stringify(cost));
  Deno.exit(0);
}
