/** `models import`, on a checkpoint made by hand; tests/ptame/import_head_test.ts reads those that PyTorch writes. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { headParameters } from "../../src/ptame/head.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";
import { archiveOf, p, type Piece } from "../weights/torch/make_files.ts";
import { filesIn, inFolder } from "../support/folders.ts";

/** A head of zeros for EfficientNet-Lite0 as auxiliary; `beside` stands beside it. */
function checkpoint(beside: readonly [Piece, Piece][] = []): Uint8Array {
  const storages: Record<string, Uint8Array> = {};
  const parameters = headParameters({ channels: [24, 40, 112, 1280], sizes: [], classes: 1000 });
  const pairs = [...parameters].map(([name, shape], i): [Piece, Piece] => {
    const count = shape.reduce((a, b) => a * b, 1);
    storages[i] = new Uint8Array(4 * count);
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    return [p.text(`net.attention.${name}`), p.tensor(`${i}`, shape, strides, count)];
  });
  return archiveOf(p.dict([p.text("state_dict"), p.dict(...pairs)], ...beside), storages);
}

Deno.test("models import writes a head file and says what it is for", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/ptame_vgg16.ckpt`, checkpoint());
    const ended = await runCli(["models", "import", "ptame_vgg16.ckpt"], folder);
    assertEquals([ended.code, ended.stdout], [0, ""], ended.stderr);
    assertStringIncludes(ended.stderr, "head: ptame_vgg16.safetensors\n");
    assertStringIncludes(ended.stderr, "explains vgg16 (from the file name), reads efficientnet_lite0\n");
    const head = await readHead(Deno.readFileSync(`${folder}/ptame_vgg16.safetensors`), "h");
    assertEquals([head.record.backbone, head.record.trained, head.classes], ["vgg16", true, 1000]);

    const named = [
      "models",
      "import",
      "ptame_vgg16.ckpt",
      "--backbone",
      "resnet50",
      "--out",
      "h.st",
      "--json",
    ];
    const { out, backbone, backboneFrom } = JSON.parse((await runCli(named, folder)).stdout);
    assertEquals([out, backbone, backboneFrom], ["h.st", "resnet50", "options"]);
    assertEquals(filesIn(folder), ["h.st", "ptame_vgg16.ckpt", "ptame_vgg16.safetensors"]);
  }));

Deno.test("models import refuses what it cannot read with one line, and writes nothing", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/a.ckpt`, checkpoint());
    const attack = p.call(p.name("posix", "system"), p.text("touch ran"));
    Deno.writeFileSync(`${folder}/attack_vgg16.ckpt`, checkpoint([[p.text("callbacks"), attack]]));
    Deno.writeFileSync(`${folder}/cut_vgg16.ckpt`, checkpoint().subarray(0, 5000));
    const cases: [number, string[], RegExp][] = [
      [2, [], /Name a checkpoint/],
      [2, ["a.ckpt", "b.ckpt"], /Unexpected argument b\.ckpt of models import$/],
      [2, ["a.ckpt"], /Cannot import a\.ckpt: .* name a backbone; name it with --backbone$/],
      [2, ["a.ckpt", "--backbone", "resnet5"], /Unknown network resnet5: did you mean resnet50\?/],
      [1, ["b.ckpt"], /Cannot read checkpoint b\.ckpt: no such file or folder$/],
      [
        1,
        ["attack_vgg16.ckpt"],
        /Cannot read attack_vgg16\.ckpt: it asks for posix\.system, which is not a tensor$/,
      ],
      [
        1,
        ["cut_vgg16.ckpt"],
        /Cannot read cut_vgg16\.ckpt: its zip directory is missing: the file is cut short/,
      ],
      [
        1,
        ["a.ckpt", "--backbone", "vgg16", "--auxiliary", "resnet18"],
        /reads 24, 40, 112, 1280 channels, .* gives 64,/,
      ],
    ];
    const before = filesIn(folder);
    for (const [code, args, line] of cases) {
      const ended = await runCli(["models", "import", ...args], folder);
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [code, "", 1], ended.stderr);
      assertMatch(errorLines(ended)[0]!, line);
      assertEquals(filesIn(folder), before, args.join(" "));
    }
  }));
