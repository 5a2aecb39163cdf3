/** `merge`: parts of a run joined to the bytes of a run in one piece. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { evaluateCommand } from "../../../src/cli/evaluate.ts";
import { recordLine } from "../../../src/cli/evaluation/record_lines.ts";
import { mergeCommand } from "../../../src/cli/merge/mod.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { heavyTests, warmUpWasm } from "../../support/devices.ts";
import { filesIn, inFolder } from "../../support/folders.ts";

await warmUpWasm();

const FIXTURES = decodeURIComponent(new URL("../../fixtures/image/", import.meta.url).pathname);

function run(command: typeof mergeCommand, ...args: string[]): Promise<number> {
  return command([...args, "--quiet"], new AbortController().signal);
}

/** What a command says on stderr, and its exit code. */
async function said(...args: string[]): Promise<[code: number, text: string]> {
  const decoder = new TextDecoder();
  const write = Deno.stderr.writeSync;
  let text = "";
  Deno.stderr.writeSync = (bytes) => {
    text += decoder.decode(bytes);
    return bytes.length;
  };
  try {
    const code = await mergeCommand(args, new AbortController().signal);
    return [code, text];
  } finally {
    Deno.stderr.writeSync = write;
  }
}

function explained(image: string, took: number): unknown {
  const milliseconds = { load: took, prepare: took, predict: took, explain: took };
  return { image, model: "m", targets: [], out: `out/${image}.png`, milliseconds };
}

function writeLines(path: string, lines: readonly unknown[]): void {
  Deno.writeTextFileSync(path, lines.map(recordLine).join(""));
}

const text = (path: string) => Deno.readTextFileSync(path);

Deno.test("merge joins results of explain to the bytes of one process, and says what fails, lacks or comes twice", () =>
  inFolder(async (folder) => {
    const names = ["a.jpg", "b.jpg", "c/d.jpg", "e.jpg"].map((name) => `${folder}/photos/${name}`);
    Deno.mkdirSync(`${folder}/photos/c`, { recursive: true });
    for (const name of names) Deno.writeTextFileSync(name, "");
    for (const out of ["one", "parts", "parts2"]) {
      Deno.mkdirSync(`${folder}/${out}`);
      Deno.writeTextFileSync(`${folder}/${out}/run.json`, JSON.stringify({ images: [`${folder}/photos`] }));
    }
    const [a, b, d, e] = names as [string, string, string, string];
    writeLines(`${folder}/one/results.jsonl`, [d, a, e, b].map((image) => explained(image, 1)));
    writeLines(`${folder}/parts/results.1-of-3.jsonl`, [{ image: b, error: "torn" }, explained(e, 2)]);
    writeLines(`${folder}/parts/results.3-of-3.jsonl`, [explained(b, 3), explained(e, 4)]);

    const [lacks, told] = await said(`${folder}/parts`);
    assertEquals(lacks, 1);
    assertStringIncludes(told, `1 in several parts, with the same result: ${e}\n`);
    assertStringIncludes(told, `2 missing: ${a}, ${d}\nThere is no part 2/3\n2 images joined`);

    writeLines(`${folder}/parts2/results.2-of-3.jsonl`, [explained(d, 2), explained(a, 2)]);
    const both = [`${folder}/parts`, `${folder}/parts2`];
    assertEquals(await run(mergeCommand, ...both, "--out", `${folder}/all`, "--without-times"), 0);
    assertEquals(await run(mergeCommand, `${folder}/one`, "--out", `${folder}/whole`, "--without-times"), 0);
    assertEquals(text(`${folder}/all/results.jsonl`), text(`${folder}/whole/results.jsonl`));
    assertEquals(text(`${folder}/all/results.jsonl`).split("\n").length, 5);
    assertEquals(filesIn(`${folder}/all`), ["results.jsonl", "run.json"]);
    // Times are kept unless they are not wanted, and a second merge changes nothing.
    assertEquals(await run(mergeCommand, ...both, "--out", `${folder}/kept`), 0);
    const kept = text(`${folder}/kept/results.jsonl`);
    assert(kept.includes('"load":2') && kept.includes('"load":3'));
    Deno.copyFileSync(`${folder}/parts2/results.2-of-3.jsonl`, `${folder}/parts/results.2-of-3.jsonl`);
    const [code, again] = await said(`${folder}/parts`);
    assertEquals([code, text(`${folder}/parts/results.jsonl`)], [0, kept]);
    assertEquals(again.includes("in several parts"), true);

    writeLines(`${folder}/parts2/results.2-of-3.jsonl`, [{ ...explained(e, 2) as object, model: "other" }]);
    await assertRejects(
      () => run(mergeCommand, ...both, "--out", `${folder}/no`),
      Error,
      "different results of",
    );
    Deno.writeTextFileSync(`${folder}/parts2/run.json`, "{}");
    await assertRejects(
      () => run(mergeCommand, ...both, "--out", `${folder}/no`),
      Error,
      "belong to runs with different options",
    );
    assertEquals(filesIn(`${folder}/no`), []);
  }));

