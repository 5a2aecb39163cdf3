/** One classifier written in the ways that people's files are written in: every way gives the same answer. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { onnxClassifier } from "../../src/classifier/onnx/classifier.ts";
import type { OnnxModel } from "../../src/classifier/onnx/model.ts";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import type { DataType, Graph, Value } from "../../src/graph/types.ts";
import { toProbabilities } from "../../src/classifier/prediction.ts";
import { type Device, float32Data, float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededTensor, uniforms } from "../support/seeded_weights.ts";

await warmUpWasm();

const SIDE = 12;
const CLASSES = 4;
const PICTURES = [1, 2, 3].map((seed) => Float32Array.from(uniforms("picture", 3 * SIDE * SIDE, seed)));

interface Form {
  readonly shape?: readonly number[];
  readonly type?: DataType;
  /** From the input as the file has it to ImageNet-normalised [N, 3, S, S]. */
  readonly back?: (b: Builder, x: Value) => Value;
  readonly end?: (b: Builder, scores: Value) => Value;
}

/** A convolution and a linear layer behind what undoes the form of the input. */
function graphOf(
  { shape = [1, 3, SIDE, SIDE], type = "float32", back = (_, x) => x, end = (_, x) => x }: Form,
): Graph {
  const b = createBuilder("net");
  const weight = (name: string, ...dims: number[]) =>
    b.constant("float32", dims, seededTensor(`${name}.weight`, dims, 5));
  const x = back(b, b.input("x", type, shape));
  const features = b.relu(b.conv(x, weight("conv", 8, 3, 3, 3), undefined, { strides: [2, 2] }));
  const scores = b.gemm(b.flatten(b.globalAveragePool(features)), weight("fc", CLASSES, 8), undefined, {
    transB: true,
  });
  b.output(end(b, scores), "y");
  return b.build();
}

function model(form: Form, rest: Partial<OnnxModel> = {}): OnnxModel {
  return { name: "net", onnx: encodeOnnx(graphOf(form)), ...rest };
}

async function probabilities(own: OnnxModel, device: Device = "wasm"): Promise<Float32Array[]> {
  const scores = await (await onnxClassifier(own)).openScores({ device });
  const rows = await scores.probabilities(PICTURES);
  await scores.session.dispose();
  return rows;
}

/** The same through the network as training sees it, one picture at a time. */
async function frozenProbabilities(own: OnnxModel, device: Device = "wasm"): Promise<Float32Array[]> {
  const network = (await onnxClassifier(own)).part();
  const b = createBuilder("training");
  b.output(network.scores(b, b.input("images", "float32", [1, 3, SIDE, SIDE])), "logits");
  const bound = network.bind({ graph: b.build(), files: new Map() }, "");
  const session = await openSession(bound.graph, { device, files: bound.files });
  const rows: Float32Array[] = [];
  for (const pixels of PICTURES) {
    const { logits } = await session.run({ images: float32Tensor(pixels, [1, 3, SIDE, SIDE]) });
    rows.push(toProbabilities(float32Data(logits!)));
  }
  await session.dispose();
  return rows;
}

function assertSame(actual: readonly Float32Array[], expected: readonly Float32Array[], tolerance = 1e-5) {
  assertEquals(actual.length, expected.length);
  expected.forEach((row, i) =>
    row.forEach((value, k) => assertAlmostEquals(actual[i]![k]!, value, tolerance))
  );
}

const perChannel = (b: Builder, numbers: readonly number[]) => b.constant("float32", [1, 3, 1, 1], numbers);
/** Pixels in [0, 255], blue first, to ImageNet's numbers. */
function fromBgrBytes(b: Builder, x: Value): Value {
  const rgb = b.concat([2, 1, 0].map((channel) => b.slice(x, 1, channel, channel + 1)), 1);
  const mean = perChannel(b, [0.485 * 255, 0.456 * 255, 0.406 * 255]);
  return b.div(b.sub(rgb, mean), perChannel(b, [0.229 * 255, 0.224 * 255, 0.225 * 255]));
}
const cast = (b: Builder, x: Value, to: number) =>
  b.node("Cast", [x], { to: { type: "int", value: to } })[0]!;

