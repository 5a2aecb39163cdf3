import { assertEquals, assertRejects } from "@std/assert";
import { checkSameRun, earlierResults, refuseOtherSplit } from "../../../src/cli/folder/earlier_runs.ts";
import { EXPLAIN } from "../../../src/cli/explain/options.ts";
import { parseArguments } from "../../../src/cli/options/command.ts";
import { takeRunLock } from "../../../src/cli/run_lock.ts";
import { inFolder } from "../../support/folders.ts";

const given = (...args: string[]) => parseArguments(EXPLAIN, ["photos", "--out", "out", ...args]);

Deno.test("checkSameRun() lets a run continue with the same options, whatever concerns only how it runs", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.json`;
    // Two parts that start at once.
    await Promise.all(["1/2", "2/2"].map((shard) => checkSameRun(path, given("--shard", shard))));
    await checkSameRun(path, given("--workers", "3", "--quiet"));
    await assertRejects(
      () => checkSameRun(path, given("--top", "2")),
      Error,
      "belongs to a run with other options",
    );
    // A process was killed while it wrote the file.
    Deno.writeTextFileSync(path, "");
    await checkSameRun(path, given("--top", "2"));
    await assertRejects(() => checkSameRun(path, given()), Error, "belongs to a run with other options");
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
