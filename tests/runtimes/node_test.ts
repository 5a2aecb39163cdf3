/**
 * The packed module in Node: `deno pack` makes the npm package, npm installs it with its dependencies into an empty
 * folder, and there Node explains the shipped sample. Class and map must be Deno's.
 *
 * With PTAME_HEAVY=1 alone: npm fetches 150 MB, and a Node of each version where it is not the installed one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createExplainer } from "../../mod.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";

const ROOT = new URL("../../", import.meta.url);
const SAMPLE = new URL("models/sample/chelsea.jpg", ROOT);
const VERSIONS = [20, 24];
const TOLERANCE = 1e-4;

/** A program of a user of the npm package: paths of pictures are beside it, and files come by path and by URL. */
const PROGRAM = `
import { createExplainer } from "@ptame/ptame";
const explainer = await createExplainer({ device: "wasm", threads: 1 });
const { prediction, targets } = await explainer.explain("photo.jpg");
// As before Node 20.16.
process.getBuiltinModule = undefined;
const byUrl = await explainer.explain(new URL("photo.jpg", import.meta.url));
const missing = await explainer.explain("no/such.jpg").catch((error) => error.message);
await explainer.dispose();
console.log(JSON.stringify({
  node: process.version,
  index: prediction[0].index,
  probability: prediction[0].probability,
  map: [...targets[0].map.values],
  same: byUrl.prediction[0].probability === prediction[0].probability,
  missing,
}));
`;

interface Said {
  readonly node: string;
  readonly index: number;
  readonly probability: number;
  readonly map: readonly number[];
  readonly same: boolean;
  readonly missing: string;
}

/** Runs a program and gives what it prints. */
async function run([program, ...args]: readonly string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    env: { NO_COLOR: "1", PTAME_STD: "local" },
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text(stderr).slice(-2000)}`);
  return text(stdout).trim();
}

/** The same, undefined where it fails or is not there. */
const tried = (command: readonly string[]) => run(command).catch(() => undefined);

/** What packing and installing need; says once what to install where a part is missing. */
async function canInstall(): Promise<boolean> {
  const missing = await tried([Deno.execPath(), "pack", "--help"]) === undefined
    ? "Deno 2.9 or newer, which packs npm packages"
    : await tried(["npm", "--version"]) === undefined
    ? "npm; on Debian: apt-get install npm"
    : await tried(["npm", "view", "onnxruntime-web", "version"]) === undefined
    ? "a registry that npm reaches"
    : undefined;
  if (missing !== undefined) console.warn(`SKIPPED: the packed module in Node needs ${missing}`);
  return missing === undefined;
}

/** The command of a Node: the installed one where it has that version, else npm's. */
async function nodeCommand(version: number): Promise<string[] | undefined> {
  for (const command of [["node"], ["npx", "-y", `node@${version}`]]) {
    if ((await tried([...command, "--version"]))?.startsWith(`v${version}.`)) return command;
  }
  console.warn(`SKIPPED: the packed module in Node ${version}: install Node ${version}, or let npx fetch it`);
  return undefined;
}

/** Packs the module and installs it in a folder. */
async function install(folder: string): Promise<void> {
  const tarball = `${folder}/ptame.tgz`;
  // The launcher puts stand-ins for JSR's packages into the package, which npm would ask a registry of JSR's for.
  const launcher = new URL("tools/launch.ts", ROOT).pathname;
  const pack = ["pack", "--allow-dirty", "--allow-slow-types", "-o", tarball];
  await run([Deno.execPath(), "run", "--no-config", "--no-lock", "-A", launcher, "deno", ...pack]);
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module", private: true }));
  await Deno.writeTextFile(`${folder}/main.js`, PROGRAM);
  await Deno.copyFile(SAMPLE, `${folder}/photo.jpg`);
  await run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", tarball], folder);
}

const heavy = heavyTests();
if (heavy) await warmUpWasm();

Deno.test({
  name: "the packed module explains the sample in Node as in Deno",
  ignore: !heavy || !(await canInstall()),
  fn: async (t) => {
    const explainer = await createExplainer({ device: "wasm" });
    const { prediction, targets } = await explainer.explain(SAMPLE);
    await explainer.dispose();
    const folder = await Deno.makeTempDir();
    try {
      await install(folder);
      for (const version of VERSIONS) {
        const command = await nodeCommand(version);
        await t.step({
          name: `Node ${version}`,
          ignore: command === undefined,
          fn: async () => {
            const said: Said = JSON.parse(await run([...command!, "main.js"], folder));
            assert(said.node.startsWith(`v${version}.`), said.node);
            assertEquals(said.index, prediction[0]!.index);
            assert(
              Math.abs(said.probability - prediction[0]!.probability) < TOLERANCE,
              `${said.probability}`,
            );
            const own = targets[0]!.map.values;
            assertEquals(said.map.length, own.length);
            const apart = Math.max(...said.map.map((value, i) => Math.abs(value - own[i]!)));
            assert(apart < TOLERANCE, `the maps differ by ${apart}`);
            assert(said.same, "a path and a URL of the same picture give other scores");
            assertEquals(said.missing, "Cannot read image no/such.jpg: no such file or directory");
          },
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
