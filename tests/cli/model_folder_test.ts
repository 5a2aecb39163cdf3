import { assertEquals, assertRejects } from "@std/assert";
import { readBesideModel, readBesideModelIfThere, readSmallFile } from "../../src/cli/model_folder.ts";
import { readOnnxModel } from "../../src/cli/onnx_model.ts";
import { type ByteSource, toByteSource } from "../../src/bytes/byte_source.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { inFolder } from "../support/folders.ts";

/** A model whose only weights lie at `file`, in an empty folder `model` beside `secret.bin`. */
function writeModel(folder: string, file: string): string {
  const b = createBuilder("m");
  const row = b.constant("float32", [3], [1, 2, 3]);
  b.output(b.add(b.input("x", "float32", [1, 3]), row), "y");
  const graph = b.build();
  const weights = graph.initializers.get(row.name)!;
  const data = { kind: "external", file, offset: 0, length: 12 } as const;
  Deno.mkdirSync(`${folder}/model`, { recursive: true });
  Deno.writeFileSync(`${folder}/secret.bin`, new Uint8Array(12));
  const path = `${folder}/model/net.onnx`;
  const initializers = new Map([...graph.initializers, [row.name, { ...weights, data }]]);
  Deno.writeFileSync(path, encodeOnnx({ ...graph, initializers }));
  return path;
}

function sizeOf(content: Uint8Array | ByteSource): number {
  return toByteSource(content).size;
}

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assertEquals(success, true);
}

Deno.test("readOnnxModel() reads external data of the model's folder, through links that stay there", async () => {
  await inFolder(async (folder) => {
    const path = writeModel(folder, "parts/w.bin");
    Deno.mkdirSync(`${folder}/model/parts`);
    Deno.writeFileSync(`${folder}/model/real.bin`, new Uint8Array(12));
    Deno.symlinkSync("../real.bin", `${folder}/model/parts/w.bin`);
    assertEquals(sizeOf((await readOnnxModel(path)).externalData!.get("parts/w.bin")!), 12);
  });
});

Deno.test("readOnnxModel() takes a model that is a link to a folder with its data, as caches of models are", async () => {
  await inFolder(async (folder) => {
    const path = writeModel(folder, "w.bin");
    Deno.mkdirSync(`${folder}/blobs`);
    Deno.renameSync(path, `${folder}/blobs/1`);
    Deno.writeFileSync(`${folder}/blobs/2`, new Uint8Array(12));
    Deno.symlinkSync("../blobs/1", path);
    Deno.symlinkSync("../blobs/2", `${folder}/model/w.bin`);
    assertEquals(sizeOf((await readOnnxModel(path)).externalData!.get("w.bin")!), 12);
  });
});

Deno.test("readOnnxModel() opens no external data outside the folder, no device and no pipe", async () => {
  await inFolder(async (folder) => {
    for (
      const file of ["../secret.bin", "a/../../secret.bin", `${folder}/secret.bin`, "..\\secret.bin", "C:w"]
    ) {
      await assertRejects(
        () => readOnnxModel(writeModel(folder, file)),
        SyntaxError,
        "points outside the model's",
      );
    }
    const path = writeModel(folder, "w.bin");
    const beside = `${folder}/model/w.bin`;
    await assertRejects(() => readOnnxModel(path), Error, "w.bin: no such file or folder");
    Deno.symlinkSync("../secret.bin", beside);
    await assertRejects(
      () => readOnnxModel(path),
      Error,
      "lies outside the model's folder; --allow-outside reads it",
    );
    const read = await readOnnxModel(path, { allowOutside: true });
    assertEquals(sizeOf(read.externalData!.get("w.bin")!), 12);

    Deno.removeSync(beside);
    Deno.symlinkSync("/dev/zero", beside);
    await assertRejects(() => readOnnxModel(path), Error, "outside the model's folder");
    await assertRejects(() => readOnnxModel(path, { allowOutside: true }), Error, "not a regular file");
    Deno.removeSync(beside);
    await makePipe(beside);
    // It would wait for ever for the pipe's other end.
    await assertRejects(() => readOnnxModel(path), Error, "not a regular file");
    Deno.removeSync(beside);
    Deno.mkdirSync(beside);
    await assertRejects(() => readOnnxModel(path), Error, "it is a folder");
    // A folder of a similar name is not the model's.
    Deno.removeSync(beside);
    Deno.mkdirSync(`${folder}/model2`);
    Deno.writeFileSync(`${folder}/model2/w.bin`, new Uint8Array(12));
    Deno.symlinkSync("../model2/w.bin", beside);
    await assertRejects(() => readOnnxModel(path), Error, "outside the model's folder");
  });
});

Deno.test("readOnnxModel() holds the description and its labels to the same folder", async () => {
  await inFolder(async (folder) => {
    const path = writeModel(folder, "w.bin");
    Deno.writeFileSync(`${folder}/model/w.bin`, new Uint8Array(12));
    Deno.writeTextFileSync(`${folder}/names.txt`, "a\nb\nc\n");
    const json = `${folder}/model/net.json`;
    for (const labels of ["../names.txt", "/dev/../etc/passwd", "../../../../../../../etc/passwd"]) {
      Deno.writeTextFileSync(json, JSON.stringify({ labels }));
      await assertRejects(() => readOnnxModel(path), Error, "Cannot read labels");
    }
    Deno.writeTextFileSync(json, JSON.stringify({ labels: "../names.txt" }));
    assertEquals((await readOnnxModel(path, { allowOutside: true })).labels, ["a", "b", "c"]);
    // What the user names is the user's.
    assertEquals((await readOnnxModel(path, { labels: `${folder}/names.txt` })).labels, ["a", "b", "c"]);

    Deno.removeSync(json);
    await makePipe(json);
    await assertRejects(() => readOnnxModel(path), Error, "Cannot read description");
    Deno.removeSync(json);
    Deno.symlinkSync("nowhere", json);
    await assertRejects(() => readOnnxModel(path), Error, "no such file");
  });
});

Deno.test("readBesideModel() reads no more than its maximum", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/net.onnx`;
    Deno.writeTextFileSync(model, "");
    Deno.writeTextFileSync(`${folder}/a`, "12345");
    assertEquals((await readBesideModel(model, "a", "labels", { most: 5 })).length, 5);
    await assertRejects(
      () => readBesideModel(model, "a", "labels", { most: 4 }),
      Error,
      "has 5 bytes, at most 4",
    );
    assertEquals(await readBesideModelIfThere(model, "b", "labels"), undefined);
  });
});

Deno.test("readSmallFile() stops at its maximum, even where a file has no end", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "12345");
    assertEquals(await readSmallFile(`${folder}/a`, "labels", 5), new TextEncoder().encode("12345"));
    await assertRejects(
      () => readSmallFile(`${folder}/a`, "labels", 4),
      Error,
      "a: it has more than 4 bytes",
    );
    await assertRejects(() => readSmallFile("/dev/zero", "labels"), Error, "it has more than 16000000 bytes");
    await assertRejects(() => readSmallFile(folder, "labels"), Error, "Cannot read labels");
  });
});
