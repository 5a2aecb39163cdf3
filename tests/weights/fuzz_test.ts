/**
 * Damaged files against the readers of untrusted files: safetensors, PyTorch's, .onnx. Whatever is damaged, a reader
 * gives what it read or throws a SyntaxError, RangeError or TypeError of one line; soon, and without asking for memory
 * that the file cannot mean.
 *
 * Some hundred cases per reader, always the same ones, in the everyday run. PTAME_FUZZ_SECONDS=120 tries new ones for
 * that long. A failure names its seed and case; PTAME_FUZZ_SEED and PTAME_FUZZ_CASE repeat it alone.
 */
import { assert } from "@std/assert";
import { loadOnnx } from "../../src/graph/load_onnx.ts";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { createStream } from "../../src/random/generator.ts";
import { type ByteSource, toByteSource } from "../../src/bytes/byte_source.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { readFloat32, type TensorTable } from "../../src/weights/tensor_table.ts";
import { parseTorch } from "../../src/weights/torch/mod.ts";
import { readWeightFile } from "../../src/weights/weight_file.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { mutated } from "../support/mutations.ts";
import { archiveOf, floats, p, sequenceOf } from "./torch/make_files.ts";

const SECONDS = Number(Deno.env.get("PTAME_FUZZ_SECONDS") ?? 0);
const SEED = Number(Deno.env.get("PTAME_FUZZ_SEED") ?? (SECONDS > 0 ? Date.now() % 2 ** 32 : 1));
const ONLY = Deno.env.get("PTAME_FUZZ_CASE");
/** Cases of the everyday run. */
const CASES = 600;
/** A case takes a millisecond or two; a machine may be busy. */
const SLOWEST_MS = 3000;
const MOST_MEMORY = 400 << 20;

interface Reader {
  readonly name: string;
  /** Files to damage. */
  readonly files: readonly (readonly [name: string, bytes: Uint8Array])[];
  read(bytes: Uint8Array): void;
}

const FIXTURES = new URL("../fixtures/weights/", import.meta.url);
const fixture = (name: string) => [name, Deno.readFileSync(new URL(name, FIXTURES))] as const;

/** Small files of other exporters, one operator or trick each. */
const FOREIGN = Object.entries(
  (JSON.parse(Deno.readTextFileSync(new URL("../fixtures/onnx/operators.json", import.meta.url))) as {
    cases: Record<string, string>;
  }).cases,
).map(([name, base64]) => [name, Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))] as const);

/** A source that notices when a reader asks for much more than there is. */
function counting(bytes: Uint8Array): ByteSource {
  let asked = 0;
  const source = toByteSource(bytes);
  return {
    size: source.size,
    read: (offset, length) => {
      const part = source.read(offset, length);
      asked += length;
      assert(asked < 100 * bytes.length + (1 << 20), `${asked} bytes were asked for of ${bytes.length}`);
      return part;
    },
  };
}

/** Reads what a table says, as a network would. */
function readTensors(bytes: Uint8Array, table: TensorTable): void {
  for (const entry of table.tensors.values()) {
    const count = entry.shape.reduce((product, size) => product * size, 1);
    assert(count <= Math.max(bytes.length, 1 << 20), `${entry.name} claims ${count} elements`);
    if (!entry.type.includes("float")) continue;
    assert(readFloat32(bytes, entry).length === count, `${entry.name} gives other numbers than it claims`);
  }
}

const READERS: readonly Reader[] = [
  {
    name: "parseSafetensors()",
    files: [fixture("python.safetensors")],
    read: (bytes) => readTensors(bytes, parseSafetensors(counting(bytes))),
  },
  {
    name: "parseTorch()",
    files: [
      ...["plain_zip", "plain_sequence", "plain_protocol_4", "plain_zip64", "nested_zip", "nested_sequence"]
        .map(
          (name) => fixture(`torch/${name}.pth`),
        ),
      ["by hand", archiveOf(p.dict([p.text("w"), p.tensor("0", [2, 2], [2, 1])]), { 0: floats(1, 2, 3, 4) })],
      [
        "sequence by hand",
        sequenceOf(p.dict([p.text("w"), p.tensor("a", [2, 2], [1, 2])]), [
          ["a", 4, floats(1, 2, 3, 4)],
        ]),
      ],
    ],
    read: (bytes) => {
      readTensors(bytes, parseTorch(counting(bytes)));
      parseTorch(counting(bytes), { leaveOut: true });
      readWeightFile("f", counting(bytes));
    },
  },
  {
    name: "inspectOnnx()",
    files: [
      ["small.onnx", smallClassifier().onnx],
      [
        "more.onnx",
        smallClassifier({ softmax: false, extra: (b, x) => b.mul(b.reshape(x, x.shape), 2) }).onnx,
      ],
    ],
    read: (bytes) => {
      inspectOnnx(bytes);
      loadOnnx(bytes);
    },
  },
  {
    name: "loadOnnx()",
    files: FOREIGN,
    read: (bytes) => {
      loadOnnx(bytes, { float32: true });
    },
  },
];

/** What was wrong with a reader's answer to one case; `undefined` where nothing was. */
function problem(reader: Reader, bytes: Uint8Array): string | undefined {
  const before = Deno.memoryUsage();
  const started = performance.now();
  let wrong: string | undefined;
  try {
    reader.read(bytes);
  } catch (error) {
    wrong = wrongError(error);
  }
  const took = performance.now() - started;
  const after = Deno.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  if (took > SLOWEST_MS) wrong ??= `it took ${Math.round(took)} ms`;
  if (grown > MOST_MEMORY) wrong ??= `it took ${Math.round(grown / 2 ** 20)} MiB`;
  return wrong;
}

function wrongError(error: unknown): string | undefined {
  const known = error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError;
  if (!known) return `it threw ${error instanceof Error ? error.stack : error}`;
  const { message } = error;
  // Our errors say what could not be done; others come from a place that did not expect the file.
  if (!/^Cannot /.test(message)) return `its error is not ours: ${error.stack}`;
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(message)) {
    return `its error has control characters: ${JSON.stringify(message)}`;
  }
  return message.length > 1000
    ? `its error has ${message.length} characters: ${message.slice(0, 200)}`
    : undefined;
}

/** One case, from its number alone. */
function tryCase(reader: Reader, index: number): void {
  const random = createStream(SEED, index);
  const [name, bytes] = reader.files[random.below(reader.files.length)]!;
  const [, other] = reader.files[random.below(reader.files.length)]!;
  const damage = mutated(bytes, random, other);
  const wrong = problem(reader, damage.bytes);
  assert(
    wrong === undefined,
    `${reader.name} with ${name}, ${damage.how}: ${wrong} (PTAME_FUZZ_SEED=${SEED} PTAME_FUZZ_CASE=${index})`,
  );
}

for (const reader of READERS) {
  Deno.test(`${reader.name} gives a clear error or tensors when its file is damaged`, () => {
    for (const [, bytes] of reader.files) reader.read(bytes);
    if (ONLY !== undefined) return tryCase(reader, Number(ONLY));
    const until = performance.now() + 1000 * SECONDS / READERS.length;
    let index = 0;
    let said = performance.now();
    while (SECONDS > 0 ? performance.now() < until : index < CASES) {
      // A reader that never returns is found by the last line.
      if (performance.now() - said > 5000) {
        console.log(`${reader.name}: seed ${SEED}, ${index} cases`);
        said = performance.now();
      }
      tryCase(reader, index++);
    }
    if (SECONDS > 0) console.log(`${reader.name}: seed ${SEED}, ${index} cases`);
  });
}
