/** One way to load a classifier, wherever it comes from. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { IMAGENET_1K } from "../../models/labels/imagenet_1k.ts";
import { networks } from "../../models/registry.ts";
import { numberedLabels, sharesClasses } from "../../src/classifier/labels.ts";
import { loadClassifier } from "../../src/classifier/load.ts";
import type { CustomNetwork } from "../../src/classifier/network_classifier.ts";
import { probabilitiesOfPlain, toProbabilities } from "../../src/classifier/prediction.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { ModelError } from "../../src/runtime/mod.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { seededFile } from "../ptame/seeded_networks.ts";
import { tinyAuxiliary } from "../ptame/tiny_networks.ts";
import { warmUpWasm } from "../support/devices.ts";
import { seededImage } from "../support/seeded_weights.ts";

await warmUpWasm();

const { build } = tinyAuxiliary;
const weights = seededFile(tinyAuxiliary, 1);
const own: CustomNetwork = { name: "own", build, inputSize: 64, weights };

Deno.test("loadClassifier() takes a name, and says what is near", async () => {
  const { facts, licence, part } = await loadClassifier();
  assertEquals([facts.name, facts.labels, licence], [networks[0]!.name, IMAGENET_1K, "Apache-2.0"]);
  assertEquals(part().taps(), networks[0]!.taps);
  assert(part() === part());
  await assertRejects(() => loadClassifier({ model: "resnet-50" }), RangeError, "did you mean resnet50?");
});

Deno.test("loadClassifier() finds what a network function of the caller's own leaves out", async () => {
  const { facts, part, openScores, finalLayer } = await loadClassifier({ model: own });
  assertEquals([facts.classes, facts.labels], [10, numberedLabels(10)]);
  assertEquals([facts.preprocessing.crop, facts.preprocessing.resize], [64, 73]);
  const shapes = tinyAuxiliary.taps.map(({ channels, size }, i) => ({ name: `tap ${i}`, channels, size }));
  assertEquals(part().taps(), shapes);
  assertEquals(finalLayer(), undefined);
  const scores = await openScores({ device: "wasm", batch: 2 });
  const images = [1, 2, 3].map((seed) => seededImage(seed, [1, 3, 64, 64]));
  const rows = await scores.scores(images);
  assertEquals(rows.map((row) => row.length), [10, 10, 10]);
  const [first] = await scores.probabilities(images.slice(0, 1));
  assertEquals(first, toProbabilities(rows[0]!));
  await scores.session.dispose();

  const { name, labels: _, ...said } = tinyAuxiliary;
  const layer =
    (await loadClassifier({ model: { ...said, name, preprocessing: facts.preprocessing, weights } }))
      .finalLayer();
  assertEquals(layer!.length, 10 * 16);
});

Deno.test("loadClassifier() refuses a network function that is not what it says", async () => {
  const wrong: [Partial<CustomNetwork>, string][] = [
    [{ classes: 7 }, "it says that it has 7 classes, it gives 10 scores"],
    [{ labels: ["a", "b"] }, "2 labels are given for 10 classes"],
    [{ taps: ["a"] }, "it names 1 taps, it gives 4"],
    [
      { preprocessing: networks[0]!.preprocessing },
      "its input is 64 pixels wide, its preprocessing crops 224",
    ],
    [
      { build: (b, image) => ({ logits: b.flatten(image), taps: [b.flatten(image)] }) },
      "tap tap 0 is [1, 12288]",
    ],
  ];
  for (const [change, message] of wrong) {
    await assertRejects(() => loadClassifier({ model: { ...own, ...change } }), TypeError, message);
  }
  const { weights: _, ...bare } = own;
  await assertRejects(() => loadClassifier({ model: bare }), Error, "name a file with them");
});

/** A file whose scores [1, 3, 1, 1] do not declare how many classes they are of. */
function undeclared(op: string, attributes = {}): Uint8Array {
  const b = createBuilder("undeclared");
  const image = b.input("x", "float32", [1, 3, 8, 8]);
  b.output(b.globalAveragePool(b.relu(image)), "y");
  const graph = b.build();
  const nodes = graph.nodes.map((node) => node.op === "Relu" ? { ...node, op, attributes } : node);
  return encodeOnnx({ ...graph, nodes });
}

Deno.test("loadClassifier() finds the classes of a file in its shapes, and opens no session for it", async () => {
  // The runtime refuses an even size, so nothing can have been opened.
  const onnx = undeclared("LRN", { size: { type: "int", value: 2 } });
  const classifier = await loadClassifier({ model: { name: "own", onnx } });
  assertEquals([classifier.facts.classes, classifier.output], [3, "y"]);
  await assertRejects(() => classifier.openScores({ device: "wasm" }), ModelError);
});

Deno.test("loadClassifier() asks the file itself where its shapes say nothing", async () => {
  // An operator without a shape rule here.
  const { facts, part } = await loadClassifier({
    model: { name: "own", onnx: undeclared("Hardmax"), labels: ["a", "b", "c"] },
    device: "wasm",
  });
  assertEquals([facts.classes, facts.labels], [3, ["a", "b", "c"]]);
  await assertRejects(() => Promise.resolve().then(() => part().taps()), TypeError, "(Hardmax): no rule");
});

Deno.test("a part gives plain scores, of which a classifier's own probabilities can be made again", async () => {
  const classifier = await loadClassifier({ model: smallClassifier() });
  const file = await classifier.openScores({ device: "wasm" });
  const image = seededImage(2, [1, 3, 32, 32]);
  const [expected] = await file.probabilities([image]);
  await file.session.dispose();
  const b = createBuilder("plain");
  const scores = classifier.part().scores(b, b.input("images", "float32", [4, 3, 32, 32]));
  assertEquals(scores.shape, [4, 5]);
  assert(!file.plain);
  assertAlmostEquals(expected!.reduce((sum, value) => sum + value, 0), 1, 1e-6);
  const plain = Float32Array.of(-1, 0, 2);
  assertEquals(probabilitiesOfPlain(plain, { activation: "softmax" }), toProbabilities(plain));
  assertAlmostEquals(
    probabilitiesOfPlain(plain, { activation: "sigmoid" })[2]!,
    1 / (1 + Math.exp(-2)),
    1e-7,
  );
});

Deno.test("sharesClasses() goes by names; numbers are none", () => {
  const named = { labels: ["cat", "dog"] };
  assert(sharesClasses(named, { labels: ["cat", "dog"] }));
  assert(!sharesClasses(named, { labels: ["dog", "cat"] }));
  assert(!sharesClasses(named, { labels: ["cat"] }));
  assert(!sharesClasses({ labels: numberedLabels(2) }, { labels: numberedLabels(2) }));
});
