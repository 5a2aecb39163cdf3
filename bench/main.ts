/**
 * Everything that is measured of speed and memory, in one run on one machine: medians, and ratios to what ran in turn
 * with them.
 *
 *     deno task bench [--only NAME,…] [--device wasm,native] [--rounds 15] [--json] [--against FILE]
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { parseRecorded, regressions } from "./against.ts";
import { type Context, lineOf, type Part, type Row } from "./measure.ts";
import { baselines } from "./parts/baselines.ts";
import { folder as folders } from "./parts/folder.ts";
import { head } from "./parts/head.ts";
import { memory } from "./parts/memory.ts";
import { overhead } from "./parts/overhead.ts";
import { picture } from "./parts/image.ts";
import { start } from "./parts/start.ts";
import { training } from "./parts/training.ts";

const PARTS: Readonly<Record<string, Part>> = {
  picture,
  overhead,
  head,
  baselines,
  training,
  start,
  folder: folders,
  memory,
};
const DEVICES = ["wasm", "native", "webgpu"] as const;

const HELP = `Measure speed and memory: medians, and ratios to what ran in turn with them.

Usage: deno task bench [options]

Options:
  --only NAME,…      Parts to run (${Object.keys(PARTS).join(", ")}; default: all)
  --device NAME,…    ${DEVICES.join(", ")} (default: wasm,native)
  --rounds N         Rounds that count (default: 15)
  --json             A list of results on stdout instead of a table
  --against FILE     Compare ratios with those that --json wrote; end with 1 where one is worse beyond noise
  --help             This text

Let nothing else run beside it.`;

function wrong(message: string): never {
  console.error(`bench: ${message}; see --help`);
  Deno.exit(2);
}

function listOf<T extends string>(text: string, known: readonly T[], what: string): T[] {
  return text.split(",").map((name) =>
    known.find((each) => each === name) ?? wrong(`unknown ${what} ${name} (${known.join(", ")})`)
  );
}

const given = parseArgs(Deno.args, {
  boolean: ["json", "help"],
  string: ["only", "device", "rounds", "against"],
  unknown: (argument) => wrong(`unknown argument ${argument}`),
});
if (given.help) {
  console.log(HELP);
  Deno.exit(0);
}
const parts = listOf(given.only ?? Object.keys(PARTS).join(), Object.keys(PARTS), "part");
const rounds = Number(given.rounds ?? 15);
if (!Number.isInteger(rounds) || rounds < 1) wrong(`--rounds takes a whole number, not ${given.rounds}`);

/** Read before anything is measured: a wrong file is said at once. */
function recordedRows(path: string): Row[] {
  try {
    return parseRecorded(Deno.readTextFileSync(path), path);
  } catch (error) {
    return wrong(`--against: ${(error as Error).message}`);
  }
}
const recorded = given.against === undefined ? undefined : recordedRows(given.against);

const folder = await Deno.makeTempDir({ prefix: "ptame-bench-" });
const context: Context = {
  rounds,
  devices: listOf(given.device ?? "wasm,native", DEVICES, "device"),
  folder,
  doing: (what) => console.error(`measuring ${what} …`),
};
const rows: Row[] = [];
try {
  for (const name of parts) {
    for await (const row of PARTS[name]!(context)) {
      rows.push(row);
      if (!given.json) console.log(lineOf(row));
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
if (given.json) console.log(JSON.stringify(rows, null, 2));
const worse = regressions(rows, recorded ?? []);
for (const { line } of worse) console.error(`worse: ${line}`);
if (recorded !== undefined && worse.length === 0) console.error(`nothing is worse than in ${given.against}`);
Deno.exit(worse.length > 0 ? 1 : 0);
