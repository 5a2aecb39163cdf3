/**
 * Preprocessing of real photographs, JPEG decoding included, against PIL on this machine. The photographs are not
 * in the repository: PTAME_PHOTOS names a folder of folders of JPEG files. Without it, or without a python3 that has
 * PIL, the test is skipped and says so.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { FITS, type PreprocessOptions } from "../../src/image/preprocess.ts";
import { RESAMPLINGS } from "../../src/image/resize.ts";
import { cropBytes } from "./fixtures.ts";

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

/** The fits and filters that a classifier may want, square and not. */
const CROPS: readonly (PreprocessOptions & { readonly resize: number; readonly crop: number })[] = [
  { resize: 256, crop: 224 },
  ...RESAMPLINGS.flatMap((resample) =>
    FITS.flatMap((fit) => [
      { resize: 224, crop: 224, fit, resample, fill: 114 },
      { resize: 48, crop: 48, width: 96, fit, resample },
    ])
  ),
];

Deno.test({
  name: `preprocess() gives PIL's arrays of ten real photos, with every fit and filter${missing}`,
  ignore: missing !== "",
  fn: async () => {
    const photos = await choose(FOLDER!);
    const script = decodeURIComponent(new URL("reference.py", import.meta.url).pathname);
    const args = [script, JSON.stringify(CROPS), ...photos];
    const { stdout, success } = await new Deno.Command(PYTHON!, { args }).output();
    assert(success, "reference.py failed");
    let at = 0;
    for (const photo of photos) {
      const image = await decodeImage(photo);
      for (const crop of CROPS) {
        const bytes = cropBytes(image, crop);
        const expected = stdout.subarray(at, at += bytes.length);
        const differing = bytes.reduce((sum, value, i) => sum + Number(value !== expected[i]), 0);
        assertEquals(differing, 0, `${photo}, ${image.width} x ${image.height}, ${JSON.stringify(crop)}`);
      }
    }
    assertEquals(at, stdout.length);
  },
});
