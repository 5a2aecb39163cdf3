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
    ["hello", "it is something else,"],
    [join(0x80, 4, "}."), "Cannot read f: it is a pickle, but not from torch.save()"],
    [join(little(2, 8), "{]"), "Cannot read f: the header is not JSON"],
  ];
  for (const [content, message] of refused) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    assertThrows(() => readWeightFile("f", bytes), SyntaxError, message);
  }
});
