/**
 * That an evaluation has the same bytes, whether it is killed and resumed, or done in three parts and joined: ten methods
 * on the same images, once as a run that SIGKILL ends after a third of them and that `--resume` continues, and once as
 * three shards and `merge`.
 *
 *     deno task prove evaluate --images DIR|LIST [--limit 2000] [--methods A,B,…] [--measures A,B,…] [--device NAME]
 *                              [--workers 2] [--out DIR] [--json FILE]
 *
 * `--out` keeps records and results; otherwise they are removed. Times stand in the summary for the record alone: nothing
 * is claimed about speed. The exit code is 1 if any byte differs.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { listImages } from "../../src/cli/image_lists.ts";
import { evenlySpread } from "../../src/ptame/evenly_spread.ts";
import { countLines, runEvaluate, runMerge, startEvaluate } from "./runs.ts";
import { type Compared, compareFiles } from "./same_bytes.ts";

/** Nine methods of few passes beside P-TAME, of every kind; two of them ignore the classifier. */
const METHODS = "ptame,gradcam,gradcam++,layercam,hirescam,xgradcam,eigencam,input-x-gradient,random,edges";
const MEASURES = "ad,ic,road";
const SHARDS = 3;

/** What was run, and whether the bytes are the same. */
interface Summary {
  readonly images: number;
  readonly skipped: number;
  readonly methods: readonly string[];
  readonly measures: readonly string[];
  readonly model: unknown;
  readonly device: unknown;
  readonly workers: number;
  readonly cores: number;
  /** Records on the disk when the run was killed. */
  readonly killedAfter: number;
  /** Images of each shard. */
  readonly shards: readonly number[];
  /** Wall time in seconds, on a machine that may have been shared. */
  readonly seconds: { readonly killed: number; readonly resumed: number; readonly shards: readonly number[] };
  /** The joined files of both runs. */
  readonly files: readonly Compared[];
  readonly same: boolean;
  /** Means with their intervals, by method and measure. */
  readonly means: Readonly<Record<string, Readonly<Record<string, readonly [number, number, number]>>>>;
}

function wrong(message: string): never {
  console.error(`prove evaluate: ${message}; see the head of bench/prove/evaluate.ts`);
  Deno.exit(2);
}

/** Runs the proof and gives its exit code. */
export async function proveEvaluate(args: readonly string[]): Promise<number> {
  const given = parseArgs([...args], {
    string: ["images", "limit", "methods", "measures", "device", "workers", "out", "json"],
    unknown: (argument) => wrong(`unknown argument ${argument}`),
  });
  const [limit, workers] = [Number(given.limit ?? 2000), Number(given.workers ?? 2)];
  if (given.images === undefined) wrong("--images names a folder or a list of images");
  if (!Number.isInteger(limit) || limit < SHARDS) wrong(`--limit takes a whole number of at least ${SHARDS}`);
  if (!Number.isInteger(workers) || workers < 1) wrong("--workers takes a whole number of at least 1");
  const images = evenlySpread(await listImages(await Deno.realPath(given.images)), limit);
  const folder = given.out ?? await Deno.makeTempDir({ prefix: "ptame-prove-" });
  Deno.mkdirSync(folder, { recursive: true });
  try {
    const how = {
      methods: given.methods ?? METHODS,
      measures: given.measures ?? MEASURES,
      ...{ device: given.device ?? "auto", workers },
    };
    const summary = await prove(await Deno.realPath(folder), images, how);
    const text = JSON.stringify(summary, null, 1) + "\n";
    if (given.json !== undefined) Deno.writeTextFileSync(given.json, text);
    else console.log(text);
    const { files, same, killedAfter, shards } = summary;
    console.error(
      `${summary.images} images x ${summary.methods.length} methods, killed after ${killedAfter} and resumed, and in ` +
        `parts of ${shards.join(", ")}: ${
          same ? "the same bytes" : `different bytes, from ${files.find((file) => !file.same)!.difference}`
        }`,
    );
    return same ? 0 : 1;
  } finally {
    if (given.out === undefined) await Deno.remove(folder, { recursive: true });
  }
}

async function prove(
  folder: string,
  images: readonly string[],
  how: {
    readonly methods: string;
    readonly measures: string;
    readonly device: string;
    readonly workers: number;
  },
): Promise<Summary> {
  const list = `${folder}/images.txt`;
  Deno.writeTextFileSync(list, images.join("\n") + "\n");
  const options = ["--images", list, "--methods", how.methods, "--measures", how.measures, "--gallery", "0"]
    .concat("--device", how.device, "--workers", String(how.workers));

  const whole = `${folder}/whole`;
  console.error(`${images.length} images, to be killed after ${Math.ceil(images.length / 3)}`);
  const killed = await startEvaluate([...options, "--report", whole], {
    records: `${whole}/records.jsonl`,
    killAfter: Math.ceil(images.length / 3),
  });
  console.error(`killed after ${killed.records}; the same with --resume`);
  const resumed = await runEvaluate([...options, "--report", whole, "--resume"]);

  const parts = `${folder}/parts`;
  const seconds: number[] = [];
  for (let k = 1; k <= SHARDS; k++) {
    console.error(`part ${k} of ${SHARDS}`);
    seconds.push(await runEvaluate([...options, "--report", parts, "--shard", `${k}/${SHARDS}`]));
  }
  await runMerge([whole, "--out", `${folder}/whole_joined`, "--images", list, "--without-times"]);
  await runMerge([parts, "--out", `${folder}/parts_joined`, "--images", list, "--without-times"]);

  const files = ["records.jsonl", "results.json"].map((name) =>
    compareFiles(name, `${folder}/whole_joined/${name}`, `${folder}/parts_joined/${name}`)
  );
  const results = JSON.parse(Deno.readTextFileSync(`${folder}/parts_joined/results.json`));
  // A part of few images may be empty.
  const shards = Array.from(
    { length: SHARDS },
    (_, k) => countLines(`${parts}/records.${k + 1}-of-${SHARDS}.jsonl`),
  );
  return {
    ...{ images: results.images, skipped: results.skipped.length },
    ...{ methods: how.methods.split(","), measures: how.measures.split(",") },
    ...{ model: results.model, device: results.device, workers: how.workers },
    ...{ cores: navigator.hardwareConcurrency, killedAfter: killed.records, shards },
    seconds: { killed: killed.seconds, resumed, shards: seconds },
    ...{ files, same: files.every((file) => file.same), means: meansOf(results.methods) },
  };
}

/** Means with their intervals. */
function meansOf(methods: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Summary["means"] {
  const isMean = (value: unknown): value is { value: number; low: number; high: number; better: string } =>
    typeof value === "object" && value !== null && "better" in value;
  const digits = (value: number) => Number(value.toPrecision(5));
  return Object.fromEntries(
    Object.entries(methods).map(([name, values]) => [
      name,
      Object.fromEntries(
        Object.entries(values).flatMap(([key, value]) =>
          isMean(value) ? [[key, [digits(value.value), digits(value.low), digits(value.high)] as const]] : []
        ),
      ),
    ]),
  );
}
