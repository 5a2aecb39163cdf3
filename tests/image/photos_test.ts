/**
 * Preprocessing of real photographs, JPEG decoding included, against PIL on this machine. The photographs are not
 * in the repository: PTAME_PHOTOS names a folder of folders of JPEG files. Without it, or without a python3 that has
 * PIL, the test is skipped and says so.
 *
 * @module
 */
import { assert } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { difference } from "./fixtures.ts";

const FOLDER = Deno.env.get("PTAME_PHOTOS");
const COUNT = 10;

/** A python that can import PIL, or undefined. */
function python(): string | undefined {
  for (const name of ["/usr/bin/python3", "python3"]) {
    try {
      if (new Deno.Command(name, { args: ["-c", "import PIL"], stderr: "null" }).outputSync().success) {
        return name;
      }
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** Ten photographs of different sizes, from the smallest to the largest of one of each size. */
async function choose(folder: string): Promise<string[]> {
  const bySize = new Map<string, { path: string; pixels: number }>();
  for (const category of [...Deno.readDirSync(folder)].map((entry) => entry.name).sort()) {
    const inside = `${folder}/${category}`;
    if (!Deno.statSync(inside).isDirectory) continue;
    const files = [...Deno.readDirSync(inside)].map((entry) => entry.name).filter((name) =>
      /\.jpe?g$/i.test(name)
    );
    for (const name of files.sort().slice(0, 2)) {
      const path = `${inside}/${name}`;
      const { width, height } = await decodeImage(path);
      const key = `${width}x${height}`;
      if (!bySize.has(key)) bySize.set(key, { path, pixels: width * height });
    }
  }
  const sorted = [...bySize.values()].sort((a, b) => a.pixels - b.pixels);
  assert(sorted.length >= COUNT, `${folder} has photographs of ${sorted.length} sizes only`);
  return Array.from(
    { length: COUNT },
    (_, i) => sorted[Math.round(i * (sorted.length - 1) / (COUNT - 1))]!.path,
  );
}

const PYTHON = FOLDER === undefined ? undefined : python();
const missing = FOLDER === undefined
  ? " (skipped: set PTAME_PHOTOS)"
  : PYTHON === undefined
  ? " (skipped: no PIL)"
  : "";

Deno.test({
  name: `preprocess() agrees with PIL on ten real photos${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const photos = await choose(FOLDER!);
    const script = decodeURIComponent(new URL("reference.py", import.meta.url).pathname);
    const { stdout, success } = await new Deno.Command(PYTHON!, { args: [script, ...photos] }).output();
    assert(success, "reference.py failed");
    const size = 224 * 224;
    for (const [number, photo] of photos.entries()) {
      const image = await decodeImage(photo);
      const { pixels } = preprocess(image);
      const interleaved = new Float32Array(3 * size);
      for (let i = 0; i < 3 * size; i++) interleaved[i] = 255 * pixels[(i % 3) * size + Math.floor(i / 3)]!;
      const { mean, max } = difference(
        interleaved,
        stdout.subarray(number * 3 * size, (number + 1) * 3 * size),
      );
      const figures = `${image.width} x ${image.height}: mean ${mean.toFixed(3)}, max ${
        max.toFixed(0)
      } of 255`;
      console.log(figures);
      assert(mean <= 0.5 && max <= 2, `${photo} ${figures}`);
    }
  },
});
