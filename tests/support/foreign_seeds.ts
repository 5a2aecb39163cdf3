/**
 * Whole files for each reader of strangers' files, to be damaged.
 *
 * @module
 */
import { smallClassifier } from "../ptame/small_classifier.ts";
import { archiveOf, floats, p, sequenceOf } from "../weights/torch/make_files.ts";
import type { FOREIGN_READERS } from "./foreign_readers.ts";

type Seed = readonly [name: string, bytes: Uint8Array];

const FIXTURES = new URL("../fixtures/", import.meta.url);
const fixture = (path: string): Seed => [path, Deno.readFileSync(new URL(path, FIXTURES))];
const text = (name: string, content: string): Seed => [name, new TextEncoder().encode(content)];

const SMALL: readonly Seed[] = [
  ["small.onnx", smallClassifier().onnx],
  [
    "more.onnx",
    smallClassifier({ softmax: false, extra: (b, x) => b.mul(b.reshape(x, x.shape), 2) }).onnx,
  ],
];

/** Small files of other exporters, one operator or trick each. */
const FOREIGN: readonly Seed[] = Object.entries(
  (JSON.parse(Deno.readTextFileSync(new URL("onnx/operators.json", FIXTURES))) as {
    cases: Record<string, string>;
  }).cases,
).map(([name, base64]) => [name, Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))]);

/** Some files for each reader. */
export const FOREIGN_SEEDS: Readonly<Record<keyof typeof FOREIGN_READERS, readonly Seed[]>> = {
  safetensors: [fixture("weights/python.safetensors")],
  torch: [
    ...["plain_zip", "plain_sequence", "plain_protocol_4", "plain_zip64", "nested_zip", "nested_sequence"]
      .map((name) => fixture(`weights/torch/${name}.pth`)),
    ["by hand", archiveOf(p.dict([p.text("w"), p.tensor("0", [2, 2], [2, 1])]), { 0: floats(1, 2, 3, 4) })],
    [
      "sequence by hand",
      sequenceOf(p.dict([p.text("w"), p.tensor("a", [2, 2], [1, 2])]), [["a", 4, floats(1, 2, 3, 4)]]),
    ],
  ],
  onnx: SMALL,
  "onnx in float32": FOREIGN,
  head: ["head_0", "head_1"].map((name) => fixture(`formats/${name}.safetensors`)),
  checkpoint: ["checkpoint_0", "checkpoint_1"].map((name) => fixture(`formats/${name}.safetensors`)),
  labels: [
    text("lines", "0 cat\n1 dog\n2 house mouse\n"),
    text("wordnet", "n02123045 tabby, tabby cat\nn02123159 tiger cat\n"),
    text("list", '["cat", "dog"]'),
    text("map", '{"0": ["n02123045", "tabby"], "1": ["n02123159", "tiger cat"]}'),
    text("indices", '{"cat": 0, "dog": 1}'),
    text("python", "{0: 'cat', 1: \"dog's\", 2: 'b\\x41'}"),
  ],
  settings: [
    text(
      "all",
      '{"size": 224, "mean": [0.5, 0.5, 0.5], "std": 0.25, "labels": ["a"], "activation": "softmax"}',
    ),
    text("inputs", '{"inputs": {"keep": 1}, "output": "scores", "taps": ["a", "b"]}'),
  ],
  boxes: [
    text("boxes", '{"a.jpg": [1, 2, 3, 4], "b.png": [{"x": 0, "y": 0, "width": 1.5, "height": 2}]}'),
  ],
  "image header": ["exif_6.jpg", "exif_6.png", "exif_6.webp", "gif_animated.gif", "jpeg_progressive.jpg"].map(
    (name) => fixture(`image/${name}`),
  ),
};
