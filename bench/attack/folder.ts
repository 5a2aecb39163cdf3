/**
 * Two and four processes on one folder, killed at random again and again: at the end every image is in the results exactly
 * once, and no file is half-written. Gives the number of faults.
 *
 * @module
 */
import { startCli } from "../programs.ts";

const path = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname);
const PHOTOS = path("../../tests/fixtures/image/");
const IMAGES = 24;

function start(folder: string, shard: string | undefined): Deno.ChildProcess {
  const options = ["--device", "wasm", "--workers", "1", "--quiet"];
  return startCli(
    ["explain", "photos", "--out", "out", ...options, ...(shard === undefined ? [] : ["--shard", shard])],
    { cwd: folder },
  );
}

/** Shards of a run of so many processes; of a pair, both take the whole folder, so that one must refuse. */
function shardsOf(processes: number): (string | undefined)[] {
  return Array.from({ length: processes }, (_, i) => processes === 2 ? undefined : `${i + 1}/${processes}`);
}

function imagesIn(folder: string): string[] {
  const images: string[] = [];
  for (const { name } of Deno.readDirSync(`${folder}/out`)) {
    if (!/^results.*\.jsonl$/.test(name)) continue;
    const lines = Deno.readTextFileSync(`${folder}/out/${name}`).split("\n").filter((line) => line !== "");
    images.push(...lines.map((line) => JSON.parse(line).image));
  }
  return images.sort();
}

/** Kills runs so many times, and lets the last ones end. */
export async function attackFolder(kills: number): Promise<number> {
  let faults = 0;
  for (const processes of [2, 4]) {
    const folder = await Deno.makeTempDir({ prefix: "ptame-attack-" });
    try {
      Deno.mkdirSync(`${folder}/photos`);
      for (let i = 0; i < IMAGES; i++) {
        Deno.copyFileSync(`${PHOTOS}photo_${i % 5}.jpg`, `${folder}/photos/${i}.jpg`);
      }
      const shards = shardsOf(processes);
      for (let killed = 0; killed < kills / 2;) {
        const running = shards.map((shard) => start(folder, shard));
        await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 9000));
        for (const child of running) {
          try {
            child.kill("SIGKILL");
            killed++;
          } catch {
            // Refused, or at its end.
          }
        }
        await Promise.all(running.map((child) => child.status));
        // Everything was done before it was killed often enough: begin anew.
        if (imagesHere(folder) === IMAGES) Deno.removeSync(`${folder}/out`, { recursive: true });
      }
      for (const shard of shards) await start(folder, shard).status;
      const images = imagesIn(folder);
      const once = new Set(images).size === IMAGES && images.length === IMAGES;
      const overlays = [...Deno.readDirSync(`${folder}/out`)].filter(({ name }) => name.endsWith(".png"));
      const whole = overlays.every(({ name }) => endsWhole(Deno.readFileSync(`${folder}/out/${name}`)));
      console.log(
        `${processes} processes: ${images.length} results of ${new Set(images).size} images of ${IMAGES}, ` +
          `${overlays.length} overlays, ${whole ? "all whole" : "some torn"}`,
      );
      if (!once || !whole || overlays.length !== IMAGES) faults++;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  return faults;
}

function imagesHere(folder: string): number {
  try {
    return new Set(imagesIn(folder)).size;
  } catch {
    // A line that a killed process left.
    return 0;
  }
}

/** Whether a PNG has its end. */
function endsWhole(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(-8, -4)) === "IEND";
}
