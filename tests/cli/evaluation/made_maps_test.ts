/** `evaluate --maps`: maps that another program made are measured as our own are. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { edgeMagnitude } from "../../../src/baselines/controls.ts";
import { evaluateCommand } from "../../../src/cli/evaluate.ts";
import { openMadeMaps } from "../../../src/cli/evaluation/made_maps.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { loadClassifier } from "../../../src/classifier/load.ts";
import { prepareImage } from "../../../src/classifier/prepared_image.ts";
import type { LoadedImage } from "../../../src/faithfulness/evaluate_options.ts";
import { encodeNpy } from "../../../src/image/npy.ts";
import { encodePng } from "../../../src/image/png.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { inFolder } from "../../support/folders.ts";

await warmUpWasm();

const FIXTURES = decodeURIComponent(new URL("../../fixtures/image/", import.meta.url).pathname);

const open = (maps: string) => openMadeMaps({ maps, folder: "photos/", decode: {} });

/** The map of an image by a method. */
async function mapFor(maps: Awaited<ReturnType<typeof open>>, method: string, name: string) {
  const loaded: LoadedImage = { pixels: new Float32Array(3) };
  const [image] = [...maps.remember([{ name, pixels: () => Promise.resolve(loaded) }])];
  return await maps.methods[method]!(await image!.pixels(), 0);
}

Deno.test("openMadeMaps() reads signed arrays and images by the names of images", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/mine/more`, { recursive: true });
    Deno.writeFileSync(`${folder}/mine/more/a.npy`, encodeNpy(Float32Array.of(-1, 0, 2, 4), [1, 2, 2]));
    Deno.writeFileSync(`${folder}/mine/b.jpg.npy`, encodeNpy(Float32Array.of(1, 2, 3), [1, 3]));
    const data = Uint8Array.of(51, 51, 51, 255, 255, 255);
    Deno.writeFileSync(`${folder}/mine/c.png`, await encodePng({ width: 2, height: 1, data }));
    Deno.writeFileSync(`${folder}/mine/flat.npy`, encodeNpy(new Float32Array(4), [2, 2]));
    const maps = await open(folder);
    assertEquals(maps.names, ["mine"]);
    assertEquals(await mapFor(maps, "mine", "photos/more/a.jpg"), {
      ...{ width: 2, height: 2, signed: true },
      ...{ values: Float32Array.of(0, 0, 0.5, 1), raw: Float32Array.of(-1, 0, 2, 4) },
    });
    assertEquals(await mapFor(maps, "mine", "photos/b.jpg"), {
      ...{ width: 3, height: 1, signed: false },
      ...{ values: Float32Array.of(0, 0.5, 1), raw: Float32Array.of(1, 2, 3) },
    });
    // An image is a mask as it is; an array goes from its least to its greatest value.
    assertEquals((await mapFor(maps, "mine", "photos/x/c.webp")).values, Float32Array.of(0.2, 1));
    assertEquals((await mapFor(maps, "mine", "photos/flat.jpg")).blank?.reason, "constant");
    await maps.check(["photos/more/a.jpg", "photos/b.jpg"]);
    await assertRejects(
      () => maps.check(["photos/b.jpg", "photos/d.jpg"]),
      Error,
      "1 of 2 images have no map of mine",
    );
    Deno.writeFileSync(`${folder}/mine/d.npy`, encodeNpy(new Float32Array(8), [2, 2, 2]));
    await assertRejects(() => mapFor(maps, "mine", "photos/d.jpg"), SyntaxError, "not [height, width]");
    Deno.writeTextFileSync(`${folder}/mine/e.png`, "no image");
    const error = await assertRejects(() => mapFor(maps, "mine", "photos/e.jpg"), Error, "e.png");
    assertEquals(error.name, "Error");
    // Without folders, the folder itself is a method.
    assertEquals((await open(`${folder}/mine/more/`)).names, ["more"]);
    await assertRejects(() => open(`${folder}/none`), Error, "Cannot read maps");
  }));

Deno.test("evaluate --maps gives the values of the method that made the maps", () =>
  inFolder(async (folder) => {
    const [photos, maps] = [`${folder}/photos`, `${folder}/maps`];
    Deno.mkdirSync(photos);
    Deno.mkdirSync(`${maps}/other program`, { recursive: true });
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const { facts } = await loadClassifier({ model: smallClassifier() });
    for (const name of ["a.jpg", "b.jpg"]) {
      Deno.copyFileSync(`${FIXTURES}photo_${name === "a.jpg" ? 0 : 4}.jpg`, `${photos}/${name}`);
    }
    const evaluate = (...args: string[]) =>
      evaluateCommand([
        ...["--images", photos, "--model", `${folder}/small.onnx`, "--device", "wasm", "--quiet"],
        ...["--maps", maps, "--methods", "edges", "--report", `${folder}/out`, "--gallery", "1", ...args],
      ], new AbortController().signal);
    await assertRejects(
      () => evaluate("--measures", "ad,coherency"),
      UsageError,
      "Measure coherency makes maps",
    );
    await assertRejects(
      () => evaluate("--measures", "ad"),
      Error,
      "2 of 2 images have no map of other program",
    );
    for (const name of ["a", "b"]) {
      const image = await prepareImage(`${photos}/${name}.jpg`, [facts.preprocessing]);
      const { width, height, values } = await edgeMagnitude()(image, 0);
      Deno.writeFileSync(`${maps}/other program/${name}.npy`, encodeNpy(values, [height, width]));
    }
    assertEquals(await evaluate("--measures", "ad,insertion,sparseness"), 0);
    const { methods } = JSON.parse(Deno.readTextFileSync(`${folder}/out/results.json`));
    assertEquals(Object.keys(methods), ["edges", "other program"]);
    for (const key of ["AD100", "AD50", "insertion", "sparseness"]) {
      assertEquals(methods["other program"][key], methods["edges"][key], key);
    }
    // Two workers measure the same.
    const records = () =>
      Deno.readTextFileSync(`${folder}/out/records.jsonl`).replaceAll(
        /"milliseconds":[\d.e-]+|"check".*/g,
        "",
      )
        .split("\n").sort();
    const before = records();
    assertEquals(await evaluate("--measures", "ad,insertion,sparseness", "--workers", "2"), 0);
    assertEquals(records(), before);
    assert(Deno.readTextFileSync(`${folder}/out/report.html`).includes("other program"));
    Deno.renameSync(`${maps}/other program`, `${maps}/edges`);
    await assertRejects(() => evaluate(), UsageError, "rename one of them");
  }));