const FORMS: readonly [name: string, form: Form, settings: Partial<OnnxModel>, trains: boolean][] = [
  ["channels last", { shape: [1, SIDE, SIDE, 3], back: (b, x) => b.transpose(x, [0, 3, 1, 2]) }, {}, true],
  [
    "bytes as floats, blue first",
    { back: fromBgrBytes },
    { preprocessing: { range: [0, 255], channels: "BGR" } },
    true,
  ],
  [
    "from -1 to 1, channels last, five at once",
    {
      shape: [5, SIDE, SIDE, 3],
      back: (b, x) => {
        const pixels = b.mul(b.add(b.transpose(x, [0, 3, 1, 2]), 1), 0.5);
        return b.div(
          b.sub(pixels, perChannel(b, [0.485, 0.456, 0.406])),
          perChannel(b, [0.229, 0.224, 0.225]),
        );
      },
    },
    { preprocessing: { range: [-1, 1] } },
    false,
  ],
  ["softmax inside", { end: (b, x) => b.identity(b.softmax(x)) }, {}, true],
  [
    "log-softmax inside",
    { end: (b, x) => b.node("LogSoftmax", [x], { axis: { type: "int", value: 1 } })[0]! },
    {},
    true,
  ],
  ["scores of four dimensions", { end: (b, x) => b.reshape(x, [1, CLASSES, 1, 1]) }, {}, true],
];

for (const [name, form, settings, trains] of FORMS) {
  Deno.test(`onnxClassifier() gives the same probabilities from a file with ${name}`, async () => {
    const own = model(form, settings);
    assertSame(await probabilities(own), await probabilities(model({})));
    if (!trains) return;
    // Training lays pictures out inside its graph: the same scores.
    assertSame(await frozenProbabilities(own), await probabilities(model({})));
  });
}

Deno.test("onnxClassifier() feeds bytes and float16 where a file asks for them", async () => {
  const bytes = model({
    shape: [1, SIDE, SIDE, 3],
    type: "uint8",
    back: (b, x) => {
      const pixels = b.mul(b.transpose(cast(b, x, 1), [0, 3, 1, 2]), 1 / 255);
      return b.div(b.sub(pixels, perChannel(b, [0.485, 0.456, 0.406])), perChannel(b, [0.229, 0.224, 0.225]));
    },
  });
  // A byte is a step of 1/255.
  assertSame(await probabilities(bytes), await probabilities(model({})), 2e-3);
  const half = model({ type: "float16", back: (b, x) => cast(b, x, 1), end: (b, x) => cast(b, x, 10) });
  assertSame(await probabilities(half), await probabilities(model({})), 2e-3);
});

Deno.test("onnxClassifier() says what the scores have been through, and leaves a sigmoid's as they are", async () => {
  const sigmoid = model({ end: (b, x) => b.node("Sigmoid", [x])[0]! });
  const [row] = await probabilities(sigmoid);
  const plain = await (await onnxClassifier(model({}))).openScores({ device: "wasm" });
  const [scores] = await plain.scores(PICTURES);
  await plain.session.dispose();
  scores!.forEach((score, k) => assertAlmostEquals(row![k]!, 1 / (1 + Math.exp(-score)), 1e-6));
  assert(Math.abs(row!.reduce((a, c) => a + c, 0) - 1) > 0.1);
});

for (const device of ["wasm", "native"] as const) {
  Deno.test(`onnxClassifier() reads external data beside the file on ${device}`, async () => {
    const graph = graphOf({});
    const weights = graph.initializers.get("constant")!;
    assert(weights.data.kind === "inline");
    const file = new Uint8Array(weights.data.bytes.length + 3);
    file.set(weights.data.bytes, 3);
    const data = { kind: "external", file: "w.bin", offset: 3, length: weights.data.bytes.length } as const;
    const onnx = encodeOnnx({
      ...graph,
      initializers: new Map([...graph.initializers, ["constant", { ...weights, data }]]),
    });
    const own = { name: "net", onnx, externalData: new Map([["w.bin", file]]) };
    assertSame(await probabilities(own, device), await probabilities(model({})));
    assertSame(await frozenProbabilities(own, device), await probabilities(model({})));
    await assertRejects(
      () => probabilities({ name: "net", onnx }, device),
      TypeError,
      "Cannot open net: its external data w.bin are not given",
    );
  });
}

Deno.test("onnxClassifier() takes the output that the caller names", async () => {
  const b = createBuilder("two");
  const image = b.input("x", "float32", [1, 3, SIDE, SIDE]);
  const means = b.globalAveragePool(image);
  b.output(means, "features");
  b.output(b.softmax(b.flatten(means)), "probabilities");
  const own = { name: "two", onnx: encodeOnnx(b.build()) };
  const { facts, output } = await onnxClassifier({ ...own, output: "probabilities" });
  assertEquals([facts.classes, facts.activation, output], [3, "softmax", "probabilities"]);
  await assertRejects(
    () => onnxClassifier({ ...own, output: "logits" }),
    RangeError,
    "it has no output logits (features, probabilities)",
  );
});
