/**
 * Damages valid files of every format and decodes each: the process must live, and every answer be an image or one line, within the
 * budget. Prints a summary, and ends with 1 when something else happened.
 *
 *     deno task mutants [--count 20000] [--seed 0] [--record out/mutants.json]
 *     deno task mutants --lengths [--minutes 10]    every length field: 0, huge, negative, or where it stands itself
 *
 * A format keeps its lengths, counts and offsets anywhere; so with --lengths every place of a file's head is taken for one,
 * in turn, with two and four bytes of either order.
 *
 * The record is written every hundred mutants; a stopped run continues from it. Needs python3 with Pillow (tools/make_formats.py
 * writes the valid files), and Linux (/proc).
 *
 * @module
 */
import { createStream, type Generator } from "../src/random/generator.ts";
import { decodeImage } from "../src/image/decode.ts";
import { ImageError } from "../src/image/types.ts";

/** The budget of decodeImage: megabytes, and seconds of reading. */
const [MEMORY, SECONDS] = [384, 5];
/** What a busy machine and the loading of a codec may add, in seconds. */
const SLACK = 20;

interface Record {
  seed: number;
  done: number;
  read: number;
  refused: number;
  /** Refusals at a deadline or a budget. */
  stopped: number;
  /** By ending: how many mutants. */
  endings: { [ending: string]: number };
  slowest: { file: string; mutant: number; seconds: number };
  /** Largest memory above idle, in MB. */
  most: number;
  failures: string[];
}

function argument(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1]!;
}

/** Numbers that lengths and counts are replaced by. */
const LENGTHS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff] as const;

/** Writes a number over the bytes at a place, as far as there are some. */
function writeNumber(
  out: Uint8Array,
  at: number,
  { value, size, little }: { readonly value: number; readonly size: number; readonly little: boolean },
): void {
  for (let i = 0; i < size && at + i < out.length; i++) {
    out[at + i] = Math.floor(value / 256 ** (little ? i : size - 1 - i)) & 255;
  }
}

/** A damaged copy. */
function mutant(bytes: Uint8Array, random: Generator): Uint8Array {
  let out = bytes.slice();
  for (let times = 1 + random.below(4); times > 0; times--) {
    // Half of the damage goes to the head, where formats keep their lengths.
    const reach = random.uniform() < 0.5 ? Math.min(out.length, 512) : out.length;
    const at = random.below(reach);
    switch (random.below(6)) {
      case 0:
        out[at] = out[at]! ^ 1 << random.below(8);
        break;
      case 1:
        out[at] = random.below(256);
        break;
      case 2: {
        const [value, size] = [LENGTHS[random.below(LENGTHS.length)]!, [1, 2, 4][random.below(3)]!];
        const little = random.uniform() < 0.5;
        writeNumber(out, at, { value, size, little });
        break;
      }
      case 3:
        out = out.slice(0, at);
        break;
      case 4: {
        // A part of the file appears twice.
        const [from, length] = [random.below(out.length), random.below(64)];
        const part = out.slice(from, from + length);
        const longer = new Uint8Array(out.length + part.length);
        longer.set(out.subarray(0, at));
        longer.set(part, at);
        longer.set(out.subarray(at), at + part.length);
        out = longer;
        break;
      }
      default: {
        const length = random.below(32);
        out.copyWithin(at, at + length);
        out = out.slice(0, out.length - Math.min(length, out.length - at));
      }
    }
    if (out.length === 0) return out;
  }
  return out;
}

/** Bytes of a file's head in which each place is taken for a length. */
const HEAD = 600;
/** Ways to replace a field: its bytes, its order, its value. */
const WAYS = [2, 4].flatMap((size) =>
  [true, false].flatMap((little) =>
    ["zero", "huge", "negative", "own place"].map((value) => ({ size, little, value }))
  )
);

/**
 * A copy in which one field has another value.
 *
 * @param number Counts through places and ways; a prime stride spreads the first of them over the head.
 */
