/**
 * Files and bodies that are not images and cost much for their size: labels, descriptions, headers of safetensors, heads,
 * checkpoints, forms. Each is read in a process of its own, which prints answer, processor time and peak memory.
 *
 *     deno run -A bench/attack/files.ts NAME
 *
 * @module
 */
import { peakKibibytes } from "../serving/resident.ts";
import { parseLabels } from "../../src/classifier/descriptions/label_files.ts";
import { parseOnnxSettings } from "../../src/classifier/descriptions/settings.ts";
import { parseBoxes } from "../../src/faithfulness/boxes.ts";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { readFormImage } from "../../src/server/form.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { configPath, runProgram } from "../programs.ts";

/** What one file cost. */
interface Cost {
  readonly answer: string;
  readonly seconds: number;
  readonly megabytes: number;
}

/** Budget of a file beyond idle. */
const BOUNDS = { seconds: 5, megabytes: 384 };
const MEGABYTE = 1_000_000;

const bytes = (text: string) => new TextEncoder().encode(text);

/** A safetensors file with this header and so many bytes of tensors. */
function safetensors(header: string, tensors = 0): Uint8Array {
  const json = bytes(header);
  const file = new Uint8Array(8 + json.length + tensors);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

/** A table of attacks: what makes the input, and what reads it. */
const ATTACKS: Readonly<Record<string, () => unknown>> = {
  "idle": () => {},
  "labels, ten million brackets": () => parseLabels("[".repeat(10 * MEGABYTE), "l"),
  "labels, a million empty lists": () => parseLabels(`[${"[],".repeat(MEGABYTE)}[]]`, "l"),
  "labels, eight million lines": () => parseLabels("a\n".repeat(8 * MEGABYTE), "l"),
  "description, nested taps": () => parseOnnxSettings(`{"taps":${"[".repeat(4 * MEGABYTE)}`, "n"),
  "boxes, ten million brackets": () => parseBoxes("[".repeat(10 * MEGABYTE), "b"),
  "safetensors, nested header": () => parseSafetensors(safetensors(`{"a":${"[".repeat(15 * MEGABYTE)}`)),
  "safetensors, a shape of millions": () =>
    parseSafetensors(safetensors(`{"a":{"dtype":"F32","shape":[${"1,".repeat(7 * MEGABYTE)}1]}}`)),
  "safetensors, empty objects": () =>
    parseSafetensors(safetensors(`{${Array.from({ length: MEGABYTE }, (_, i) => `"${i}":{}`).join()}}`)),
  "safetensors, a header of 100 MB": () => parseSafetensors(safetensors(" ".repeat(100 * MEGABYTE))),
  "head, a record of brackets": () =>
    readHead(
      safetensors(
        JSON.stringify({ __metadata__: { format: "ptame-head", training: "[".repeat(10 * MEGABYTE) } }),
      ),
      "h",
    ),
  "form, 140,000 empty parts": () =>
    readFormImage(
      bytes(`${'--x\r\ncontent-disposition: form-data; name=""\r\n\r\n\r\n'.repeat(140_000)}--x--\r\n`),
      "multipart/form-data; boundary=x",
    ),
  "form, ten megabytes of its boundary's dashes": () =>
    readFormImage(bytes("-".repeat(10 * MEGABYTE)), "multipart/form-data; boundary=x"),
  "onnx, five million empty nodes": () => inspectOnnx(onnxOf([0x0a, 0x00], 5 * MEGABYTE)),
  "onnx, five million empty tensors": () => inspectOnnx(onnxOf([0x2a, 0x00], 5 * MEGABYTE)),
};

/** A model whose graph holds a field again and again. */
function onnxOf(field: readonly number[], count: number): Uint8Array {
  const length = field.length * count;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 128)) {
    size.push(rest % 128 + (rest > 127 ? 128 : 0));
  }
  const head = [0x08, 0x08, 0x3a, ...size];
  const file = new Uint8Array(head.length + length);
  file.set(head);
  for (let i = 0; i < count; i++) file.set(field, head.length + i * field.length);
  return file;
}

async function one(name: string): Promise<Cost> {
  const started = performance.now();
  let answer: string;
  try {
    await ATTACKS[name]!();
    answer = "read";
  } catch (error) {
    answer = `${(error as Error).name}: ${(error as Error).message.split("\n")[0]!.slice(0, 90)}`;
  }
  const seconds = (performance.now() - started) / 1000;
  const megabytes = (await peakKibibytes("self") ?? NaN) / 1024;
  return { answer, seconds, megabytes };
}

/** Reads each in a process of its own, and gives the number of those over the budget. */
export async function attackFiles(): Promise<number> {
  let idle = 0;
  let over = 0;
  for (const name of Object.keys(ATTACKS)) {
    const args = ["run", "-A", "--no-check", "--config", configPath(), import.meta.filename!, name];
    const cost: Cost = JSON.parse(await runProgram(Deno.execPath(), args));
    if (name === "idle") idle = cost.megabytes;
    const dear = cost.seconds > BOUNDS.seconds || cost.megabytes - idle > BOUNDS.megabytes;
    if (dear) over++;
    console.log(
      `${name.padEnd(46)} ${cost.seconds.toFixed(2).padStart(6)} s ${
        cost.megabytes.toFixed(0).padStart(5)
      } MB  ` +
        `${cost.answer}${dear ? "  ^ over the budget" : ""}`,
    );
  }
  return over;
}

if (import.meta.main) console.log(JSON.stringify(await one(Deno.args[0]!)));
