/**
 * Decodes one file within the usual budget, and prints what it cost as JSON. main.ts starts one process of it for each file.
 *
 * @module
 */
import { peakKibibytes } from "../serving/resident.ts";
import { decodeImage } from "../../src/image/decode.ts";
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
}

async function decode(path: string): Promise<string> {
  try {
    const { width, height } = await decodeImage(path);
    return `${width} x ${height}`;
  } catch (error) {
    const line = String((error as Error).message).replace(`Cannot decode image ${path}: `, "");
    return error instanceof ImageError ? line : `crash: ${line}`;
  }
}

if (import.meta.main) {
  const started = performance.now();
  const answer = await decode(Deno.args[0]!);
  const seconds = (performance.now() - started) / 1000;
  const { process } = globalThis as unknown as { process: { cpuUsage(): { user: number; system: number } } };
  const { user, system } = process.cpuUsage();
  const peak = (await peakKibibytes("self"))! / 1024;
  const cost: Cost = { answer, seconds, processor: (user + system) / 1e6, peak };
  console.log(JSON.stringify(cost));
  Deno.exit(0);
}
