/** `explain DIR --out DIR`: every picture once, whatever stops it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../../support/run_cli.ts";
import { errorLines, startCli } from "../../support/run_deno.ts";
import { heavyTests } from "../../support/devices.ts";

const FIXTURES = decodeURIComponent(new URL("../../fixtures/image/", import.meta.url).pathname);

function filesUnder(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) =>
    entry.isDirectory
      ? filesUnder(`${folder}/${entry.name}`, `${prefix}${entry.name}/`)
      : [prefix + entry.name]
  ).sort();
}

/** Eight pictures in two folders, one of them broken, two of one name. */
async function inPhotos(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.mkdirSync(`${folder}/photos/inner`, { recursive: true });
    for (let i = 0; i < 3; i++) {
      Deno.copyFileSync(`${FIXTURES}photo_${i}.jpg`, `${folder}/photos/${i}.jpg`);
      Deno.copyFileSync(`${FIXTURES}photo_${i}.jpg`, `${folder}/photos/inner/${i}.jpg`);
    }
    Deno.copyFileSync(`${FIXTURES}photo_5.png`, `${folder}/photos/0.png`);
    Deno.writeTextFileSync(`${folder}/photos/broken.jpg`, "no picture");
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Line {
  readonly image: string;
  readonly out?: string;
  readonly error?: string;
}

/** The lines of a file or of stdout, without the check that those of a file have. */
function linesOf(text: string): Line[] {
  return text.trim().split("\n").filter((line) => line !== "").map((line) => {
    const { check: _, ...rest } = JSON.parse(line);
    return rest;
  });
}

const RUN = ["explain", "photos", "--out", "out", "--device", "wasm"];

Deno.test("explain DIR explains every picture, says what failed, and goes on with what is missing", () =>
  inPhotos(async (folder) => {
    const first = await runCli([...RUN, "--workers", "2", "--json", "--map", "maps"], folder);
    assertEquals(first.code, 1, first.stderr);
    assertEquals(errorLines(first).length, 1, first.stderr);
    assertStringIncludes(first.stderr, "photos/broken.jpg");
    assertStringIncludes(first.stderr, "7 of 8 explained, 1 failed; results: out/results.jsonl");
    const overlays = ["0", "0.png", "1", "2", "inner/0", "inner/1", "inner/2"];
    const results = filesUnder(`${folder}/out`).filter((name) => name.endsWith(".png"));
    assertEquals(results, overlays.map((name) => `${name}.explained.png`).sort());
    const maps = overlays.flatMap((name) => [`${name}.npy`, `${name}.raw.npy`]);
    assertEquals(filesUnder(`${folder}/maps`), maps.sort());
    const lines = linesOf(first.stdout);
    assertEquals(lines.length, 8);
    assertEquals(lines.filter(({ error }) => error !== undefined).map(({ image }) => image), [
      "photos/broken.jpg",
    ]);
    assertEquals(linesOf(Deno.readTextFileSync(`${folder}/out/results.jsonl`)), lines);

    // Mended, removed, torn: only what is missing is done.
    Deno.copyFileSync(`${FIXTURES}photo_4.jpg`, `${folder}/photos/broken.jpg`);
    Deno.removeSync(`${folder}/out/1.explained.png`);
    Deno.writeTextFileSync(`${folder}/out/results.jsonl`, '{"image": "photos/2', { append: true });
    const again = await runCli([...RUN, "--json", "--map", "maps"], folder);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stderr, "6 of 8 are already explained");
    assertEquals(linesOf(again.stdout).map(({ image }) => image).sort(), [
      "photos/1.jpg",
      "photos/broken.jpg",
    ]);
    const kept = linesOf(Deno.readTextFileSync(`${folder}/out/results.jsonl`));
    assertEquals(new Set(kept.map(({ image }) => image)).size, 8);
    assert(kept.length === 8 && kept.every(({ error }) => error === undefined));

    const other = await runCli([...RUN, "--map", "maps", "--top", "2"], folder);
    assertEquals([other.code, errorLines(other).length], [1, 1], other.stderr);
    assertStringIncludes(
      other.stderr,
      "Cannot continue: out/run.json belongs to a run with other options",
    );
  }));

