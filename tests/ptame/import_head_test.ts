/** Checkpoints of the authors' program: one that PyTorch writes here and now, and small ones made by hand. */
import { assertEquals, assertRejects } from "@std/assert";
import { UnknownBackboneError } from "../../src/ptame/errors.ts";
import { importHead } from "../../src/ptame/import_head.ts";
import { headParameters } from "../../src/ptame/head.ts";
import { checkHeadFits, readHead } from "../../src/ptame/head_file.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { networkNamed } from "../../src/classifier/network_names.ts";
import { readFloat32 } from "../../src/weights/tensor_table.ts";
import { heavyTests } from "../support/devices.ts";
import { pythonTorch, runPython } from "../support/python_torch.ts";
import { seededTensor } from "../support/seeded_weights.ts";
import { archiveOf, p, type Piece } from "../weights/torch/make_files.ts";

const SCRIPT = new URL("../fixtures/head/save_checkpoint.py", import.meta.url);
const SEED = 5;
const python = await pythonTorch();

for (const compiled of [false, true]) {
  Deno.test({
    name: `importHead() reads a Lightning checkpoint that PyTorch wrote${
      compiled ? ", compiled, in the old form" : ""
    }`,
    ignore: python === undefined || (compiled && !heavyTests()),
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "ptame-" });
      try {
        const path = `${folder}/last.ckpt`;
        await runPython(python!, SCRIPT, [`${SEED}`, path, ...(compiled ? ["compiled"] : [])]);
        const { bytes, record, ...rest } = await importHead({
          name: "last.ckpt",
          content: await Deno.readFile(path),
        });
        assertEquals(rest, { backboneFrom: "hyper-parameters", leftOut: [] });
        assertEquals(record, {
          name: "last",
          auxiliary: "resnet18",
          backbone: "vit_b_16",
          trained: true,
          training: { imported: "last.ckpt", epoch: 1, global_step: 40036 },
        });
        const head = await readHead(bytes, "last");
        assertEquals(head.record, record);
        const shape = findHeadShape(networkNamed("resnet18"), 1000);
        checkHeadFits(head, "resnet18", shape);
        for (const [name, dimensions] of headParameters(shape)) {
          const values = readFloat32(bytes, head.file.table.tensors.get(name)!);
          assertEquals(values, seededTensor(name, dimensions, SEED), name);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** A checkpoint of a small head: zeros, but for what is given instead. */
function checkpoint(
  channels: readonly number[],
  { change = {}, extra = [], settings = [], classes = 1000 }: {
    classes?: number;
    change?: Record<string, readonly number[] | undefined>;
    extra?: readonly (readonly [name: string, shape: readonly number[]])[];
    settings?: readonly [Piece, Piece][];
  } = {},
): Uint8Array {
  const storages: Record<string, Uint8Array> = {};
  const pairs: [Piece, Piece][] = [];
  const all = [
    ...headParameters({ channels, sizes: [], classes }),
    ...extra.map(([n, s]) => [n, s] as const),
  ];
  for (const [name, declared] of all) {
    const shape = name in change ? change[name] : declared;
    if (shape === undefined) continue;
    const count = shape.reduce((a, b) => a * b, 1);
    const key = `${pairs.length}`;
    storages[key] = new Uint8Array(4 * count);
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    pairs.push([p.text(`net.attention.${name}`), p.tensor(key, shape, strides, count)]);
  }
  const root = p.dict([p.text("state_dict"), p.dict(...pairs)], [
    p.text("hyper_parameters"),
    p.dict(...settings),
  ]);
  return archiveOf(root, storages);
}

Deno.test("importHead() takes the backbone from the options, the file's name, the settings, or asks for it", async () => {
  const content = checkpoint([24, 40, 112, 1280], {
    settings: [[p.text("cfg"), p.list(p.text("VGG-16"), p.text("adamw"))]],
  });
  const cases: [string, string | undefined, string][] = [
    ["x.ckpt", "resnet50", "resnet50 options"],
    ["ptame_resnet50.ckpt", undefined, "resnet50 file name"],
    ["P-TAME_ViT-B-16_EfficientNet-Lite0.ckpt", undefined, "vit_b_16 file name"],
    ["resnet500.ckpt", undefined, "vgg16 hyper-parameters"],
  ];
  for (const [name, backbone, expected] of cases) {
    const { record, backboneFrom } = await importHead(
      { name, content },
      backbone === undefined ? {} : { backbone },
    );
    assertEquals([record.backbone, backboneFrom].join(" "), expected, name);
    assertEquals(record.auxiliary, "efficientnet_lite0");
  }
  await assertRejects(
    () => importHead({ name: "resnet50_vgg16.ckpt", content }),
    UnknownBackboneError,
    "it names resnet50 and vgg16",
  );
  await assertRejects(
    () => importHead({ name: "a.ckpt", content: checkpoint([24, 40, 112, 1280]) }),
    UnknownBackboneError,
    "Cannot import a.ckpt: neither its name nor its hyper-parameters name a backbone",
  );
});

Deno.test("importHead() leaves out other tensors by name and refuses what is no head of ours", async () => {
  const load = (...given: Parameters<typeof checkpoint>) =>
    importHead({ name: "a.ckpt", content: checkpoint(...given) }, {
      backbone: "resnet50",
      auxiliary: "a network of one's own",
    });
  const counted = await load([2], { extra: [["bns.0.num_batches_tracked", []], ["loss.weight", [1]]] });
  assertEquals(counted.leftOut, ["net.attention.loss.weight"]);
  await assertRejects(
    () => load([2], { extra: [["fuser.bias", [2]]] }),
    SyntaxError,
    "its head has fuser.bias",
  );
  await assertRejects(
    () => load([2], { change: { "bns.0.running_var": undefined } }),
    SyntaxError,
    "Cannot import a.ckpt: it lacks bns.0.running_var of a head",
  );
  await assertRejects(
    () => load([2], { change: { "convs.0.weight": [2, 1, 1, 1] } }),
    SyntaxError,
    "convs.0.weight is [2, 1, 1, 1], not [2, 2, 1, 1]",
  );
  await assertRejects(
    () => load([2], { change: { "fuser.weight": undefined } }),
    SyntaxError,
    "it has no fuser.weight, so it does not contain a P-TAME head",
  );
  await assertRejects(
    () => load([2], { classes: 7 }),
    TypeError,
    "its head has 7 classes, resnet50 has 1000",
  );
  await assertRejects(
    () => importHead({ name: "a.ckpt", content: checkpoint([2, 3]) }, { backbone: "resnet50" }),
    TypeError,
    "Cannot import a.ckpt: its head reads 2, 3 channels, which no auxiliary gives",
  );
});
