/**
 * Networks as PyTorch exports them (tests/fixtures/onnx/generate_networks.py): read, differentiated, and compared with
 * PyTorch in float64 from the same weights, which lie outside the file.
 */
import { assert, assertEquals } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { inspectOnnx, readOnnx } from "../../src/graph/onnx_file.ts";
import { elementCount, type Graph } from "../../src/graph/types.ts";
import { gradients } from "../../src/gradient/backward.ts";
import { float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage, seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

interface Expected {
  readonly side: number;
  readonly nodes: number;
  readonly loss: number;
  readonly logits: readonly number[];
  readonly norm: number;
  readonly positions: readonly number[];
  readonly values: readonly number[];
}

const FOLDER = new URL("../fixtures/onnx/", import.meta.url);
const FIXTURE = JSON.parse(Deno.readTextFileSync(new URL("networks.json", FOLDER))) as {
  weight_seed: number;
  image_seed: number;
  target: number;
  networks: Record<string, Expected>;
};

/** Nodes that are left of each file. */
const LEFT: Readonly<Record<string, number>> = {
  resnet_11: 41,
  densenet_13: 41,
  mobilenet_v3_17: 156,
  shufflenet_17: 242,
  convnext_17: 44,
  vit_11: 116,
  vit_14_fixed: 116,
  vit_17: 76,
  swin_13: 264,
  swin_17_fixed: 176,
};

async function fileOf(name: string): Promise<Uint8Array> {
  const packed = await Deno.open(new URL(`${name}.onnx.gz`, FOLDER));
  const stream = packed.readable.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The file of weights that a network points to. */
function weightsOf(onnx: Uint8Array): Uint8Array {
  const outside = readOnnx(onnx).initializers.filter(({ data }) => data.kind === "external");
  const file = new Float32Array(outside.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  let at = 0;
  for (const { name, shape } of outside) {
    file.set(seededTensor(name, shape, FIXTURE.weight_seed), at);
    at += elementCount(shape);
  }
  return new Uint8Array(file.buffer);
}

/** The network behind its picture, with the cross-entropy's gradient with respect to the picture. */
function lossGraph(network: Graph, target: number): Graph {
  const b = createBuilder("loss");
  const { name, shape } = network.inputs[0]!;
  const image = b.input("image", "float32", shape);
  const logits = b.embed(network, { [name]: image }).get("logits")!;
  const shifted = b.sub(logits, b.reduceMax(logits, [1]));
  const logProbabilities = b.sub(shifted, b.log(b.reduceSum(b.exp(shifted), [1])));
  const loss = b.neg(b.reduceSum(b.slice(logProbabilities, 1, target, target + 1), undefined, false));
  b.output(logits, "logits");
  b.output(gradients(b, loss, [image])[0]!, "gradient");
  return b.build();
}

function relativeDistance(found: readonly number[], expected: readonly number[]): number {
  return Math.hypot(...expected.map((value, i) => found[i]! - value)) / Math.hypot(...expected);
}

/** Pictures of different brightness. */
function pictures(which: readonly number[], side: number) {
  const one = seededImage(FIXTURE.image_seed, [1, 3, side, side]);
  const data = new Float32Array(which.length * one.length);
  which.forEach((index, i) => data.set(one.map((value) => value * (1 - index / 4)), i * one.length));
  return float32Tensor(data, [which.length, 3, side, side]);
}

for (const [name, expected] of Object.entries(FIXTURE.networks)) {
  Deno.test(`loadOnnx() of ${name}: logits and the picture's gradient agree with PyTorch`, async () => {
    const onnx = await fileOf(name);
    const files = new Map([["weights", weightsOf(onnx)]]);
    const { side } = expected;
    const loaded = loadOnnx(onnx, { shapes: { image: [1, 3, side, side] }, files });
    const { operators } = inspectOnnx(onnx);
    assertEquals(Object.values(operators).reduce((sum, count) => sum + count, 0), expected.nodes);
    assertEquals([loaded.graph.nodes.length, loaded.notes], [LEFT[name], []]);
    // Everything that works out shapes is gone.
    const made = loaded.graph.nodes.flatMap(({ outputs }) => outputs);
    assertEquals([...new Set(made.map((value) => loaded.graph.values.get(value)!.type))], ["float32"]);
    const session = await openSession(lossGraph(loaded.graph, FIXTURE.target), {
      device: "wasm",
      files: loaded.files,
    });
    const outputs = await session.run({ image: pictures([0], side) });
    await session.dispose();
    const logits = Array.from(float32Data(outputs["logits"]!));
    const away = relativeDistance(logits, expected.logits);
    assert(away < 1e-5, `logits ${away}`);
    const gradient = float32Data(outputs["gradient"]!);
    const error = relativeDistance(expected.positions.map((at) => gradient[at]!), expected.values);
    const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    console.log(`${name}: away from PyTorch by ${away.toExponential(1)} (logits), ${error.toExponential(1)}`);
    assert(error < 1e-5 && Math.abs(norm / expected.norm - 1) < 1e-5, `gradient ${error}, norm ${norm}`);
  });
}

for (const name of ["vit_14_fixed", "swin_17_fixed", "shufflenet_17"]) {
  Deno.test(`loadOnnx() of ${name} for three pictures computes what it computes for each`, async () => {
    const onnx = await fileOf(name);
    const files = new Map([["weights", weightsOf(onnx)]]);
    const { side } = FIXTURE.networks[name]!;
    const logits: number[][] = [];
    for (const batch of [1, 3]) {
      const loaded = loadOnnx(onnx, { shapes: { image: [batch, 3, side, side] }, files });
      const session = await openSession(loaded.graph, { device: "wasm", files: loaded.files });
      const run = (part: number[]) => session.run({ image: pictures(part, side) });
      for (const part of batch === 1 ? [[0], [1], [2]] : [[0, 1, 2]]) {
        logits.push(Array.from(float32Data((await run(part))["logits"]!)));
      }
      await session.dispose();
    }
    const [together, apart] = [logits[3]!, logits.slice(0, 3).flat()];
    assertEquals(together.length, apart.length);
    assert(relativeDistance(together, apart) < 1e-6, `${relativeDistance(together, apart)}`);
    // The pictures differ.
    assert(relativeDistance(apart.slice(0, 10), apart.slice(10, 20)) > 1e-3);
  });
}
