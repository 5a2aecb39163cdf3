/**
 * What spreading a folder over processes costs: processor time of one process and of several shards of the same images, of
 * joining their results, and images in an hour of a core. Prints the table of docs/scale.md.
 *
 *     deno task bench:scale --images DIR [--limit 60] [--processes 1,2,4]
 *
 * Processor time (user and system) does not depend on what else runs; wall time does, and is printed for a quiet machine.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { table } from "../src/cli/terminal.ts";
import { listImages } from "../src/cli/image_lists.ts";
import { evenlySpread } from "../src/ptame/evenly_spread.ts";
import { configPath } from "./programs.ts";

function wrong(message: string): never {
  console.error(`bench:scale: ${message}; see the head of bench/scale.ts`);
  Deno.exit(2);
}

const given = parseArgs(Deno.args, {
  string: ["images", "limit", "processes"],
  unknown: (argument) => wrong(`unknown argument ${argument}`),
});
const limit = Number(given.limit ?? 60);
const counts: number[] = (given.processes ?? "1,2,4").split(",").map(Number);
if (given.images === undefined) wrong("--images names a folder of photographs");
if (!(limit >= 1) || !counts.every((count) => Number.isInteger(count) && count >= 1)) {
  wrong("--limit takes a number of at least 1, --processes some with commas between");
}

const MAIN = decodeURIComponent(new URL("../src/cli/main.ts", import.meta.url).pathname);
const PROGRAM = [Deno.execPath(), "run", "--no-check", "-A", "--config", configPath(), MAIN];

/** Runs the program in a folder and gives its processor time in seconds, as the shell counts it. */
async function processorSeconds(folder: string, args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", '"$@" && times', "bash", ...PROGRAM, ...args],
    cwd: folder,
    env: { LC_ALL: "C", NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  // The shell's own times, then those of the programs that it ran: "1m2.345s 0m1.234s".
  const children = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + 60 * Number(m) + Number(s),
    0,
  );
}

const images = evenlySpread(await listImages(await Deno.realPath(given.images)), limit);
const folder = await Deno.makeTempDir({ prefix: "ptame-scale-" });
try {
  await Deno.mkdir(`${folder}/photos`);
  for (const [i, image] of images.entries()) {
    await Deno.symlink(image, `${folder}/photos/${String(i).padStart(6, "0")}.${image.split(".").at(-1)}`);
  }
  const rows: string[][] = [];
  const totals: number[] = [];
  for (const count of counts) {
    console.error(`explaining ${images.length} images in ${count} process(es) …`);
    const out = `out${count}`;
    const started = performance.now();
    const shared = ["explain", "photos", "--out", out, "--workers", "1", "--quiet"]
      .concat("--device", "wasm", "--threads", "1");
    const each = await Promise.all(
      Array.from(
        { length: count },
        (_, k) => processorSeconds(folder, [...shared, "--shard", `${k + 1}/${count}`]),
      ),
    );
    const wall = (performance.now() - started) / 1000;
    const total = each.reduce((sum, seconds) => sum + seconds, 0);
    const merge = await processorSeconds(folder, ["merge", out, "--quiet"]);
    totals.push(total);
    rows.push([
      String(count),
      total.toFixed(1),
      (total / images.length).toFixed(2),
      String(Math.round(3600 / (total / images.length))),
      merge.toFixed(1),
      wall.toFixed(1),
    ]);
  }
  console.log(`${images.length} images, wasm, one thread for each process`);
  console.log(table([
    ["processes", "processor s", "s per image", "images per core-hour", "merge s", "wall s"],
    ...rows,
  ]));
  const [first, last] = [counts[0]!, counts.at(-1)!];
  if (last > first) {
    const start = (totals.at(-1)! - totals[0]!) / (last - first);
    const image = (totals[0]! - first * start) / images.length;
    console.log(`one more process costs ${start.toFixed(1)} s, one more image ${image.toFixed(2)} s`);
    console.log(`a long run explains ${Math.round(3600 / image)} images in an hour of a core`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
