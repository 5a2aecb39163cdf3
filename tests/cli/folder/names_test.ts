/** Folder runs: names are names, results are never images, and no two images share a result. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createTasks } from "../../../src/cli/folder/tasks.ts";
import { nameGiver } from "../../../src/cli/files.ts";
import { listImages, pathOrAddress } from "../../../src/cli/image_lists.ts";
import { isResult, overlaySuffix, resultStem } from "../../../src/cli/result_names.ts";
import { isAddress } from "../../../src/image/source.ts";
import { decodeImage } from "../../../src/image/decode.ts";
import { inFolder } from "../../support/folders.ts";
import { takeShard } from "../../../src/cli/shards/shard.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines } from "../../support/run_deno.ts";
import { heavyTests } from "../../support/devices.ts";

const FIXTURES = decodeURIComponent(new URL("../../fixtures/image/", import.meta.url).pathname);
const PHOTO = `${FIXTURES}photo_0.jpg`;

/** Names that other programs take for addresses, folders or formats. */
const ODD = ["a#1", "b?x=1", "c:d", "e%41%", "f\\g", "h\ni", "data:,x", "http:", " k ", "l'\"$m"]
  .filter(() => Deno.build.os !== "windows");

/** Files of a folder, in order. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
}

const RUN = ["--device", "wasm", "--workers", "1"];

Deno.test("explain DIR takes every name as a name, in messages as one line", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/photos`);
    for (const name of ODD) Deno.copyFileSync(PHOTO, `${folder}/photos/${name}.jpg`);
    Deno.writeTextFileSync(`${folder}/photos/bad\nname.jpg`, "no image");
    const ended = await runCli(["explain", "photos", "--out", "out", "--offline", ...RUN], folder);
    assertEquals([ended.code, errorLines(ended).length], [1, 1], ended.stderr);
    assertStringIncludes(errorLines(ended)[0]!, "Cannot decode image photos/bad\ufffdname.jpg: ");
    assertEquals(
      filesOf(`${folder}/out`).filter((name) => name.endsWith(".png")),
      ODD.map((name) => `${name}.explained.png`).sort(),
    );
  }));

Deno.test("explain FILE takes a name that reads like an address as the file that is there", () =>
  inFolder(async (folder) => {
    const names = ["c:d.jpg", "a#1.jpg", "a#2.jpg", "data:,x.jpg"];
    for (const name of names) Deno.copyFileSync(PHOTO, `${folder}/${name}`);
    const ended = await runCli(["explain", ...names, "--offline", "--device", "wasm"], folder);
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(
      filesOf(folder).filter((name) => isResult(name)),
      names.map((name) => name.replace(".jpg", ".explained.png")).sort(),
    );
    // The overlay of one image would have the place of another.
    Deno.renameSync(`${folder}/a#2.jpg`, `${folder}/a.jpg`);
    Deno.copyFileSync(`${FIXTURES}photo_5.png`, `${folder}/a.explained.png`);
    const over = await runCli(["explain", "a.jpg", "a.explained.png"], folder);
    assertEquals([over.code, errorLines(over).length], [2, 1], over.stderr);
    assertStringIncludes(
      over.stderr,
      "the result of a.jpg over the image a.explained.png: name another --out",
    );
  }));

Deno.test(
  "explain DIR --out on or above DIR explains all images, and only images",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      Deno.mkdirSync(`${folder}/all/photos`, { recursive: true });
      for (const name of ["a.jpg", "b.jpg"]) Deno.copyFileSync(PHOTO, `${folder}/all/photos/${name}`);
      const explain = (out: string) => runCli(["explain", "all/photos", "--out", out, ...RUN], folder);
      const on = await explain("all/photos/");
      assertEquals(on.code, 0, on.stderr);
      assertStringIncludes(on.stderr, "2 of 2 explained; results: all/photos/results.jsonl");
      const above = await explain("all");
      assertEquals(above.code, 0, above.stderr);
      assertStringIncludes(above.stderr, "Left out: 2 overlays that ptame drew");
      assertStringIncludes(above.stderr, "2 of 2 explained; results: all/results.jsonl");
      // A folder inside that holds images of the user's own, too.
      Deno.mkdirSync(`${folder}/all/photos/out`);
      Deno.copyFileSync(PHOTO, `${folder}/all/photos/out/c.jpg`);
      const inside = await explain("all/photos/out");
      assertStringIncludes(inside.stderr, "3 of 3 explained; results: all/photos/out/results.jsonl");
      const again = await explain("all/photos");
      assertStringIncludes(again.stderr, "2 of 3 are already explained");

      for (const name of ["a.jpg", "b.jpg", "out/c.jpg"]) Deno.removeSync(`${folder}/all/photos/${name}`);
      const none = await explain("all/photos");
      assertEquals([none.code, errorLines(none).length], [1, 1], none.stderr);
      assertStringIncludes(none.stderr, "Cannot use images all/photos: it contains only overlays of ptame");
    }),
);

Deno.test(
  "explain DIR split in another way redoes nothing and doubles nothing",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      Deno.mkdirSync(`${folder}/photos`);
      for (const name of "abcd") Deno.copyFileSync(PHOTO, `${folder}/photos/${name}.jpg`);
      const explain = (...more: string[]) =>
        runCli(["explain", "photos", "--out", "out", "--json", ...more, ...RUN], folder);
      const images = (text: string) =>
        text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).image);
      const done: string[] = [];
      for (const shard of ["1/3", "2/3", "1/2"]) {
        const { code, stdout, stderr } = await explain("--shard", shard);
        assertEquals(code, 0, stderr);
        assertEquals(images(stdout).filter((image) => done.includes(image)), [], `${shard} redoes something`);
        done.push(...images(stdout));
      }
      const rest = await explain();
      assertEquals([rest.code, done.length + images(rest.stdout).length], [0, 4], rest.stderr);
      const all = await explain();
      assertEquals([all.code, all.stdout], [0, ""], all.stderr);
      assertStringIncludes(all.stderr, "4 of 4 are already explained");
      assertStringIncludes(all.stderr, "4 of 4 explained; results: out/results.*.jsonl");
      const lines = filesOf(`${folder}/out`).filter((name) => name.startsWith("results"))
        .flatMap((name) => images(Deno.readTextFileSync(`${folder}/out/${name}`)));
      assertEquals(lines.sort(), ["photos/a.jpg", "photos/b.jpg", "photos/c.jpg", "photos/d.jpg"]);
      const photos = [..."abcd"].map((name) => `photos/${name}.jpg`);
      const none = [1, 2, 3, 4, 5].find((index) =>
        takeShard(photos, { index, count: 5 }, "photos").length === 0
      )!;
      const empty = await explain("--shard", `${none}/5`);
      assertEquals([empty.code, empty.stdout], [0, ""], empty.stderr);
      assertStringIncludes(empty.stderr, `Shard ${none}/5 has no image: photos has 4`);
    }),
);

Deno.test("listImages() passes over hidden files, macOS's own and overlays of ptame, and lists each once", () =>
  inFolder(async (folder) => {
    for (const inner of ["__MACOSX", ".hidden", "sub"]) {
      Deno.mkdirSync(`${folder}/photos/${inner}`, { recursive: true });
    }
    const put = (name: string) => Deno.copyFileSync(PHOTO, `${folder}/photos/${name}`);
    for (const name of ["._a.jpg", ".b.jpg", "__MACOSX/c.jpg", ".hidden/d.jpg", "sub/._e.png"]) put(name);
    const none = `Cannot use images ${folder}/photos: it contains none`;
    await listImages(`${folder}/photos`).then(
      () => assert(false),
      ({ message }) => assertStringIncludes(message, none),
    );
    for (
      const name of ["a.jpg", "a.explained.png", "sub/b.explained.2-tiger-cat.png", "sub/c.contrast.png"]
    ) put(name);
    // Names that only resemble those of results.
    for (const name of ["explained.png", "a.explained.jpg.jpg", "b.explained.final.png"]) put(name);
    const said: string[] = [];
    const found = await listImages(`${folder}/photos/`, (line) => said.push(line));
    assertEquals(
      found.map((path) => path.slice(folder.length)),
      ["a.explained.jpg.jpg", "a.jpg", "b.explained.final.png", "explained.png"].map((name) =>
        `/photos/${name}`
      ),
    );
    assertEquals(said, ["Left out: 3 overlays that ptame drew"]);
    Deno.writeTextFileSync(
      `${folder}/list.txt`,
      "# comment\r\nx.jpg\nx.jpg\n\n  y.jpg\nz/._y.jpg\n__MACOSX/y.jpg\nx.explained.png\n",
    );
    assertEquals(await listImages(`${folder}/list.txt`), ["x.jpg", "y.jpg"]);
  }));

Deno.test("createTasks() keeps the names of what is done, whatever is added or listed in between", () => {
  const stems = (images: string[], done: [string, string][] = [], source = "p/") =>
    createTasks(images, { source, out: "o", map: "m/", done: new Map(done) }).map(({ image, stem, map }) => {
      assertEquals(map, `${stem.replace("o/", "m/")}.npy`);
      return `${image} ${stem}`;
    });
  assertEquals(stems(["p/a.jpg", "p/a.png", "p/a.png.jpg", "p/s/a.jpg"]), [
    "p/a.jpg o/a",
    "p/a.png o/a.png",
    "p/a.png.jpg o/a.png.jpg",
    "p/s/a.jpg o/s/a",
  ]);
  // A new image that sorts before one that is done does not take its result.
  assertEquals(stems(["p/a.gif", "p/a.jpg"], [["p/a.jpg", "o/a.explained.1-cat.png"]]), ["p/a.gif o/a.gif"]);
  // One file on a disk that does not tell capitals apart, or two spellings of a letter.
  assertEquals(stems(["p/A.jpg", "p/a.jpg", "p/\u00e9.jpg", "p/e\u0301.jpg"]), [
    "p/A.jpg o/A",
    "p/a.jpg o/a.jpg",
    "p/\u00e9.jpg o/\u00e9",
    "p/e\u0301.jpg o/e\u0301.jpg",
  ]);
  assertEquals(stems(["x/a.jpg", "y/a.jpg", "z/a.jpg", "https://h/a.jpg?x=1#y"], [], "list.txt"), [
    "x/a.jpg o/a",
    "y/a.jpg o/a.jpg",
    "z/a.jpg o/a.jpg-2",
    "https://h/a.jpg?x=1#y o/a.jpg-3",
  ]);
});

Deno.test("nameGiver() and overlaySuffix() give names that a disk can tell from each other", () => {
  const free = nameGiver(["B"]);
  assertEquals([free("a"), free("a"), free("b", "c"), free("A", "C")], ["a", "a-2", "c", "C-2"]);
  const long = overlaySuffix("x".repeat(300), 0, 2);
  assertEquals([long.length, isResult(`a.explained${long}.png`), resultStem(`a.explained${long}.png`)], [
    63,
    true,
    "a",
  ]);
});

Deno.test("isAddress() tells addresses from names; decodeImage() reads a file of any name", () =>
  inFolder(async (folder) => {
    const addresses = [
      "https://a/b.jpg",
      "file:///a",
      "file:/a",
      "data:image/png;base64,AA",
      "blob:null/1",
      "ftp://h/x",
    ];
    assertEquals(addresses.filter((text) => !isAddress(text)), []);
    const names = [
      "C:\\x.jpg",
      "a:b.jpg",
      "noon: 12.jpg",
      "http:/x",
      "data:x",
      "a#b",
      "//x/y.jpg",
      "x/https://",
    ];
    assertEquals(names.filter(isAddress), []);
    assertEquals(await pathOrAddress("https://a/b.jpg"), "https://a/b.jpg");
    for (const name of ODD) {
      Deno.copyFileSync(PHOTO, `${folder}/${name}.jpg`);
      assertEquals((await decodeImage(`${folder}/${name}.jpg`)).width > 0, true);
    }
  }));
