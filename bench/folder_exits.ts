/**
 * How folder runs on `--device auto` end: each run is a program of its own that explains three small images with two
 * workers, and its exit code is counted. With a software adapter (Mesa's lavapipe), runs whose workers each ask for an
 * adapter end with 139 or 134 now and then, after they finished.
 *
 *     deno run -A tools/launch.ts deno run -A bench/folder_exits.ts [--runs 200] [--seconds 1500] [--checkout FOLDER]
 *
 * It stops after the runs or the seconds, whichever is first. `--checkout` runs the code of another checkout.
 *
 * @module
 */
import { findAdapter } from "../src/runtime/mod.ts";
import { encodePng } from "../src/image/png.ts";

function argument(name: string, fallback: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Deno.args[at + 1]!;
}

const [most, seconds] = [Number(argument("runs", "200")), Number(argument("seconds", "1500"))];
const root = argument("checkout", decodeURIComponent(new URL("..", import.meta.url).pathname));
const config = import.meta.resolve("@std/assert").startsWith("file:") ? "deno.local.json" : "deno.json";
const folder = await Deno.makeTempDir({ prefix: "ptame-" });
const codes = new Map<number, number>();
let runs = 0;
try {
  Deno.mkdirSync(`${folder}/images`);
  for (let i = 0; i < 3; i++) {
    const data = Uint8Array.from({ length: 3 * 64 * 64 }, (_, at) => (at * (i + 7)) % 251);
    Deno.writeFileSync(`${folder}/images/${i}.png`, await encodePng({ width: 64, height: 64, data }));
  }
  const adapter = await findAdapter();
  console.log(`adapter: ${adapter === undefined ? "none" : adapter.name}`);
  const until = performance.now() + seconds * 1000;
  while (runs < most && performance.now() < until) {
    const out = `${folder}/out`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-lock", "--config", `${root}/${config}`, `${root}/src/cli/main.ts`],
        ...["explain", `${folder}/images`, "--out", out, "--workers", "2", "--device", "auto"],
      ],
      env: { XDG_RUNTIME_DIR: "/tmp", NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const said = new TextDecoder().decode(stderr);
    if (!said.includes("3 of 3 explained")) console.log(`a run did not finish: ${said.trim()}`);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    runs++;
    await Deno.remove(out, { recursive: true });
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
const counts = [...codes].sort().map(([code, count]) => `${count} with exit code ${code}`).join(", ");
console.log(`${runs} runs: ${counts}`);
