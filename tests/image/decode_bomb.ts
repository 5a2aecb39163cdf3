/**
 * Decodes a file in a process of its own, whose memory is nobody else's, and prints what it took. bombs_test.ts starts it.
 *
 *     deno run -A tests/image/decode_bomb.ts FILE SECONDS MEGABYTES
 *
 * @module
 */
import { decodeImage } from "../../src/image/decode.ts";
import { ImageError } from "../../src/image/types.ts";

/** What decoding took. */
export interface Taken {
  /** Milliseconds. */
  readonly took: number;
  /** Longest time for which the calling thread stood still, in milliseconds. */
  readonly late: number;
  /** Resident memory beyond what the process had before, in bytes. */
  readonly most: number;
  /** The line that refused it. */
  readonly refusal?: string;
}

const [path, seconds, memory] = Deno.args;
const bytes = await Deno.readFile(path!);
const idle = Deno.memoryUsage().rss;
let most = 0;
let [late, last] = [0, performance.now()];
const beat = setInterval(() => {
  const now = performance.now();
  late = Math.max(late, now - last);
  last = now;
  most = Math.max(most, Deno.memoryUsage().rss - idle);
}, 20);
const started = performance.now();
let refusal: string | undefined;
try {
  await decodeImage(bytes, { seconds: Number(seconds), memory: Number(memory) });
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  refusal = error.message;
} finally {
  clearInterval(beat);
}
const taken: Taken = {
  took: performance.now() - started,
  late,
  most,
  ...(refusal !== undefined && { refusal }),
};
console.log(JSON.stringify(taken));
