/**
 * Fuzzing with coverage: Jazzer.js changes files, watches which branches of our readers they reach, and keeps those that
 * reach new ones. It looks at every reader of strangers' files that is ours (tests/support/foreign_readers.ts); codecs have
 * bench/mutants.ts.
 *
 *     deno task fuzz [--seconds 60] [--only onnx,labels] [--out out/fuzz] [--node COMMAND]
 *
 * Seconds are for each reader. Files that reach new branches stay in OUT/READER and are where the next run starts; a file
 * with a finding stays as OUT/READER.crash-*. Ends with 1 when there is a finding. Needs Node and npm; Jazzer.js needs
 * glibc 2.38 (Debian 13). On an older one, `--node "…/ld-linux-x86-64.so.2 --library-path … node"` starts Node with a newer.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { FOREIGN_READERS } from "../../tests/support/foreign_readers.ts";
import { FOREIGN_SEEDS } from "../../tests/support/foreign_seeds.ts";

const JAZZER = "@jazzer.js/core@4.0.0";
const LONGEST = 16_384;

type ReaderName = keyof typeof FOREIGN_READERS;

const given = parseArgs(Deno.args, { string: ["seconds", "only", "out", "node"] });
const seconds = Number(given.seconds ?? 60);
const names = (given.only?.split(",") ?? Object.keys(FOREIGN_READERS)) as ReaderName[];
const unknown = names.find((name) => FOREIGN_READERS[name] === undefined);
if (unknown !== undefined || !(seconds > 0)) {
  console.error(
    unknown === undefined
      ? "--seconds must be a number above 0"
      : `Unknown reader ${unknown}: there are ${Object.keys(FOREIGN_READERS).join(", ")}`,
  );
  Deno.exit(2);
}
const out = `${Deno.cwd()}/${given.out ?? "out/fuzz"}`;
const [node, ...nodeArguments] = (given.node ?? "node").split(" ");
await Deno.mkdir(out, { recursive: true });

await command("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", out, JAZZER]);
await command(Deno.execPath(), [
  ...["bundle", "--quiet", "--no-lock", "--config", config(), "--format", "cjs"],
  ...["--output", `${out}/readers.cjs`, new URL("target.ts", import.meta.url).pathname],
]);
// Node finds the names of a module's exports in plain assignments alone.
await Deno.writeTextFile(`${out}/target.cjs`, 'exports.fuzz = require("./readers.cjs").fuzz;\n');

let findings = 0;
for (const name of names) {
  const corpus = `${out}/${name.replaceAll(" ", "-")}`;
  await Deno.mkdir(corpus, { recursive: true });
  for (const [index, [, bytes]] of FOREIGN_SEEDS[name].entries()) {
    await Deno.writeFile(`${corpus}/seed-${index}`, bytes);
  }
  const { code, stderr, stdout } = await new Deno.Command(node!, {
    args: [
      ...nodeArguments,
      ...[`${out}/node_modules/@jazzer.js/core/dist/cli.js`, `${out}/target.cjs`, corpus, "--"],
      ...[`-max_total_time=${seconds}`, `-max_len=${LONGEST}`, `-artifact_prefix=${corpus}.`, "-timeout=10"],
      ...["-rss_limit_mb=2048", "-print_final_stats=1"],
    ],
    env: { PTAME_READER: name },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (/GLIBC_[\d.]+' not found/.test(text)) {
    console.error("Jazzer.js needs glibc 2.38 (Debian 13): see --node at the top of bench/fuzz/main.ts");
    Deno.exit(2);
  }
  const runs = /stat::number_of_executed_units:\s*(\d+)/.exec(text)?.[1] ?? "?";
  const reached = [...text.matchAll(/cov: (\d+) ft: (\d+) corp: (\d+)/g)].at(-1);
  console.log(
    `${name}: ${runs} files, ${reached?.[1] ?? "?"} branches reached, ${reached?.[3] ?? "?"} files kept` +
      (code === 0 ? "" : `, exit ${code}`),
  );
  if (code !== 0) {
    findings++;
    console.log(text.split("\n").filter((line) => !line.startsWith("#")).slice(-40).join("\n"));
  }
}
Deno.exit(findings === 0 ? 0 : 1);

/** The configuration that this program runs with. */
function config(): string {
  const name = import.meta.resolve("@std/cli/parse-args").startsWith("file:")
    ? "deno.local.json"
    : "deno.json";
  return new URL(`../../${name}`, import.meta.url).pathname;
}

async function command(program: string, args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args, stdout: "null" }).output();
  if (code === 0) return;
  console.error(`${program} failed: ${new TextDecoder().decode(stderr).trim()}`);
  Deno.exit(1);
}
