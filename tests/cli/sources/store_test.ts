/** A run over an object store without its networks: what it reads, what it takes for done, and what it writes. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  hasRecords,
  openRecordFile,
  readRecords,
  recordNames,
} from "../../../src/cli/evaluation/record_file.ts";
import {
  checkWritable,
  isFile,
  isFolder,
  readFile,
  readIfThere,
  removeFile,
  writeFile,
  writeParts,
} from "../../../src/cli/files.ts";
import type { ResultLine } from "../../../src/cli/folder/gallery/entries.ts";
import type { ImageTask } from "../../../src/cli/folder/image_worker.ts";
import { workOnStream } from "../../../src/cli/folder/work.ts";
import { listImages } from "../../../src/cli/image_lists.ts";
import { openSource } from "../../../src/cli/sources/open.ts";
import { openObjectRecords } from "../../../src/cli/stored/object_records.ts";
import { type ObjectServer, serveObjects } from "../../support/object_server.ts";

const FIXTURES = new URL("../../fixtures/sources/", import.meta.url);
const OUT = "s3://bucket/out";

// The store of a process is opened once: all tests ask one server.
const server: ObjectServer = serveObjects({}, { page: 2 });
Deno.env.set("AWS_ENDPOINT_URL", server.endpoint);
Deno.env.set("AWS_ACCESS_KEY_ID", "a");
Deno.env.set("AWS_SECRET_ACCESS_KEY", "b");
globalThis.addEventListener("unload", () => void server[Symbol.asyncDispose]());

const bytes = (text: string) => new TextEncoder().encode(text);

function fill(objects: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>): void {
  server.objects.clear();
  for (const [key, content] of Object.entries(objects)) {
    server.objects.set(`bucket/${key}`, typeof content === "string" ? bytes(content) : content);
  }
}

/** Does what is missing, with a result as a worker gives one; gives the tasks. */
async function run(shard = { index: 1, count: 1 }, fails: (task: ImageTask) => boolean = () => false) {
  const source = await openSource("s3://bucket/in", () => {});
  if (source.kind !== "streamed") throw new Error("it is known");
  const work = workOnStream(source, shard, { source: "s3://bucket/in", out: OUT, map: undefined }, {
    ...{ workers: 2, column: undefined, signal: new AbortController().signal },
  });
  const path = `${OUT}/results.jsonl`;
  const records = await openRecordFile<ResultLine>(path, await hasRecords(path), {
    keep: work.keep,
    remember: false,
  });
  const done: ImageTask[] = [];
  for await (const task of work.tasks()) {
    const { image, identity } = task;
    if (task.failure !== undefined || fails(task)) {
      await records.append({ image, error: "failed", identity: identity! });
      continue;
    }
    done.push(task);
    await records.append(
      { image, identity, out: `${task.stem}.explained.png`, targets: [] } as unknown as ResultLine,
    );
  }
  await records.close();
  return { done, work };
}

const names = (tasks: readonly ImageTask[]) =>
  tasks.map(({ image }) => image.slice("s3://bucket/in/".length));

Deno.test("a run over a prefix takes images and shards as they come, and redoes what has changed or failed", async () => {
  fill({
    "in/a.jpg": "one",
    "in/b/a.png": "two",
    "in/.hidden.jpg": "",
    "in/b/a.explained.png": "of ptame",
    "in/notes.md": "",
    "in/shard.tar": Deno.readFileSync(new URL("gnu.tar", FIXTURES)),
    "inside.jpg": "beside the prefix",
  });
  server.faults.push({ status: 503 }, { cutAfter: 10 });
  const first = await run(undefined, ({ image }) => image.endsWith("a.png"));
  assertEquals(names(first.done).slice(0, 2), ["a.jpg", "shard.tar#train/0001.jpg"]);
  assertEquals([first.done.length, first.work.total, first.work.before], [6, 7, 0]);
  assertEquals(first.done[0]!.bytes, bytes("one"));
  assertEquals(first.done[1]!.stem, `${OUT}/shard#train/0001`);

  const second = await run();
  assertEquals([names(second.done), second.work.before], [["b/a.png"], 6]);
  assertEquals((await run()).done, []);

  server.objects.set("bucket/in/a.jpg", bytes("another"));
  assertEquals(names((await run()).done), ["a.jpg"]);
  const lines = await Array.fromAsync(readRecords<ResultLine>(`${OUT}/results.jsonl`));
  assertEquals(lines.length, 9);
  assertEquals(await recordNames(OUT, ["results"]), ["results.jsonl"]);
});

