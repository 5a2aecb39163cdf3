/**
 * Times that can be compared: contestants take turns, so that a busy machine disturbs all alike, and every figure is a
 * median with the ratio to another's from the same run, pair by pair.
 *
 * @module
 */

/** One line of a benchmark's results. */
export interface Row {
  /** Part and what was measured. */
  readonly name: string;
  /** Where it ran. */
  readonly device: string;
  /** Networks. */
  readonly model: string;
  /** Median. */
  readonly median: number;
  /** Its unit. */
  readonly unit: "ms" | "MB" | "images/s";
  /** What it is compared with, "" where it is what others are compared with. */
  readonly against: string;
  /** Median of the ratios, pair by pair; 1 for what others are compared with. */
  readonly ratio: number;
  /** Half of the ratios lie within this share of their median, to both sides together; 0 where there is one. */
  readonly spread: number;
}

/** What a part of the benchmark is given. */
export interface Context {
  /** Rounds to take the median of. */
  readonly rounds: number;
  /** Devices asked for. */
  readonly devices: readonly ("wasm" | "native" | "webgpu")[];
  /** A folder for files that live as long as the benchmark. */
  readonly folder: string;
  /** Says what is being done. */
  readonly doing: (what: string) => void;
}

/** A part of the benchmark. */
export type Part = (context: Context) => AsyncIterable<Row>;

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Threads wait for more work for some ten milliseconds after a run, on a core that the next contestant needs. */
const SETTLE_MS = 100;

/** What takes longer is not repeated to warm up. */
const LONG_MS = 1000;

/**
 * A run that is measured. It may give the milliseconds that count, where not all that it does should; else all counts.
 */
export type Contestant = () => unknown;

/**
 * Milliseconds of each contestant per round, in turns. In its turn a contestant runs twice and the second time counts:
 * the first wakes its own threads, after a pause in which those of the contestant before have gone to sleep. One that
 * took a second or more in its first run of all runs once in each turn.
 *
 * @param warmUp Rounds before those that count.
 */
export async function inTurns(
  contestants: Readonly<Record<string, Contestant>>,
  rounds: number,
  warmUp = 2,
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const long = new Map<string, boolean>();
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const started = performance.now();
      let time = await milliseconds(run);
      if (!long.has(name)) long.set(name, performance.now() - started >= LONG_MS);
      if (!long.get(name)) time = await milliseconds(run);
      if (round >= 0) (times[name] ??= []).push(time);
    }
  }
  return times;
}

async function milliseconds(run: Contestant): Promise<number> {
  const started = performance.now();
  const own = await run();
  return typeof own === "number" ? own : performance.now() - started;
}

/** Ratios of some figures to others, pair by pair: their median, and the width of their middle half as a share of it. */
export function comparedWith(
  figures: readonly number[],
  others: readonly number[],
): Pick<Row, "ratio" | "spread"> {
  const ratios = figures.map((figure, i) => figure / others[i]!).toSorted((a, b) => a - b);
  const ratio = median(ratios);
  const [low, high] = [ratios[Math.floor(ratios.length / 4)]!, ratios[Math.ceil(3 * ratios.length / 4) - 1]!];
  return { ratio, spread: Math.max(0, high - low) / ratio };
}

/** Rows of contestants that were measured in turns, each against `base`. */
export function rowsAgainst(
  times: Readonly<Record<string, readonly number[]>>,
  base: string,
  about: { readonly part: string; readonly device: string; readonly model: string },
): Row[] {
  return Object.entries(times).map(([name, all]) => ({
    name: `${about.part}: ${name}`,
    device: about.device,
    model: about.model,
    median: median(all),
    unit: "ms",
    against: name === base ? "" : base,
    ...comparedWith(all, times[base]!),
  }));
}

/** A row as a person reads it. */
export function lineOf({ name, device, model, median, unit, against, ratio }: Row): string {
  const value = `${median.toFixed(median < 100 ? 1 : 0)} ${unit}`;
  const compared = against === "" ? "" : `${ratio < 10 ? ratio.toFixed(3) : ratio.toFixed(0)} x ${against}`;
  return `${name.padEnd(44)} ${model.padEnd(20)} ${device.padEnd(7)} ${value.padStart(12)}  ${compared}`;
}
