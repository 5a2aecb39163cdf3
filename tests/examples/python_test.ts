/**
 * examples/python: files of `models export` in Python's onnxruntime, which knows nothing of ptame, give the maps that
 * ptame gives.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { exportBaseline } from "../../src/baselines/export_baseline.ts";
import { openMethod } from "../../src/baselines/open.ts";
import { exportExplainer } from "../../src/ptame/export_explainer.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { SAMPLE } from "../support/images.ts";
import { pythonWith, runPython } from "../support/python_torch.ts";

const heavy = heavyTests();
const python = heavy
  ? await pythonWith(
    ["onnxruntime", "numpy", "PIL"],
    "exported explainers in Python; pip install onnxruntime pillow, into the python3 of the PATH",
  )
  : undefined;
if (python !== undefined) await warmUpWasm();

/** The float32 numbers of a .npy file of version 1. */
function readNpy(path: string): Float32Array {
  const bytes = Deno.readFileSync(path);
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  assert(new TextDecoder().decode(bytes.subarray(10, start)).includes("'<f4'"));
  return new Float32Array(bytes.slice(start).buffer);
}

Deno.test({
  name: "examples/python/explain.py gives ptame's maps of the sample",
  ignore: python === undefined,
  fn: async () => {
    const script = new URL("../../examples/python/explain.py", import.meta.url);
    await inFolder(async (folder) => {
      Deno.writeFileSync(`${folder}/photo.jpg`, SAMPLE);
      for (const name of ["ptame", "gradcam", "gradcam++", "layercam", "integrated-gradients"]) {
        const options = { requireTarget: true, steps: 5 };
        const { parts } = await (name === "ptame" ? exportExplainer(options) : exportBaseline(name, options));
        await Deno.writeFile(`${folder}/explainer.onnx`, ReadableStream.from(parts));
        const explainer = await openMethod(name, { device: "wasm", steps: 5 });
        try {
          for (const given of [[], ["--target", "207"]]) {
            const args = ["explainer.onnx", "photo.jpg", "--map", "map.npy", "--out", "overlay.png"].map((
              each,
            ) => each.includes(".") ? `${folder}/${each}` : each);
            const said = (await runPython(python!, script, [...args, ...given])).trim().split("\t");
            const target = given.length === 0 ? [] : [207];
            const { targets: [own] } = await explainer.explain(SAMPLE, { target });
            const { index, label, probability, map } = own!;
            assertEquals([said[0], said[1], said[3]], [String(index), label, name]);
            assert(Math.abs(Number(said[2]) - probability) < 1e-5);
            const values = readNpy(`${folder}/map.npy`);
            assertEquals(values.length, map.values.length);
            const away = map.values.map((value, i) => Math.abs(value - values[i]!));
            const mean = away.reduce((sum, value) => sum + value, 0) / away.length;
            // Single pixels of Integrated Gradients move with a runtime's roundings; see docs/export.md.
            if (name === "integrated-gradients") assert(mean < 1e-3, `the mean is away by ${mean}`);
            else assert(Math.max(...away) < 1e-5, `${name} is away by ${Math.max(...away)}`);
            assertEquals(Deno.readFileSync(`${folder}/overlay.png`).slice(1, 4), Uint8Array.of(80, 78, 71));
          }
        } finally {
          await explainer.dispose();
        }
      }
    });
  },
});