function lengthMutant(bytes: Uint8Array, number: number): Uint8Array {
  const places = Math.min(bytes.length, HEAD);
  const which = number * 7919 % (places * WAYS.length);
  const [at, { size, little, value }] = [which % places, WAYS[Math.floor(which / places)]!];
  const replaced = {
    zero: 0,
    huge: 2 ** (8 * size - 1) - 1,
    negative: 2 ** (8 * size) - 1,
    "own place": at,
  }[value]!;
  const out = bytes.slice();
  writeNumber(out, at, { value: replaced, size, little });
  return out;
}

/** The valid files, each with its ending. */
async function makeSeeds(folder: string): Promise<(readonly [name: string, bytes: Uint8Array])[]> {
  const script = decodeURIComponent(new URL("../tools/make_formats.py", import.meta.url).pathname);
  const python = new Deno.Command("python3", { args: [script, folder], stdout: "null", stderr: "null" });
  if (!(await python.output()).success) throw new Error("Cannot make the valid files: python3 needs Pillow");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    !/\.(rgb|json)$/.test(name)
  );
  return names.sort().map((name) => [name, Deno.readFileSync(`${folder}/${name}`)] as const);
}

async function readRecord(path: string, seed: number): Promise<Record> {
  try {
    const record: Record = JSON.parse(await Deno.readTextFile(path));
    if (record.seed === seed) return record;
  } catch {
    // There is none yet.
  }
  const slowest = { file: "", mutant: 0, seconds: 0 };
  return { seed, done: 0, read: 0, refused: 0, stopped: 0, endings: {}, slowest, most: 0, failures: [] };
}

async function decodeMutant(record: Record, [name, bytes]: readonly [string, Uint8Array]): Promise<void> {
  const number = record.done;
  const damaged = lengths
    ? lengthMutant(bytes, Math.floor(number / seeds.length))
    : mutant(bytes, createStream(record.seed, number));
  const started = performance.now();
  try {
    await decodeImage(damaged);
    record.read++;
  } catch (error) {
    if (!(error instanceof ImageError) || error.message.includes("\n")) {
      record.failures.push(`${name}, mutant ${number}: ${error}`);
    }
    record.refused++;
    if (/decode (memory|seconds)/.test(String(error))) record.stopped++;
  }
  const seconds = (performance.now() - started) / 1000;
  if (seconds > SECONDS + SLACK) record.failures.push(`${name}, mutant ${number}: ${seconds.toFixed(1)} s`);
  if (seconds > record.slowest.seconds) record.slowest = { file: name, mutant: number, seconds };
  const ending = name.split(".").at(-1)!;
  record.endings[ending] = (record.endings[ending] ?? 0) + 1;
}

const lengths = Deno.args.includes("--lengths");
const [count, seed] = [
  Number(argument("count", lengths ? "Infinity" : "20000")),
  Number(argument("seed", "0")),
];
const until = Date.now() + 60_000 * Number(argument("minutes", lengths ? "10" : "Infinity"));
const path = argument("record", lengths ? "out/lengths.json" : "out/mutants.json");
await Deno.mkdir(path.replace(/[^/]*$/, "") || ".", { recursive: true });
const record = await readRecord(path, seed);
const folder = await Deno.makeTempDir();
const seeds = await makeSeeds(folder);
await Deno.remove(folder, { recursive: true });

// Every codec is loaded before memory counts.
for (const [, bytes] of seeds) await decodeImage(bytes).catch(() => {});
const idle = Deno.memoryUsage().rss;
const watch = setInterval(() => {
  record.most = Math.max(record.most, Math.round((Deno.memoryUsage().rss - idle) / 2 ** 20));
}, 20);
while (record.done < count && Date.now() < until) {
  await decodeMutant(record, seeds[record.done % seeds.length]!);
  record.done++;
  if (record.done % 100 === 0) await Deno.writeTextFile(path, JSON.stringify(record, null, 2) + "\n");
}
clearInterval(watch);
if (record.most > MEMORY) record.failures.push(`${record.most} MB above idle`);
await Deno.writeTextFile(path, JSON.stringify(record, null, 2) + "\n");
console.log(
  `${record.done} mutants of ${seeds.length} files: ${record.read} read, ${record.refused} refused, of which ` +
    `${record.stopped} by their budget; slowest ${
      record.slowest.seconds.toFixed(1)
    } s, ${record.most} MB above idle`,
);
for (const failure of record.failures) console.log(failure);
Deno.exit(record.failures.length === 0 ? 0 : 1);
