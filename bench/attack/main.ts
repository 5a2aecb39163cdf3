/**
 * Small files that cost much, each decoded in a process of its own: prints file, answer, processor time and peak memory, and ends
 * with 1 when one costs more than what idle takes and the budget.
 *
 *     deno task attack [FILE…]
 *     deno task attack files              labels, headers, heads, forms, .onnx: files.ts
 *     deno task attack requests [60]      a server beside honest clients, for so many seconds: requests.ts
 *     deno task attack folder [100]       processes on one folder, killed so many times: folder.ts
 *
 * Without arguments, bombs.py and jbombs.py write about 45 files. Needs Linux (/proc), and python3 with Pillow.
 *
 * @module
 */
import type { Cost } from "./decode_one.ts";
import { configPath } from "../programs.ts";

/** The budget of decodeImage: megabytes, and seconds of reading. */
const [MEMORY, SECONDS] = [384, 5];
/** What loading a codec may take besides, in seconds of processor time: ImageMagick is compiled on all cores. */
const LOADING = 4;

const ONE = decodeURIComponent(new URL("./decode_one.ts", import.meta.url).pathname);

async function measure(path: string): Promise<Cost> {
  const args = ["run", "-A", "--no-lock", "--no-check", "--config", configPath(), ONE, path];
  const { stdout, code } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (code === 0) return JSON.parse(text);
  return {
    answer: `crash: the process ended with ${code}`,
    seconds: NaN,
    processor: Infinity,
    peak: Infinity,
    idle: NaN,
    late: NaN,
  };
}

/** Writes the bombs, and gives their paths. */
async function makeBombs(folder: string): Promise<string[]> {
  for (const script of ["bombs.py", "jbombs.py"]) {
    const path = decodeURIComponent(new URL(script, import.meta.url).pathname);
    const { success } = await new Deno.Command("python3", { args: [path], cwd: folder, stdout: "null" })
      .output();
    if (!success) console.error(`${script} ended early; what it wrote is used`);
  }
  const names = [...Deno.readDirSync(`${folder}/bombs`)].map(({ name }) => name).sort();
  return names.map((name) => `${folder}/bombs/${name}`);
}

/** Attacks on other things than images, by their first argument; each gives the number of its faults. */
const OTHERS: Readonly<Record<string, (amount: number) => Promise<number>>> = {
  files: async () => await (await import("./files.ts")).attackFiles(),
  requests: async (seconds) => await (await import("./requests.ts")).attackServer(seconds || 60),
  folder: async (kills) => await (await import("./folder.ts")).attackFolder(kills || 100),
};
const other = OTHERS[Deno.args[0] ?? ""];
if (other !== undefined) Deno.exit(await other(Number(Deno.args[1])) === 0 ? 0 : 1);

const sample = decodeURIComponent(new URL("../../models/sample/chelsea.jpg", import.meta.url).pathname);
const folder = await Deno.makeTempDir();
let over = 0;
try {
  const files = Deno.args.length > 0 ? Deno.args : await makeBombs(folder);
  const idle = await measure(sample);
  const row = (name: string, { processor, peak, answer }: Cost) =>
    console.log(
      `${name.padEnd(34)} ${processor.toFixed(1).padStart(5)} s ${peak.toFixed(0).padStart(5)} MB  ${answer}`,
    );
  row("a photograph of 451 x 300", idle);
  for (const path of files) {
    const cost = await measure(path);
    row(path.split("/").at(-1)!, cost);
    const dear = cost.peak - idle.peak > MEMORY || cost.processor - idle.processor > SECONDS + LOADING;
    if (!dear && !cost.answer.startsWith("crash")) continue;
    over++;
    console.log("  ^ over the budget");
  }
  console.log(`${files.length} files, ${over} over the budget`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(over === 0 ? 0 : 1);
