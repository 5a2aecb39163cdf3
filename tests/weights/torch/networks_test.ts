/**
 * Whole networks from files that PyTorch writes here and now: the weights of the golden values (tests/models), so the
 * logits must be PyTorch's. Skipped where there is no PyTorch; those with two forms of names with
 * PTAME_HEAVY=1 alone.
 */
import { assert, assertEquals } from "@std/assert";
import { findNetwork, type NetworkDefinition } from "../../../models/registry.ts";
import { float32Data, float32Tensor, openSession } from "../../../src/runtime/mod.ts";
import { bindWeights } from "../../../src/weights/bind.ts";
import { parseSafetensors } from "../../../src/weights/safetensors.ts";
import { readFloat32, type WeightFile } from "../../../src/weights/tensor_table.ts";
import { readWeightFile } from "../../../src/weights/weight_file.ts";
import { heavyTests, warmUpWasm } from "../../support/devices.ts";
import { graphOf } from "../../support/networks.ts";
import { pythonTorch, runPython } from "../../support/python_torch.ts";
import { normalized, seededImage } from "../../support/seeded_weights.ts";

const GOLDEN = Deno.readFileSync(new URL("../../fixtures/networks/golden.safetensors", import.meta.url));
const { metadata, tensors } = parseSafetensors(GOLDEN);
const SCRIPT = new URL("../../fixtures/weights/torch/save_network.py", import.meta.url);
const python = await pythonTorch();
if (python !== undefined) await warmUpWasm();

async function logitsOf(network: NetworkDefinition, file: WeightFile): Promise<Float32Array> {
  const { rename } = network.weights;
  const { graph, files } = bindWeights({ graph: graphOf(network), files: new Map() }, file, { rename });
  const session = await openSession(graph, { device: "wasm", files });
  try {
    const { mean, std } = network.preprocessing;
    const picture = normalized(seededImage(Number(metadata["image_seed"])), mean, std);
    return float32Data((await session.run({ image: float32Tensor(picture, [1, 3, 224, 224]) }))["logits"]!);
  } finally {
    await session.dispose();
  }
}

function assertGolden(network: NetworkDefinition, logits: Float32Array): void {
  const expected = readFloat32(GOLDEN, tensors.get(`${network.name}/logits`)!);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const away = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - logits[i]!)), 0) / scale;
  assert(away <= 1e-4, `the logits of ${network.name} differ by ${away}`);
}

async function inBothForms(
  network: NetworkDefinition,
  act: (file: WeightFile) => Promise<void>,
  ...options: string[]
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    await runPython(python!, SCRIPT, [network.name, metadata["weight_seed"]!, folder, ...options]);
    for (const [name, form] of [["zip.pth", "zip"], ["sequence.pth", "pickle sequence"]] as const) {
      const file = readWeightFile(name, await Deno.readFile(`${folder}/${name}`));
      assertEquals(file.table.metadata, { format: "torch", form });
      await act(file);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "readWeightFile() gives resnet18 the logits of PyTorch from both forms of its file",
  ignore: python === undefined || !heavyTests(),
  fn: () => {
    const network = findNetwork("resnet18")!;
    return inBothForms(network, async (file) => assertGolden(network, await logitsOf(network, file)));
  },
});

for (
  const { name, parts, oldName } of [
    {
      name: "vit_b_16",
      parts: "its linear layers",
      oldName: "encoder.layers.encoder_layer_0.mlp.linear_1.weight",
    },
    {
      name: "densenet121",
      parts: "its dense layers' parts",
      oldName: "features.denseblock1.denselayer1.norm.1.weight",
    },
  ]
) {
  Deno.test({
    name: `readWeightFile() gives ${name} the logits of PyTorch under both names of ${parts}`,
    ignore: python === undefined || !heavyTests(),
    fn: () => {
      const network = findNetwork(name)!;
      return inBothForms(network, async (file) => {
        assertEquals(file.table.tensors.has(oldName), file.name === "sequence.pth");
        assertGolden(network, await logitsOf(network, file));
      }, "old-names");
    },
  });
}

Deno.test("bindWeights() finds every weight of vit_b_16 under both names of its linear layers", () => {
  const network = findNetwork("vit_b_16")!;
  const graph = graphOf(network);
  const weights = [...graph.initializers.values()].filter(({ data }) => data.kind === "unbound");
  for (const old of [false, true]) {
    const entries = weights.map(({ name, shape }, i) => {
      const inFile = old
        ? name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2.")
        : name;
      return [inFile, { name: inFile, type: "float32", shape, offset: i, length: 0 }] as const;
    });
    const content = { size: 0, read: () => new Uint8Array() };
    const file: WeightFile = { name: "vit", content, table: { metadata: {}, tensors: new Map(entries) } };
    const { rename } = network.weights;
    const bound = bindWeights({ graph, files: new Map() }, file, { rename });
    weights.forEach(({ name }, i) => {
      const { data } = bound.graph.initializers.get(name)!;
      assertEquals([name, data.kind === "external" && data.offset], [name, i]);
    });
  }
});
