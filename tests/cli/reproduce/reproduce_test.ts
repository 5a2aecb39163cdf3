/**
 * `reproduce` on folders laid out as ImageNet's: bad input, the tables, a stopped run; and where PTAME_HEAVY is set, the
 * paper's three backbones at full size with random weights.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findNetwork } from "../../../models/registry.ts";
import { listedImages, validationImages } from "../../../src/cli/reproduce/imagenet.ts";
import { paperLines } from "../../../src/cli/reproduce/tables.ts";
import { writeHead } from "../../../src/ptame/head_file.ts";
import { initialParameters } from "../../../src/ptame/initial_parameters.ts";
import { heavyTests } from "../../support/devices.ts";
import { filesIn, inFolder } from "../../support/folders.ts";
import { writeRandomWeights } from "../../support/random_weights.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines, startCli } from "../../support/run_deno.ts";

const ROOT = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
const PHOTOGRAPHS = [
  "models/sample/chelsea.jpg",
  "tests/fixtures/image/photo_0.jpg",
  "tests/fixtures/image/photo_4.jpg",
];
/** Places below `val/`: in the order of their numbers the classes alternate. */
const SORTED = ["n02123045", "n01440764", "n02123045"].map((folder, i) =>
  `${folder}/ILSVRC2012_val_0000000${i + 1}.JPEG`
);

