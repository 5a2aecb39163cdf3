/**
 * The packed module in Node and Bun: `deno pack` makes the npm package, npm installs it with its dependencies into an
 * empty folder, and there each runtime explains the shipped sample. Class and map must be Deno's.
 *
 * With PTAME_HEAVY=1 alone: npm fetches 150 MB, and runtimes that are not installed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { docBlocks } from "../support/doc_blocks.ts";
import { canInstall, installPacked, run, type Said, sameAsHere, tried } from "./packed.ts";

/** The runtimes: what `--version` begins with, and the commands that may be it. npm has every one. */
const RUNTIMES = [
  ["Node 20", "v20.", [["node"], ["npx", "-y", "node@20"]]],
  ["Node 22", "v22.", [["node"], ["npx", "-y", "node@22"]]],
  ["Node 24", "v24.", [["node"], ["npx", "-y", "node@24"]]],
  ["Bun", "1.", [["bun"], ["npx", "-y", "bun@1.4.5"]]],
] as const;

/** A program of a user of the npm package: paths of images are beside it, and files come by path and by URL. */
const PROGRAM = `
import { createExplainer } from "@ptame/ptame";
const explainer = await createExplainer({ device: "wasm", threads: 1 });
const { prediction, targets } = await explainer.explain("photo.jpg");
// As before Node 20.16.
process.getBuiltinModule = undefined;
const byUrl = await explainer.explain(new URL("photo.jpg", import.meta.url));
const missing = await explainer.explain("no/such.jpg").catch((error) => error.message);
const overlay = await byUrl.overlay();
await explainer.dispose();
console.log(JSON.stringify({
  index: prediction[0].index,
  probability: prediction[0].probability,
  map: [...targets[0].map.values],
  overlay: overlay.data.reduce((sum, value) => sum + value, 0),
  same: byUrl.prediction[0].probability === prediction[0].probability,
  missing,
}));
`;

async function findRuntime(
  [name, version, commands]: typeof RUNTIMES[number],
): Promise<readonly string[] | undefined> {
  for (const command of commands) {
    if ((await tried([...command, "--version"]))?.startsWith(version)) return command;
  }
  console.warn(`SKIPPED: the packed module in ${name}: install it, or let npx fetch it`);
}

const heavy = heavyTests();
if (heavy) await warmUpWasm();

Deno.test({
  name: "the packed module explains the sample in Node and Bun as in Deno",
  ignore: !heavy || !(await canInstall()),
  fn: async (t) => {
    const checkSame = await sameAsHere();
    const folder = await Deno.makeTempDir();
    try {
      await installPacked(folder);
      // Only reports draw plots, and load the library for them.
      await assertRejects(() => Deno.stat(`${folder}/node_modules/@observablehq`), Deno.errors.NotFound);
      await Deno.writeTextFile(`${folder}/main.js`, PROGRAM);
      await Deno.writeTextFile(`${folder}/documented.js`, docBlocks("node.md", "js", 1)[0]!);
      for (const runtime of RUNTIMES) {
        const command = await findRuntime(runtime);
        await t.step({
          name: runtime[0],
          ignore: command === undefined,
          fn: async () => {
            const said: Said & { readonly same: boolean; readonly missing: string } = JSON.parse(
              await run([...command!, "main.js"], folder),
            );
            checkSame(said);
            assert(said.same, "a path and a URL of the same image give other scores");
            assertMatch(await run([...command!, "documented.js"], folder), /^Egyptian cat 0\.\d+ 56 56$/);
            assertEquals(said.missing, "Cannot read image no/such.jpg: no such file or directory");
          },
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
