/**
 * integrations/ray: an exported explainer over a Ray Dataset, one worker killed meanwhile, gives every image once, and
 * the maps that ptame gives for the same pixels.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { exportExplainer } from "../../src/ptame/export_explainer.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { SAMPLE } from "../support/images.ts";
import { pythonWith, runPython } from "../support/python_torch.ts";

const heavy = heavyTests();
const python = heavy
  ? await pythonWith(
    ["ray", "onnx", "onnxruntime", "numpy", "PIL", "pyarrow"],
    "explaining on Ray; pip install ./integrations/ray, into the python3 of the PATH",
  )
  : undefined;
if (python !== undefined) await warmUpWasm();

/** Copies of the sample: enough that a worker can be killed before the others are done. */
const IMAGES = 96;
/** How far a map may be from ptame's own of the same pixels. */
const CLOSE = 1e-5;

/** Prints the names in the Parquet files of a folder. */
const NAMES = `
import glob, json, sys
import pyarrow.parquet as parquet
files = glob.glob(sys.argv[1] + "/*.parquet")
print(json.dumps([name for file in files for name in parquet.read_table(file).column("name").to_pylist()]))
`;

/** What prove.py keeps of an image. */
interface Kept {
  readonly name: string;
  readonly index: number;
  readonly crop: string;
  readonly cropShape: readonly [height: number, width: number, channels: number];
  readonly map: string;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The largest difference of two maps. */
function away(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** An image with a short side of `side` whose middle is the crop: ptame crops exactly these pixels, without resizing. */
function framed({ crop, cropShape: [height, width] }: Kept, side: number) {
  const pixels = fromBase64(crop);
  const data = new Uint8Array(3 * side * side);
  const [top, left] = [(side - height) / 2, (side - width) / 2];
  for (let y = 0; y < height; y++) {
    data.set(pixels.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((y + top) * side + left));
  }
  return { width: side, height: side, data };
}

Deno.test({
  name: "ptame-ray explains every image once although a worker is killed, with ptame's maps",
  ignore: python === undefined,
  fn: async () => {
    const script = new URL("../../integrations/ray/prove.py", import.meta.url);
    await inFolder(async (folder) => {
      const { parts, view } = await exportExplainer();
      await Deno.writeFile(`${folder}/explainer.onnx`, ReadableStream.from(parts));
      const photos = Deno.env.get("PTAME_PHOTOS") ?? `${folder}/photos`;
      if (photos.startsWith(folder)) {
        Deno.mkdirSync(photos);
        for (let i = 0; i < IMAGES; i++) Deno.writeFileSync(`${photos}/${i}.jpg`, SAMPLE);
      }
      const said = await runPython(python!, script, [
        ...[`${folder}/explainer.onnx`, photos, "--out", `${folder}/results`, "--limit", String(IMAGES)],
        ...["--crops-out", `${folder}/crops.json`],
      ]);
      console.log(said.trim());
      assert(said.includes(`${IMAGES} images, 4 workers, 1 killed`), said);

      const kept: Kept[] = JSON.parse(Deno.readTextFileSync(`${folder}/crops.json`));
      const explainer = await createExplainer({ device: "wasm" });
      let [most, fromPhoto] = [0, 0];
      try {
        assert(kept.length > 0);
        for (const each of kept) {
          const map = new Float32Array(fromBase64(each.map).buffer);
          const target = [each.index];
          const { targets: [own] } = await explainer.explain(framed(each, view.resize), { target });
          most = Math.max(most, away(own!.map.values, map));
          const { targets: [whole] } = await explainer.explain(`${photos}/${each.name}`, { target });
          fromPhoto = Math.max(fromPhoto, away(whole!.map.values, map));
        }
      } finally {
        await explainer.dispose();
      }
      console.log(
        `${kept.length} maps: at most ${most.toExponential(1)} from ptame's of the same pixels, ` +
          `${fromPhoto.toExponential(1)} of the same photographs`,
      );
      assert(most < CLOSE, `a map is away by ${most}`);
    });
  },
});

Deno.test({
  name: "ptame-ray --resume explains what earlier runs left, and a used folder is refused without it",
  ignore: python === undefined,
  fn: async () => {
    await inFolder(async (folder) => {
      const script = (name: string, text: string) => {
        Deno.writeTextFileSync(`${folder}/${name}`, text);
        return new URL(`file://${folder}/${name}`);
      };
      const program = script("run.py", "import sys\nfrom ptame_ray.cli import main\nsys.exit(main())\n");
      const names = script("names.py", NAMES);
      const { parts } = await exportExplainer();
      await Deno.writeFile(`${folder}/explainer.onnx`, ReadableStream.from(parts));
      Deno.mkdirSync(`${folder}/photos/below`, { recursive: true });
      for (let i = 0; i < 6; i++) Deno.writeFileSync(`${folder}/photos/${i}.jpg`, SAMPLE);
      Deno.writeFileSync(`${folder}/photos/below/6.jpg`, SAMPLE);
      const run = (...more: string[]) =>
        runPython(python!, program, [
          ...[
            `${folder}/explainer.onnx`,
            `${folder}/photos`,
            "--out",
            `${folder}/out`,
            "--workers",
            "1",
            ...more,
          ],
        ]);
      await run("--limit", "3");
      await assertRejects(() => run(), Error, "add --resume to go on there");
      // What a run that was killed while it wrote leaves behind.
      Deno.writeTextFileSync(`${folder}/out/cut.parquet`, "PAR1");
      const said = await run("--resume");
      assert(said.includes("7 images explained into"), said);
      assert(said.includes("3 of them by earlier runs; 0 of them could not be read"), said);
      const written: string[] = JSON.parse(await runPython(python!, names, [`${folder}/out`]));
      assertEquals(written.toSorted(), ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "below/6.jpg"]);
    });
  },
});
