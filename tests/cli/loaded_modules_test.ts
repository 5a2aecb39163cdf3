import { assert, assertEquals } from "@std/assert";
import { heavyTests } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { runCliProcess } from "../support/run_deno.ts";

const ROOT = new URL("../../", import.meta.url);

/** The table of methods, and facts about refining: light, and named by explain's options. */
const FACTS = [
  ...["methods.ts", "open.ts", "passes.ts"].map((name) => `src/baselines/${name}`),
  ...["activation", "gradient", "perturbation"].map((kind) => `src/baselines/${kind}/table.ts`),
  "src/ptame/refine/types.ts",
];

/** The project's own modules that a command really loads, by V8's coverage, which has a file for each. */
async function modulesLoadedBy(args: readonly string[], folder: string): Promise<string[]> {
  const coverage = await Deno.makeTempDir({ dir: folder });
  const ended = await runCliProcess(args, folder, { DENO_COVERAGE_DIR: coverage });
  assertEquals(ended.code, 0, ended.stderr);
  const urls = [...Deno.readDirSync(coverage)].map(({ name }) =>
    JSON.parse(Deno.readTextFileSync(`${coverage}/${name}`)).url as string
  );
  return urls.filter((url) => /\/(src|models)\//.test(url) && url.startsWith(ROOT.href))
    .map((url) => url.slice(ROOT.href.length)).sort();
}

const ARGS = ["explain", "--quiet", "--device", "wasm", "--threads", "1"];

Deno.test("explain loads no baseline, gradient or measure unless it is asked for one", () =>
  inFolder(async (folder) => {
    const ptame = await modulesLoadedBy([...ARGS, "--out", `${folder}/a.png`], folder);
    console.log(`explain of the sample loads ${ptame.length} modules of src/ and models/`);
    const heavy = /^src\/(baselines|gradient|faithfulness|ptame\/(masks|refine|training))\//;
    assertEquals(ptame.filter((path) => heavy.test(path) && !FACTS.includes(path)), []);
    assert(ptame.includes("src/ptame/fuse.ts"));
  }));

Deno.test("explain --refine loads nothing of training, --method nothing of another", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const args = [...ARGS, "--out", `${folder}/a.png`];
    const refined = await modulesLoadedBy([...args, "--refine", "1"], folder);
    assert(refined.includes("src/gradient/backward.ts"));
    assert(refined.includes("src/ptame/refine/refine.ts"));
    assert(!refined.some((path) => path.startsWith("src/ptame/training/")));

    const gradcam = await modulesLoadedBy([...args, "--method", "gradcam"], folder);
    assert(gradcam.includes("src/baselines/activation/grad_cam.ts"));
    assert(gradcam.includes("src/gradient/backward.ts"));
    assert(!gradcam.includes("src/baselines/perturbation/rise.ts"));
  }));