function writeImages(folder: string, names: readonly string[]): void {
  names.forEach((name, i) => {
    const path = `${folder}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.copyFileSync(ROOT + PHOTOGRAPHS[i % PHOTOGRAPHS.length], path);
  });
}

/** A head of random numbers, called trained. */
function randomHead(backbone: string): Promise<Uint8Array> {
  const shape = { channels: [64, 128, 256, 512], sizes: [56, 28, 14, 7], classes: 1000 };
  return writeHead(
    { name: `random for ${backbone}`, auxiliary: "resnet18", backbone, trained: true },
    initialParameters(shape, { kind: "default" }),
  );
}

Deno.test("validationImages() finds the split in every layout, in the order of its numbers", () =>
  inFolder(async (folder) => {
    const names = SORTED.map((path) => path.slice(path.indexOf("/") + 1));
    const layouts: [string, readonly string[]][] = [
      ["flat", names],
      ["sorted", SORTED.map((path) => `val/${path}`)],
      ["kaggle", names.map((name) => `ILSVRC/Data/CLS-LOC/val/${name}`)],
      ["named", names.map((name) => `val/${name.replace(".JPEG", "_n01440764.JPEG")}`)],
    ];
    for (const [layout, paths] of layouts) {
      writeImages(`${folder}/${layout}`, paths);
      // Neither is of the split.
      Deno.writeTextFileSync(`${folder}/${layout}/LOC_val_solution.csv`, "");
      Deno.mkdirSync(`${folder}/${layout}/test`);
      const found = await validationImages(`${folder}/${layout}/`);
      assertEquals(found, paths.map((path) => `${folder}/${layout}/${path}`));
    }
    const all = await validationImages(`${folder}/sorted`);
    Deno.writeTextFileSync(
      `${folder}/list.txt`,
      "# with labels\nILSVRC2012_val_00000003.JPEG 65\r\nval/ILSVRC2012_val_00000001\n\nILSVRC2012_val_00000003.JPEG\n",
    );
    assertEquals(await listedImages(`${folder}/list.txt`, all), [all[2]!, all[0]!]);
  }));

Deno.test("reproduce gives one clear line for each bad input, and leaves nothing behind", () =>
  inFolder(async (folder) => {
    writeImages(`${folder}/imagenet/val`, SORTED);
    writeImages(`${folder}/training/train`, ["n01440764/n01440764_18.JPEG"]);
    Deno.renameSync(`${folder}/training/train`, `${folder}/training/val`);
    writeImages(`${folder}/photos`, ["a/b.jpg"]);
    Deno.writeTextFileSync(`${folder}/list.txt`, "ILSVRC2012_val_00000009\n");
    Deno.writeTextFileSync(`${folder}/empty.txt`, "\n");
    Deno.writeTextFileSync(`${folder}/wrong.json`, '{"vgg16": {"gradcam": 3}}');
    const head = await randomHead("resnet50");
    for (const name of ["r.safetensors", "r2.safetensors"]) Deno.writeFileSync(`${folder}/${name}`, head);
    const before = filesIn(folder);
    const one = ["--backbones", "efficientnet_lite0"];
    const cases: [number, string[], string][] = [
      [1, [...one, "--imagenet", "none"], "Cannot read ImageNet none: no such file or folder"],
      [1, [...one, "--imagenet", "list.txt"], "Cannot read ImageNet list.txt: it is not a folder"],
      [
        1,
        [...one, "--imagenet", "photos"],
        "Cannot use photos as ImageNet: it has no images ILSVRC2012_val_00000001.JPEG",
      ],
      [1, [...one, "--imagenet", "training"], "n01440764_18.JPEG is of ImageNet's training split"],
      [2, [], "Option --imagenet of reproduce is required"],
      [
        2,
        ["--imagenet", "imagenet"],
        "There is no head of vgg16: name one with --head, leave out ptame (--methods), or train one as the paper does: " +
        "deno task train --backbone vgg16 --auxiliary resnet18 --images IMAGENET/train --rows own --masks area",
      ],
      [2, ["--imagenet", "imagenet", "--head", "x.ckpt"], "deno task models import x.ckpt"],
      [1, ["--imagenet", "imagenet", "--head", "none.safetensors"], "Cannot read head none.safetensors"],
      [
        2,
        ["--imagenet", "imagenet", "--head", "r.safetensors", "--head", "r2.safetensors"],
        "names two heads of resnet50: r.safetensors and r2.safetensors",
      ],
      [
        2,
        [...one, "--imagenet", "imagenet", "--head", "r.safetensors"],
        "is of resnet50, not of one of efficientnet_lite0",
      ],
      [1, [...one, "--imagenet", "imagenet", "--list", "list.txt"], "is not among the 3 validation images"],
      [1, [...one, "--imagenet", "imagenet", "--list", "empty.txt"], "it names no images"],
      [2, [...one, "--imagenet", "imagenet", "--weights", "vgg16"], "takes NAME=FILE, not vgg16"],
      [2, [...one, "--imagenet", "imagenet", "--weights", "vgg=x"], "names no network: vgg"],
      [2, [...one, "--imagenet", "imagenet", "--weights", "vgg16=x"], "Cannot read weights x: no such file"],
      [
        1,
        [...one, "--imagenet", "imagenet", "--published", "wrong.json"],
        "they are by backbone, method and measure",
      ],
      [2, [...one, "--imagenet", "imagenet", "--methods", "gradcan"], "did you mean gradcam?"],
    ];
    for (const [code, args, message] of cases) {
      const ended = await runCli(["reproduce", ...args], folder);
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [code, "", 1], ended.stderr);
      assertStringIncludes(errorLines(ended)[0]!, message);
    }
    assertEquals(filesIn(folder), before);
  }));

Deno.test({
  name: "reproduce measures a table, continues a stopped run, and prints published numbers beside its own",
  // Half a minute.
  ignore: !heavyTests(),
  fn: () =>
    inFolder(async (folder) => {
      writeImages(`${folder}/imagenet/val`, SORTED);
      const args = ["--imagenet", "imagenet", "--backbones", "efficientnet_lite0", "--device", "wasm"]
        .concat("--methods", "random,ptame");
      const program = startCli(["reproduce", ...args], folder);
      const said = new Response(program.stderr).text();
      const path = `${folder}/reproduced/efficientnet_lite0/records.jsonl`;
      const records = async () =>
        (await Deno.readTextFile(path).catch(() => "")).split("\n").filter((line) => line !== "");
      while ((await records()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      program.kill("SIGINT");
      const { code } = await program.status;
      const kept = await records();
      if (code === 130) assertStringIncludes(await said, "records.jsonl; the same command continues");
      else assertEquals([code, kept.length], [0, 3], await said);

      Deno.writeTextFileSync(
        `${folder}/published.json`,
        '{"efficientnet_lite0": {"ptame": {"AD100": 12.34, "ROAD-LeRF": 0.5}}}',
      );
      const ended = await runCli(["reproduce", ...args, "--published", "published.json", "--json"], folder);
      assertEquals(ended.code, 0, ended.stderr);
      assertEquals((await records()).slice(0, kept.length), kept, "what was measured is kept");
      assertEquals((await records()).length, 3);
      const document = JSON.parse(ended.stdout);
      assertEquals([document.preset, document.images], ["ptame-2025", 3]);
      const [{ backbone, images, rows }] = document.tables;
      assertEquals([backbone, images], ["efficientnet_lite0", 3]);
      assertEquals(rows.map(({ method }: { method: string }) => method), ["random", "ptame"]);
      assertEquals(Object.keys(rows[1].values), [
        ...["AD100", "AD50", "AD15", "IC100", "IC50", "IC15", "ROAD-MoRF", "ROAD-LeRF", "ROAD"],
      ]);
      assertEquals(rows[1].values.AD100.published, 12.34);
      const text = Deno.readTextFileSync(`${folder}/reproduced/tables.txt`);
      assertStringIncludes(text, "efficientnet_lite0, 3 images, wasm\n");
      assertStringIncludes(text, " [12.3]");
      assertStringIncludes(text, "In brackets: the published numbers of --published.");
      assertEquals(document, JSON.parse(Deno.readTextFileSync(`${folder}/reproduced/tables.json`)));
      const other = await runCli(["reproduce", ...args, "--limit", "2"], folder);
      assertStringIncludes(
        errorLines(other)[0]!,
        "Cannot continue: reproduced/images.txt names other images than these 2",
      );
    }),
});

Deno.test("paperLines() has the rows and the keys in their order, and says that no numbers are published", () => {
  const value = (of: number) => ({ value: of, low: of, high: of });
  const lines = paperLines([{
    backbone: "vgg16",
    images: 2000,
    device: "native",
    rows: [
      { method: "gradcam", area: 0.25, values: { AD100: value(12.345), IC100: value(40) } },
      { method: "random", area: 0.5, values: { AD100: value(70) } },
    ],
  }]);
  assertEquals(lines, [
    "",
    "vgg16, 2000 images, native",
    "         AD 100 % ↓  IC 100 % ↑  map area",
    "gradcam  12.3        40.0        0.25",
    "random   70.0        –           0.50",
    "",
    "No published numbers are beside these: --published FILE.json adds them.",
  ]);
});

Deno.test({
  name: "reproduce measures the paper's three backbones, with random weights and heads given by file",
  ignore: !heavyTests(),
  fn: () =>
    inFolder(async (folder) => {
      writeImages(`${folder}/imagenet/ILSVRC/Data/CLS-LOC/val`, SORTED.map((path) => path.slice(10)));
      const weights: string[] = [];
      const heads: string[] = [];
      for (const name of ["resnet18", "vgg16", "resnet50", "vit_b_16"]) {
        const { file } = writeRandomWeights(findNetwork(name)!, folder, { likeliest: 7 });
        weights.push("--weights", `${name}=${file}`);
        if (name === "resnet18") continue;
        Deno.writeFileSync(`${folder}/${name}.head.safetensors`, await randomHead(name));
        heads.push("--head", `${name}.head.safetensors`);
      }
      const args = ["reproduce", "--imagenet", "imagenet", "--limit", "2", "--device", "native", "--offline"]
        .concat(weights, heads, "--out", "tables");
      const ended = await runCli(args, folder);
      assertEquals(ended.code, 0, ended.stderr);
      const { tables } = JSON.parse(Deno.readTextFileSync(`${folder}/tables/tables.json`));
      assertEquals(
        tables.map(({ backbone, images }: Record<string, unknown>) => [backbone, images]),
        [["vgg16", 2], ["resnet50", 2], ["vit_b_16", 2]],
      );
      for (const { backbone, rows } of tables) {
        assertEquals(
          rows.map(({ method }: { method: string }) => method),
          ["gradcam", "gradcam++", "layercam", "ptame", "random", "gaussian"],
        );
        // Every map of a random network may be blank but for those of the head and the controls.
        for (const { values, method } of rows.slice(3)) {
          assertEquals(Object.keys(values).length, 9, `${method} of ${backbone}`);
        }
        assert(filesIn(`${folder}/tables/${backbone}`).includes("report.html"));
      }
      // All is measured: the same command measures nothing, and gives the same tables.
      const before = Deno.readTextFileSync(`${folder}/tables/tables.json`);
      const again = await runCli(args, folder);
      assertEquals(again.code, 0, again.stderr);
      assertEquals(Deno.readTextFileSync(`${folder}/tables/tables.json`), before);
    }),
});
