/**
 * Plans runs that are too large for one machine: `explain` over 10 million and a billion images by n processes, with
 * stragglers, lost machines, and a store that answers so many requests a second. Writes the table of docs/scale.md.
 *
 *     deno task bench:simulate [--write]
 *
 * Every process takes its part by hash, so parts differ in size by about the square root of their size. A process's
 * time is starting, listing names, and its images; a lost one starts anew and does again what was not written.
 *
 * @module
 */
import { createStream, type Generator } from "../src/random/generator.ts";

/** The numbers that a plan rests on. */
export interface Assumptions {
  /** Processor seconds of one image; measured (docs/scale.md). */
  readonly secondsPerImage: number;
  /** Processor seconds until a process has opened its networks; measured (docs/scale.md). */
  readonly startSeconds: number;
  /** Share of the processes on a slow machine, and how many times as long they take. */
  readonly slowShare: number;
  readonly slowFactor: number;
  /** Losses of a machine per hour (spot), and seconds until another one starts. */
  readonly lossesPerHour: number;
  readonly replaceSeconds: number;
  /** Requests for images that the store answers in a second, all processes together. */
  readonly readsPerSecond: number;
  /** Names in one answer of a listing, and seconds for it. */
  readonly namesPerPage: number;
  readonly secondsPerPage: number;
}

/** What the table assumes. The first two are measured, the others are what clouds publish or a cautious guess. */
export const ASSUMED: Assumptions = {
  secondsPerImage: 0.16,
  startSeconds: 3.7,
  slowShare: 0.02,
  slowFactor: 2,
  lossesPerHour: 0.05,
  replaceSeconds: 120,
  readsPerSecond: 5500,
  namesPerPage: 1000,
  secondsPerPage: 0.1,
};

/** The outcome of a plan. */
export interface Plan {
  /** Hours until the last process is done. */
  readonly hours: number;
  /** Hours of processors that run, summed over processes. */
  readonly coreHours: number;
  /** Of these, the share that explains images. */
  readonly useful: number;
  /** Machines that were lost. */
  readonly losses: number;
  /** What most of the time goes to: explaining, listing and starting (again after each loss), or waiting for the store. */
  readonly limit: "images" | "listing" | "store";
}

/** How images lie: all in one folder, which every process lists whole, or a folder for each process. */
export type Layout = "one folder" | "a folder each";

/** Lives of a machine that opening may take: one in e⁸ processes lives so long, so a run beyond does not end. */
const HOPELESS = 8;

/** Simulates one run of `processes` processes over `images` images; the same seed gives the same run. */
export function simulate(
  images: number,
  processes: number,
  layout: Layout,
  given: Assumptions = ASSUMED,
  seed = 0,
): Plan {
  const generator = createStream(seed, processes);
  const mean = images / processes;
  const listed = layout === "one folder" ? images : mean;
  // The store's answers are shared: no image and no page of names takes less than this, whatever a process could do.
  const storeSeconds = processes / given.readsPerSecond;
  const pageSeconds = Math.max(given.secondsPerPage, storeSeconds);
  const opening = given.startSeconds + Math.ceil(listed / given.namesPerPage) * pageSeconds;
  if (opening * given.lossesPerHour / 3600 > HOPELESS) {
    const never = { hours: Infinity, coreHours: Infinity, useful: 0, losses: Infinity } as const;
    return { ...never, limit: "listing" };
  }
  let [slowest, total, opened, losses] = [0, 0, 0, 0];
  for (const part of partSizes(images, processes, generator)) {
    const slow = generator.uniform() < given.slowShare ? given.slowFactor : 1;
    const work = part * Math.max(given.secondsPerImage * slow, storeSeconds);
    const run = runProcess(work, opening, given, generator);
    slowest = Math.max(slowest, run.seconds);
    total += run.busy;
    opened += run.busy - work;
    losses += run.losses;
  }
  const explaining = images * given.secondsPerImage;
  const waiting = images * Math.max(0, storeSeconds - given.secondsPerImage);
  const most = Math.max(explaining, waiting, opened);
  return {
    hours: slowest / 3600,
    coreHours: total / 3600,
    useful: explaining / total,
    losses,
    limit: most === opened ? "listing" : most === waiting ? "store" : "images",
  };
}

/** Sizes of the parts that a hash gives: away from their mean by about the square root of it, all images together. */
function partSizes(images: number, processes: number, generator: Generator): Float64Array {
  const mean = images / processes;
  const spread = Math.sqrt(mean * (1 - 1 / processes));
  const sizes = Float64Array.from(
    { length: processes },
    () => Math.max(0, mean + spread * generator.normal()),
  );
  const drawn = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => size * images / drawn);
}

/** One process from its start to its end. A loss costs opening again; written results stay. */
function runProcess(work: number, opening: number, given: Assumptions, generator: Generator) {
  const meanLife = given.lossesPerHour > 0 ? 3600 / given.lossesPerHour : Infinity;
  let [left, seconds, busy, losses] = [work, 0, 0, 0];
  for (;;) {
    const life = meanLife === Infinity ? Infinity : -Math.log(1 - generator.uniform()) * meanLife;
    const rest = opening + left;
    if (life >= rest) return { seconds: seconds + rest, busy: busy + rest, losses };
    left -= Math.max(0, life - opening);
    seconds += life + given.replaceSeconds;
    busy += life;
    losses++;
  }
}

const IMAGES = [1e7, 1e9];
const LAYOUTS: readonly Layout[] = ["one folder", "a folder each"];
const PROCESSES = [100, 1000, 10_000, 100_000];

/** The table of docs/scale.md. */
export function planTable(): string {
  const cell = (value: number, digits = 0) =>
    value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const rows = IMAGES.flatMap((images) =>
    LAYOUTS.flatMap((layout) =>
      PROCESSES.map((processes) => {
        const { hours, coreHours, useful, losses, limit } = simulate(images, processes, layout);
        return `| ${cell(images)} | ${layout} | ${cell(processes)} | ${cell(hours, 1)} | ${
          cell(coreHours)
        } | ` +
          `${cell(100 * useful)} % | ${cell(losses)} | ${limit} |`;
      })
    )
  );
  return [
    "| images | in | processes | hours | core-hours | of them explaining | machines lost | limited by |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

const PAGE = new URL("../docs/scale.md", import.meta.url);
const [BEGIN, END] = ["<!-- bench:simulate -->", "<!-- end of bench:simulate -->"];

if (import.meta.main) {
  const table = planTable();
  console.log(table);
  if (Deno.args.includes("--write")) {
    const text = Deno.readTextFileSync(PAGE);
    const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
    if (before < 0 || after < before) throw new Error("Cannot write docs/scale.md: its marks are missing");
    Deno.writeTextFileSync(PAGE, `${text.slice(0, before)}${BEGIN}\n\n${table}\n\n${text.slice(after)}`);
  }
}
