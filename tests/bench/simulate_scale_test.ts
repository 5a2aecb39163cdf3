/**
 * bench/simulate_scale.ts: its small end is what was measured, and docs/scale.md has its table.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { ASSUMED, planTable, simulate } from "../../bench/simulate_scale.ts";

const SCALE = Deno.readTextFileSync(new URL("../../docs/scale.md", import.meta.url));

Deno.test("simulate() gives the processor time that docs/scale.md measured, within 30 %", () => {
  const measured = [...SCALE.matchAll(/^\| ([124]) +\| ([\d.]+) +\| [\d.]+ +\| [\d,]+ +\| [\d.]+ +\|$/gm)];
  assertEquals(measured.length, 3);
  const quiet = { ...ASSUMED, slowShare: 0, lossesPerHour: 0, readsPerSecond: Infinity };
  for (const [, processes, seconds] of measured) {
    const { coreHours } = simulate(60, Number(processes), "one folder", quiet);
    const ratio = 3600 * coreHours / Number(seconds);
    assert(ratio > 0.77 && ratio < 1.3, `${processes} processes: ${ratio} of what was measured`);
  }
});

Deno.test("simulate() saturates where the store answers no faster, and lists a folder once for each process", () => {
  const steady = { ...ASSUMED, slowShare: 0, lossesPerHour: 0 };
  const least = 1e7 / steady.readsPerSecond / 3600;
  for (const processes of [2000, 20_000]) {
    const { hours, limit } = simulate(1e7, processes, "a folder each", steady);
    // The largest part is a few times the square root of its size above the mean.
    assert(hours >= least && hours < 1.3 * least, `${processes} processes take ${hours} of ${least} hours`);
    assertEquals(limit, "store");
  }
  const [whole, own] = [
    simulate(1e9, 1000, "one folder", steady),
    simulate(1e9, 1000, "a folder each", steady),
  ];
  // 1,000 processes ask for more pages than the store answers in a second.
  const page = Math.max(steady.secondsPerPage, 1000 / steady.readsPerSecond);
  assertEquals(page, 1000 / steady.readsPerSecond);
  assertEquals(Math.round(whole.hours - own.hours), Math.round((1e6 - 1e3) * page / 3600));
});

Deno.test("docs/scale.md has the table of bench:simulate", () => {
  // Formatting pads the cells.
  const plain = (text: string) =>
    text.replaceAll(/-{3,}/g, "---").replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ");
  assert(plain(SCALE).includes(plain(planTable())), "run: deno task bench:simulate --write");
});