Deno.test("explain DIR --shard K/N takes parts that are all together; Ctrl-C keeps what is done", {
  ignore: !heavyTests(),
}, () =>
  inPhotos(async (folder) => {
    Deno.removeSync(`${folder}/photos/broken.jpg`);
    for (const shard of ["1/2", "2/2"]) {
      const ended = await runCli([...RUN, "--shard", shard, "--workers", "1"], folder);
      assertEquals(ended.code, 0, ended.stderr);
    }
    const parts = ["1", "2"].map((k) =>
      linesOf(Deno.readTextFileSync(`${folder}/out/results.${k}-of-2.jsonl`))
    );
    assert(parts.every((part) => part.length < 7), "each has a part");
    assertEquals(parts.flat().length, 7);
    assertEquals(new Set(parts.flat().map(({ image }) => image)).size, 7);
    // Elsewhere in one process: the same bytes, results and overlays.
    Deno.mkdirSync(`${folder}/alone`);
    Deno.symlinkSync(`${folder}/photos`, `${folder}/alone/photos`);
    assertEquals((await runCli([...RUN, "--workers", "1"], `${folder}/alone`)).code, 0);
    const [joined, whole] = await Promise.all([folder, `${folder}/alone`].map(async (place) => {
      const ended = await runCli(["merge", "out", "--out", "all", "--without-times"], place);
      assertEquals(ended.code, 0, ended.stderr);
      return Deno.readTextFileSync(`${place}/all/results.jsonl`);
    }));
    assert(joined === whole, "the joined results have the bytes of one process");
    const overlays = filesUnder(`${folder}/out`).filter((name) => name.endsWith(".png"));
    assertEquals(overlays.length, 7);
    for (const name of overlays) {
      const [part, one] = [folder, `${folder}/alone`].map((at) => Deno.readFileSync(`${at}/out/${name}`));
      assert(part!.length === one!.length && part!.every((byte, i) => byte === one![i]), name);
    }

    for (let i = 0; i < 60; i++) Deno.copyFileSync(`${FIXTURES}photo_0.jpg`, `${folder}/photos/more${i}.jpg`);
    const child = startCli(
      ["explain", "photos", "--out", "stopped", "--device", "wasm", "--workers", "1"],
      folder,
    );
    const results = `${folder}/stopped/results.jsonl`;
    while (!(await Deno.readTextFile(results).catch(() => "")).includes("\n")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGINT");
    const stderr = await new Response(child.stderr).text();
    assertEquals((await child.status).code, 130, stderr);
    assertStringIncludes(stderr, "are explained; the same command continues");
    const done = linesOf(await Deno.readTextFile(results));
    assert(done.length > 0 && done.length < 67, `${done.length} done`);
    assertEquals(filesUnder(`${folder}/stopped`).filter((name) => name.includes("partial")), []);
    for (const { out } of done) assert(Deno.statSync(`${folder}/${out}`).isFile);
  }));

Deno.test("explain DIR says once what keeps all workers from starting, and refuses wrong usage", () =>
  inPhotos(async (folder) => {
    const cases: [string[], number, string][] = [
      [[...RUN, "--model", "resnet5"], 1, 'Unknown model "resnet5": did you mean resnet50?'],
      [["explain", "photos"], 2, "Option --out must name a folder"],
      [["explain", "photos", "--out", "x.png"], 2, "Option --out must name a folder"],
      [["explain", "photos", "photos/0.jpg", "--out", "o"], 2, "must be the only argument"],
      [["explain", "photos/0.jpg", "--shard", "1/2"], 2, "Option --shard is for a folder"],
      [[...RUN, "--shard", "3/2"], 2, "Option --shard takes K/N"],
      [[...RUN, "--workers", "0"], 2, "Option --workers takes a whole number of at least 1"],
      [["explain", "none.txt", "--out", "o"], 1, "Cannot read images none.txt: no such file"],
    ];
    for (const [args, code, message] of cases) {
      const ended = await runCli(args, folder);
      assertEquals([ended.code, errorLines(ended).length], [code, 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
  }));