Deno.test("merge refuses what is no run, or cannot be joined in its place", () =>
  inFolder(async (folder) => {
    const [x, y] = [`${folder}/x`, `${folder}/y`];
    for (const path of [x, y]) Deno.mkdirSync(path);
    await assertRejects(() => run(mergeCommand, x), Error, "x has no results of explain DIR");
    await assertRejects(() => run(mergeCommand, `${folder}/z`), Error, "no such file");
    writeLines(`${x}/results.jsonl`, [explained("a", 1)]);
    writeLines(`${y}/records.jsonl`, [{ image: "a" }]);
    await assertRejects(() => run(mergeCommand, x, y, "--out", x), Error, "results.jsonl is of explain");
    await assertRejects(() => run(mergeCommand, x, x), UsageError, "--out DIR must name the folder");
    await assertRejects(
      () => run(mergeCommand, x, "--csv", "t.csv"),
      UsageError,
      "are for records of evaluate",
    );
    await assertRejects(() => run(mergeCommand, x, "--without-times"), UsageError, "needs another folder");
    await assertRejects(() => run(mergeCommand), UsageError, "merge needs the folders");
  }));

/** Six images and one that is none, a small classifier, and the command that measures on them. */
function inEvaluation(
  act: (folder: string, evaluate: (...args: string[]) => Promise<number>) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/photos`);
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    for (let i = 0; i < 3; i++) {
      Deno.copyFileSync(`${FIXTURES}photo_0.jpg`, `${folder}/photos/${i}.jpg`);
      Deno.copyFileSync(`${FIXTURES}photo_5.png`, `${folder}/photos/n${i}.png`);
    }
    Deno.writeTextFileSync(`${folder}/photos/broken.jpg`, "no image");
    const settings = [
      ...[
        "--images",
        `${folder}/photos`,
        "--model",
        `${folder}/small.onnx`,
        "--seed",
        "3",
        "--device",
        "wasm",
      ],
      ...["--methods", "edges,random,gaussian", "--measures", "ad,insertion"],
    ];
    const evaluate = (...args: string[]) => run(evaluateCommand, ...settings, ...args);
    await act(folder, evaluate);
  });
}

Deno.test("evaluate --shard measures parts that merge joins to the bytes of one process", () =>
  inEvaluation(async (folder, evaluate) => {
    assertEquals(await evaluate("--report", `${folder}/one`, "--gallery", "0"), 0);
    const out = `${folder}/out`;
    for (const part of ["3/3", "1/3"]) assertEquals(await evaluate("--report", out, "--shard", part), 0);
    const before = text(`${out}/records.1-of-3.jsonl`);

    const [lacks, told] = await said(out);
    assertEquals(lacks, 1);
    assertStringIncludes(told, "There is no part 2/3");
    // A part that died: its first record alone, and no results.
    assertEquals(await evaluate("--report", out, "--shard", "2/3"), 0);
    const third = text(`${out}/records.3-of-3.jsonl`);
    const dead = third.split("\n").slice(0, 1);
    Deno.writeTextFileSync(`${out}/records.3-of-3.jsonl`, `${dead}\n{"image":`);
    Deno.removeSync(`${out}/results.3-of-3.json`);
    const [open, more] = await said(out);
    assertEquals(open, 1);
    assertStringIncludes(more, `1 not finished: ${out}/records.3-of-3.jsonl`);
    assertEquals(await evaluate("--report", out, "--shard", "3/3"), 0);
    assert(text(`${out}/records.3-of-3.jsonl`).startsWith(`${dead}\n`), "the first record is kept");
    // One that is whole: started again it measures nothing.
    assertEquals(await evaluate("--report", out, "--shard", "1/3"), 0);
    assertEquals(text(`${out}/records.1-of-3.jsonl`), before);

    // The report of all parts, from their records alone.
    const whole = (await said(out))[0];
    const joined = text(`${out}/records.jsonl`);
    assertEquals([whole, await evaluate("--report", out, "--resume", "--gallery", "0")], [0, 0]);
    assertEquals(text(`${out}/records.jsonl`), joined);
    assert(filesIn(out).includes("report.html"));

    Deno.removeSync(`${out}/records.jsonl`);
    for (const [from, to] of [[out, "joined"], [`${folder}/one`, "whole"]] as const) {
      const csv = `${folder}/${to}.csv`;
      assertEquals(
        await run(mergeCommand, from, "--out", `${folder}/${to}`, "--without-times", "--csv", csv),
        0,
      );
    }
    for (const name of ["joined/records.jsonl", "joined/results.json", "joined.csv"]) {
      assertEquals(text(`${folder}/${name}`), text(`${folder}/${name.replace("joined", "whole")}`), name);
    }
    assertEquals(text(`${folder}/joined/records.jsonl`).split("\n").length, 7);
    const { skipped, images } = JSON.parse(text(`${folder}/joined/results.json`));
    assertEquals([skipped.length, images], [1, 6]);

    Deno.removeSync(`${folder}/photos/0.jpg`);
    await assertRejects(
      () => evaluate("--report", out, "--shard", "2/3"),
      Error,
      "names other images than these 6; name another --report",
    );
    for (
      const [args, words] of [
        [["--shard", "1/3"], "Option --report DIR must name the folder for the records of part 1/3"],
        [["--shard", "1/3", "--report", out, "--json"], "Option --json is for all images, not for part 1/3"],
      ] as const
    ) await assertRejects(() => evaluate(...args), UsageError, words);
  }));

Deno.test("evaluate --workers writes the records that one process writes, also where it continues", {
  // Each worker loads the program anew.
  ignore: !heavyTests(),
}, () =>
  inEvaluation(async (folder, evaluate) => {
    assertEquals(await evaluate("--report", `${folder}/one`, "--gallery", "0"), 0);
    assertEquals(await run(mergeCommand, `${folder}/one`, "--out", `${folder}/whole`, "--without-times"), 0);
    const workers = `${folder}/workers`;
    assertEquals(await evaluate("--report", workers, "--gallery", "1", "--workers", "2"), 0);
    const lines = text(`${workers}/records.jsonl`).trimEnd().split("\n");
    assertEquals(lines.length, 6);
    Deno.writeTextFileSync(`${workers}/records.jsonl`, `${lines.slice(0, 2).join("\n")}\n`);
    assertEquals(await evaluate("--report", workers, "--gallery", "0", "--workers", "3", "--resume"), 0);
    assertEquals(await run(mergeCommand, workers, "--out", `${folder}/aside`, "--without-times"), 0);
    for (const name of ["records.jsonl", "results.json"]) {
      assertEquals(text(`${folder}/aside/${name}`), text(`${folder}/whole/${name}`), name);
    }
    await assertRejects(
      () => evaluate("--report", workers, "--workers", "2", "--resume", "--seed", "4"),
      RangeError,
      "Cannot resume: the record of",
    );
  }));
