/**
 * Damaged files against the readers of untrusted files. Whatever is damaged, a reader
 * gives what it read or throws a SyntaxError, RangeError or TypeError of one line; soon, and without asking for memory
 * that the file cannot mean.
 *
 * Some hundred cases per reader, always the same ones, in the everyday run. PTAME_FUZZ_SECONDS=120 tries new ones for
 * that long. A failure names its seed and case; PTAME_FUZZ_SEED and PTAME_FUZZ_CASE repeat it alone.
 */
import { assert } from "@std/assert";
import { createStream } from "../../src/random/generator.ts";
import { FOREIGN_READERS, wrongError } from "../support/foreign_readers.ts";
import { FOREIGN_SEEDS } from "../support/foreign_seeds.ts";
import { mutated } from "../support/mutations.ts";

const SECONDS = Number(Deno.env.get("PTAME_FUZZ_SECONDS") ?? 0);
const SEED = Number(Deno.env.get("PTAME_FUZZ_SEED") ?? (SECONDS > 0 ? Date.now() % 2 ** 32 : 1));
const ONLY = Deno.env.get("PTAME_FUZZ_CASE");
/** Cases of the everyday run. */
const CASES = 600;
/** A case takes a millisecond or two; a machine may be busy. */
const SLOWEST_MS = 3000;
const MOST_MEMORY = 400 << 20;

type ReaderName = keyof typeof FOREIGN_READERS;
const NAMES = Object.keys(FOREIGN_READERS) as ReaderName[];

/** What was wrong with a reader's answer to one case; `undefined` where nothing was. */
async function problem(reader: ReaderName, bytes: Uint8Array): Promise<string | undefined> {
  const before = Deno.memoryUsage();
  const started = performance.now();
  let wrong: string | undefined;
  try {
    await FOREIGN_READERS[reader](bytes);
  } catch (error) {
    wrong = wrongError(error);
  }
  const took = performance.now() - started;
  const after = Deno.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  if (took > SLOWEST_MS) wrong ??= `it took ${Math.round(took)} ms`;
  if (grown > MOST_MEMORY) wrong ??= `it took ${Math.round(grown / 2 ** 20)} MiB`;
  return wrong;
}

/** One case, from its number alone. */
async function tryCase(reader: ReaderName, index: number): Promise<void> {
  const random = createStream(SEED, index);
  const files = FOREIGN_SEEDS[reader];
  const [name, bytes] = files[random.below(files.length)]!;
  const [, other] = files[random.below(files.length)]!;
  const damage = mutated(bytes.slice(), random, other);
  const wrong = await problem(reader, damage.bytes);
  assert(
    wrong === undefined,
    `${reader} with ${name}, ${damage.how}: ${wrong} (PTAME_FUZZ_SEED=${SEED} PTAME_FUZZ_CASE=${index})`,
  );
}

for (const reader of NAMES) {
  Deno.test(`the reader of ${reader} gives a clear error or what it read when its file is damaged`, async () => {
    for (const [, bytes] of FOREIGN_SEEDS[reader]) await FOREIGN_READERS[reader](bytes);
    if (ONLY !== undefined) return await tryCase(reader, Number(ONLY));
    const until = performance.now() + 1000 * SECONDS / NAMES.length;
    let index = 0;
    let said = performance.now();
    while (SECONDS > 0 ? performance.now() < until : index < CASES) {
      // A reader that never returns is found by the last line.
      if (performance.now() - said > 5000) {
        console.log(`${reader}: seed ${SEED}, ${index} cases`);
        said = performance.now();
      }
      await tryCase(reader, index++);
    }
    if (SECONDS > 0) console.log(`${reader}: seed ${SEED}, ${index} cases`);
  });
}
