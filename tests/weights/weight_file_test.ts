import { assertEquals, assertThrows } from "@std/assert";
import { readWeightFile } from "../../src/weights/weight_file.ts";
import { join, little } from "./torch/make_files.ts";

const FOLDER = new URL("../fixtures/weights/", import.meta.url);
const fixture = (name: string) => Deno.readFileSync(new URL(name, FOLDER));

Deno.test("readWeightFile() tells the formats apart by content and says what else a file seems to be", () => {
  const safetensors = fixture("python.safetensors");
  assertEquals(readWeightFile("x.pth", safetensors).table.tensors.has("matrix"), true);
  assertEquals(readWeightFile("x.safetensors", fixture("torch/shared_zip.pth")).table.tensors.size, 3);
  assertEquals(readWeightFile("x.onnx", fixture("torch/shared_sequence.pth")).name, "x.onnx");
  const refused: [string | Uint8Array, string][] = [
    ["", "Cannot read f: it is empty, neither a safetensors nor a PyTorch file"],
    ["<!DOCTYPE html><html>", "it is a web page,"],
    ["version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS, not the file itself,"],
    [join(8, 8, 0x12, 7, "pytorch"), "it is an .onnx model,"],
    [join(0xff, 0xd8, 0xff, 0xe0), "it is an image,"],
    [join(0x89, "PNG\r\n"), "it is an image,"],
    [join(0x89, "HDF\r\n"), "it is an HDF5 file,"],
    [join(0x1c, 0, 0, 0, "TFL3"), "it is a TensorFlow Lite model,"],
    ["hello", "it is a text,"],
    [join(1, 2, 3), "it is something else,"],
    [join(0x80, 4, "}."), "Cannot read f: it is a pickle, but not from torch.save()"],
    [join(little(2, 8), "{]"), "Cannot read f: the header is not JSON"],
  ];
  for (const [content, message] of refused) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    assertThrows(() => readWeightFile("f", bytes), SyntaxError, message);
  }
});

Deno.test("readWeightFile() takes names out of what a training program wrapped the network in", () => {
  const file = (...names: string[]) => {
    const entries = names.map((name, i) =>
      [name, { dtype: "F32", shape: [1], data_offsets: [4 * i, 4 * i + 4] }] as const
    );
    const header = JSON.stringify(Object.fromEntries(entries));
    return join(little(header.length, 8), header, new Uint8Array(4 * names.length));
  };
  const cases: [string[], string[], string | undefined][] = [
    [["module.a.weight", "module.b"], ["a.weight", "b"], "module."],
    [["module.model.a", "module.model.b"], ["a", "b"], "module.model."],
    [["_orig_mod.model.a"], ["a"], "_orig_mod.model."],
    [["model.a", "head.b"], ["model.a", "head.b"], undefined],
    [["modela", "module"], ["modela", "module"], undefined],
  ];
  for (const [names, inner, prefix] of cases) {
    const { tensors, metadata } = readWeightFile("f", file(...names)).table;
    assertEquals([...tensors.keys()], inner);
    assertEquals([...tensors.values()].map(({ name }) => name), inner);
    assertEquals(metadata["prefix"], prefix);
  }
});
