/**
 * Whether two checkouts of ptame give the same results, and what each costs: for a change of the structure that must not
 * change behaviour.
 *
 *     deno run -A bench/compare_checkouts.ts BEFORE AFTER [--image FILE] [--starts N]
 *
 * Runs the commands of both checkouts on the same image in folders of their own: explain (P-TAME, and Grad-CAM), its map,
 * evaluate, a short seeded training, and export. Prints a line per result, then lines of src/, files that `explain` loads and
 * the time of a start. Times are not compared, but times inside a JSON document are left out. Exits with 1 where a result
 * differs. Through the launcher where JSR does not answer: PTAME_STD=local.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

const given = parseArgs(Deno.args, { string: ["image", "starts"] });
const [before, after] = given._.map((path) => Deno.realPathSync(String(path)));
if (before === undefined || after === undefined) {
  console.error("Usage: compare_checkouts.ts BEFORE AFTER [--image FILE] [--starts N]");
  Deno.exit(2);
}
const image = Deno.realPathSync(given.image ?? `${before}/models/sample/chelsea.jpg`);
const starts = Number(given.starts ?? 5);

/** Numbers that a clock gave, and names of the folder. */
const TIMING = /time|second|duration|elapsed|date/i;

interface Result {
  readonly name: string;
  /** Arguments of the launcher; OUT stands for a folder of this run's own. */
  readonly args: readonly string[];
  /** The file that it leaves in OUT; its output on stdout, a JSON document, where there is none. */
  readonly file?: string;
}

const WASM = ["--device", "wasm", "--threads", "1"];
const RESULTS: readonly Result[] = [
  { name: "explain", args: ["explain", image, "--json", "--top", "2", "--out", "OUT/a.png", ...WASM] },
  {
    name: "explain, overlay",
    args: ["explain", image, "--quiet", "--out", "OUT/b.png", ...WASM],
    file: "b.png",
  },
  {
    name: "explain, map",
    args: ["explain", image, "--quiet", "--map", "OUT/c.npy", "--out", "OUT/c.png", ...WASM],
    file: "c.npy",
  },
  {
    name: "explain, Grad-CAM",
    args: ["explain", image, "--json", "--method", "gradcam", "--out", "OUT/d.png", ...WASM],
  },
  {
    name: "evaluate",
    args: ["evaluate", "--images", "OUT/images.txt", "--json", "--methods", "ptame,gradcam,edges", ...WASM],
  },
  {
    name: "train",
    args: [
      ...["train", "--backbone", "efficientnet_lite0", "--preset", "resnet50", "--images", "OUT/images.txt"],
      ...["--batch", "1", "--steps", "2", "--seed", "3", "--out", "OUT/e.safetensors", "--quiet", ...WASM],
    ],
    file: "e.safetensors",
  },
  {
    name: "export",
    args: ["models", "export", "efficientnet_lite0", "--out", "OUT/f.onnx", "--quiet"],
    file: "f.onnx",
  },
];

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Runs a command in `folder`: what it leaves by itself stays there. */
async function run(checkout: string, args: readonly string[], folder: string): Promise<Uint8Array> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-lock", "-A", `${checkout}/tools/launch.ts`, "cli", ...args],
    cwd: checkout,
    env: { NO_COLOR: "1", INIT_CWD: folder },
  }).output();
  if (code !== 0) throw new Error(`${args.join(" ")} ends with ${code} in ${checkout}: ${text(stderr)}`);
  return stdout;
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A JSON document without what a clock or a folder put into it. */
function withoutTimes(value: unknown, folder: string): unknown {
  if (typeof value === "string") return value.replaceAll(folder, "OUT");
  if (Array.isArray(value)) return value.map((each) => withoutTimes(each, folder));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !TIMING.test(key)).map((
      [key, each],
    ) => [key, withoutTimes(each, folder)]),
  );
}

async function resultOf(checkout: string, { args, file }: Result): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "ptame-compare-" });
  try {
    Deno.writeTextFileSync(`${folder}/images.txt`, image + "\n");
    const printed = await run(checkout, args.map((arg) => arg.replace("OUT", folder)), folder);
    if (file !== undefined) return await digest(Deno.readFileSync(`${folder}/${file}`));
    const same = JSON.stringify(withoutTimes(JSON.parse(text(printed)), folder));
    return await digest(new TextEncoder().encode(same));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function linesOf(folder: string): number {
  let lines = 0;
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) lines += linesOf(path);
    else if (entry.name.endsWith(".ts")) lines += Deno.readTextFileSync(path).split("\n").length - 1;
  }
  return lines;
}

/** Modules of the checkout's own that a module loads before it does anything, and those that explaining loads. */
async function filesOf(checkout: string, module: string): Promise<number> {
  const config = ["deno.local.json", "deno.json"].find((name) => exists(`${checkout}/${name}`))!;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", `${checkout}/${config}`, `${checkout}/${module}`],
    cwd: checkout,
  }).output();
  interface Dependency {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }
  const { roots, modules } = JSON.parse(text(stdout)) as {
    readonly roots: string[];
    readonly modules: { readonly specifier: string; readonly dependencies?: Dependency[] }[];
  };
  const known = new Map(modules.map((each) => [each.specifier, each.dependencies ?? []]));
  const reached = new Set<string>();
  const visit = (specifier: string) => {
    if (reached.has(specifier) || !specifier.startsWith("file:")) return;
    reached.add(specifier);
    for (const { isDynamic, code } of known.get(specifier) ?? []) {
      if (isDynamic !== true && code?.specifier !== undefined) visit(code.specifier);
    }
  };
  for (const root of roots) visit(root);
  return reached.size;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Median seconds of `explain` on the image. */
async function startOf(checkout: string): Promise<number> {
  const seconds: number[] = [];
  for (let i = 0; i < starts; i++) {
    const out = Deno.makeTempDirSync({ prefix: "ptame-compare-" });
    const started = performance.now();
    await run(checkout, ["explain", image, "--quiet", "--out", `${out}/a.png`, ...WASM], out);
    seconds.push((performance.now() - started) / 1000);
    Deno.removeSync(out, { recursive: true });
  }
  return seconds.sort((a, b) => a - b)[Math.floor(starts / 2)]!;
}

let differing = 0;
for (const result of RESULTS) {
  const [first, second] = [await resultOf(before, result), await resultOf(after, result)];
  const same = first === second;
  if (!same) differing++;
  console.log(
    `${same ? "same     " : "DIFFERENT"}  ${result.name}  ${same ? first : `${first} → ${second}`}`,
  );
}
const [linesBefore, linesAfter] = [before, after].map((checkout) => linesOf(`${checkout}/src`));
console.log(`lines of src/: ${linesBefore} → ${linesAfter}`);
for (const module of ["mod.ts", "src/cli/explain/mod.ts"]) {
  console.log(
    `files that ${module} loads: ${await filesOf(before, module)} → ${await filesOf(after, module)}`,
  );
}
if (starts > 0) {
  const [slow, fast] = [await startOf(before), await startOf(after)];
  console.log(`seconds of explain, median of ${starts}: ${slow.toFixed(2)} → ${fast.toFixed(2)}`);
}
Deno.exit(differing === 0 ? 0 : 1);
