import { assertEquals, assertRejects } from "@std/assert";
import {
  checkSameRun,
  earlierResults,
  forgetUnusedRun,
  refuseOtherSplit,
} from "../../../src/cli/folder/earlier_runs.ts";
import { EXPLAIN } from "../../../src/cli/explain/options.ts";
import { parseArguments } from "../../../src/cli/options/command.ts";
import { takeRunLock } from "../../../src/cli/run_lock.ts";
import { inFolder } from "../../support/folders.ts";

const given = (...args: string[]) => parseArguments(EXPLAIN, ["photos", "--out", "out", ...args]);

Deno.test("checkSameRun() lets a run continue with the same options, whatever concerns only how it runs", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.json`;
    const own = `${folder}/results.jsonl`;
    const check = (...args: string[]) => checkSameRun(folder, own, given(...args));
    const refused = "belongs to a run with other options";
    // Two parts that start at once.
    await Promise.all(["1/2", "2/2"].map((shard) => check("--shard", shard)));
    Deno.writeTextFileSync(own, "");
    await check("--workers", "3", "--quiet");
    await assertRejects(() => check("--top", "2"), Error, refused);
    // A process was killed while it wrote the file.
    Deno.writeTextFileSync(path, "");
    await check("--top", "2");
    await assertRejects(() => check(), Error, refused);
  }));

Deno.test("a run that left no results binds nobody, and its settings and folder go", () =>
  inFolder(async (folder) => {
    const out = `${folder}/out`;
    const own = `${out}/results.jsonl`;
    Deno.mkdirSync(out);
    await checkSameRun(out, own, given("--top", "2"));
    await checkSameRun(out, own, given());
    // Another part is about to write.
    const release = await takeRunLock(`${out}/results.1-of-2.jsonl`);
    await assertRejects(() => checkSameRun(out, own, given("--top", "2")), Error, "with other options");
    await forgetUnusedRun(out, own, true);
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).includes("run.json"), true);
    await release();
    Deno.writeTextFileSync(`${out}/note.txt`, "a user's own");
    await forgetUnusedRun(out, own, true);
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name), ["note.txt"]);
    Deno.removeSync(`${out}/note.txt`);
    await checkSameRun(out, own, given());
    await forgetUnusedRun(out, own, false);
    assertEquals([...Deno.readDirSync(out)], []);
    await forgetUnusedRun(out, own, true);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("refuseOtherSplit() refuses a run beside one in other parts, as long as that runs", () =>
  inFolder(async (folder) => {
    const release = await takeRunLock(`${folder}/results.1-of-2.jsonl`);
    await refuseOtherSplit(folder, 2);
    for (const parts of [1, 3]) {
      await assertRejects(() => refuseOtherSplit(folder, parts), Error, "of a run in 2 parts; wait for it");
    }
    await release();
    for (const parts of [1, 2, 3]) await refuseOtherSplit(folder, parts);
    const whole = await takeRunLock(`${folder}/results.jsonl`);
    await assertRejects(() => refuseOtherSplit(folder, 2), Error, "of a run in one part");
    await whole();
  }));

Deno.test("earlierResults() reads the lines of the other parts", () =>
  inFolder(async (folder) => {
    for (const name of ["results.jsonl", "results.1-of-2.jsonl", "results.2-of-2.jsonl", "results.txt"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, `{"image":"${name}"}\n`);
    }
    const found = await Array.fromAsync(
      earlierResults<{ image: string }>(folder, `${folder}/results.1-of-2.jsonl`),
    );
    assertEquals(found.map(({ image }) => image).sort(), ["results.2-of-2.jsonl", "results.jsonl"]);
  }));