Deno.test("parts of a prefix are all images, each once; a shard belongs to one part", async () => {
  const images = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`in/${i}.jpg`, String(i)]));
  fill({ ...images, "in/s.tar": Deno.readFileSync(new URL("pax.tar", FIXTURES)) });
  const parts: string[][] = [];
  for (const index of [1, 2, 3]) {
    for (const key of server.objects.keys()) if (key.startsWith("bucket/out/")) server.objects.delete(key);
    parts.push(names((await run({ index, count: 3 })).done));
  }
  assertEquals(parts.flat().length, 17);
  assertEquals(new Set(parts.flat()).size, 17);
  assertEquals(parts.filter((part) => part.some((name) => name.startsWith("s.tar#"))).length, 1);
});

Deno.test("openSource() refuses a wrong address before anything is read", async () => {
  await assertRejects(() => openSource("s3://a", () => {}), RangeError, "write s3://bucket/prefix");
});

Deno.test("an image that is gone before it is read fails alone", async () => {
  fill({ "in/a.jpg": "a", "in/b.jpg": "b", "in/c.jpg": "c" });
  server.gone.add("bucket/in/a.jpg");
  const { done } = await run();
  server.gone.clear();
  assertEquals(names(done), ["b.jpg", "c.jpg"]);
});

Deno.test("openObjectRecords() writes objects of so many lines, or what has waited long enough", async () => {
  fill({});
  const path = "s3://bucket/lines.jsonl";
  const options = { keep: () => true, remember: true, lines: 2, longestWait: 20 };
  const records = await openObjectRecords<{ n: number }>(path, options);
  for (const n of [1, 2, 3]) await records.append({ n });
  assertEquals(server.objects.size, 1);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(server.objects.size, 2);
  await records.append({ n: 4 });
  await records.close();
  const again = await openObjectRecords<{ n: number }>(path, options);
  assertEquals(again.records.map(({ n }) => n), [1, 2, 3, 4]);
  await again.close({ remove: true });
  assertEquals(server.objects.size, 0);
  const refused = await openObjectRecords<{ n: number }>("s3://nobody-has-this/x.jsonl", options).catch((
    error,
  ) => error);
  assertEquals(refused.message, "Cannot list s3://nobody-has-this/x/: there is no bucket nobody-has-this");
});

Deno.test("files of the command line may be objects", async () => {
  fill({ "folder/x": "" });
  const path = "s3://bucket/folder/file.txt";
  assertEquals([await isFile(path), await isFolder("s3://bucket/folder"), await isFolder(path)], [
    false,
    true,
    false,
  ]);
  assertEquals(await readIfThere(path), undefined);
  await assertRejects(
    () => readFile(path, "head"),
    Error,
    `Cannot read head ${path}: there is no such object`,
  );
  await checkWritable(path);
  assertEquals([...server.objects.keys()], ["bucket/folder/x"]);
  await writeFile(path, "first");
  await writeFile(path, "second", { keep: `${path}.previous` });
  const read = async (from: string) => new TextDecoder().decode(await readFile(from, ""));
  assertEquals([await read(path), await read(`${path}.previous`)], ["second", "first"]);
  await writeParts(path, [bytes("in "), bytes("parts")], new AbortController().signal);
  assertEquals(await read(path), "in parts");
  await removeFile(path);
  assertEquals(await isFile(path), false);
});

Deno.test("listImages() lists a prefix, a list of addresses, and copies of what shards hold", async () => {
  fill({
    "in/a.jpg": "a",
    "in/s.tar": Deno.readFileSync(new URL("gnu.tar", FIXTURES)),
    "list.txt": "s3://bucket/in/a.jpg\nb.jpg\n",
  });
  assertEquals(await listImages("s3://bucket/list.txt"), ["s3://bucket/in/a.jpg", "b.jpg"]);
  const cache = await Deno.makeTempDir();
  Deno.env.set("PTAME_CACHE", cache);
  const said: string[] = [];
  const found = await listImages("s3://bucket/in", (line) => said.push(line));
  assertEquals([found.length, found[0]], [6, "s3://bucket/in/a.jpg"]);
  assertEquals(found[1]!.startsWith(cache) && found[1]!.endsWith("/train/0001.jpg"), true);
  assertEquals(await isFile(found[1]!), true);
  const asked = server.asked.length;
  assertEquals(await listImages("s3://bucket/in", (line) => said.push(line)), found);
  assertEquals(
    server.asked.slice(asked).some(({ path }) => path.includes("s.tar") && !path.includes("list-type")),
    false,
  );
  assertEquals(said.length, 1);
  await assertRejects(
    () => listImages("s3://bucket/nothing"),
    Error,
    "Cannot use images s3://bucket/nothing: there are none below it",
  );
  Deno.env.delete("PTAME_CACHE");
  await Deno.remove(cache, { recursive: true });
});
