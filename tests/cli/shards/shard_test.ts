import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseShard, shardSuffix, takeShard, WHOLE } from "../../../src/cli/shards/shard.ts";
import { chooseShard } from "../../../src/cli/shards/schedulers.ts";
import { UsageError } from "../../../src/cli/usage.ts";

const NAMES = Array.from({ length: 4000 }, (_, i) => `photos/n${i % 7}/IMG_${i}.jpg`);

function parts(names: readonly string[], count: number, source = "photos"): string[][] {
  return Array.from({ length: count }, (_, i) => takeShard(names, { index: i + 1, count }, source));
}

Deno.test("takeShard() gives parts that are all images together, each once, and of much the same size", () => {
  for (const count of [2, 8, 10]) {
    const all = parts(NAMES, count);
    assertEquals(all.flat().length, NAMES.length);
    assertEquals(new Set(all.flat()).size, NAMES.length);
    const share = NAMES.length / count;
    for (const { length } of all) {
      assert(Math.abs(length - share) < 4 * Math.sqrt(share), `${length} of ${share}`);
    }
  }
  assertEquals(takeShard(NAMES, WHOLE, "photos"), NAMES);
});

Deno.test("takeShard() goes by the name below the folder: more images, another order or place move none", () => {
  const before = parts(NAMES, 4);
  const more = parts(["photos/0.jpg", ...NAMES.toReversed(), "photos/z.jpg"], 4);
  for (const [k, part] of before.entries()) {
    const known = more[k]!.filter((name) => NAMES.includes(name));
    assertEquals(known.toReversed(), part);
  }
  const elsewhere = parts(NAMES.map((name) => `/data/of/${name}`), 4, "/data/of/photos/");
  assertEquals(elsewhere.map((part) => part.map((name) => name.slice("/data/of/".length))), before);
  // A name that one system composes and another does not.
  assertEquals(
    parts(["photos/e\u0301.jpg"], 8).map(({ length }) => length),
    parts(["photos/\u00e9.jpg"], 8).map(({ length }) => length),
  );
});

Deno.test("parseShard() reads K/N and refuses anything else", () => {
  assertEquals(parseShard("3/16"), { index: 3, count: 16 });
  assertEquals([shardSuffix(parseShard("3/16")), shardSuffix(parseShard("1/1"))], [".3-of-16", ""]);
  for (const bad of ["0/4", "5/4", "3", "a/b", "1/0", "-1/4", "1/4/2", "1.5/4", ""]) {
    assertThrows(() => parseShard(bad), UsageError, `as 3/16, not ${bad}`);
  }
});

/** The shard under some variables, and what was said. */
function chosen(variables: Record<string, string>, asked?: string) {
  const said: string[] = [];
  const shard = chooseShard(
    asked === undefined ? undefined : parseShard(asked),
    { say: (line) => said.push(line) },
    (name) => variables[name],
  );
  return { shard: `${shard.index}/${shard.count}`, said: said.join("\n") };
}

function slurm(id: number, count: number, least: number, greatest: number): Record<string, string> {
  return {
    SLURM_ARRAY_TASK_ID: String(id),
    SLURM_ARRAY_TASK_COUNT: String(count),
    SLURM_ARRAY_TASK_MIN: String(least),
    SLURM_ARRAY_TASK_MAX: String(greatest),
  };
}

Deno.test("chooseShard() finds the part by the variables of schedulers and says so; --shard goes before", () => {
  assertEquals(chosen({}), { shard: "1/1", said: "" });
  const cases: [Record<string, string>, string, string][] = [
    [slurm(0, 8, 0, 7), "1/8", "Shard 1/8, by Slurm (SLURM_ARRAY_TASK_ID=0); --shard 1/1 takes all images"],
    [slurm(8, 8, 1, 8), "8/8", "by Slurm"],
    [slurm(30, 8, 0, 70), "4/8", "by Slurm"],
    [slurm(5, 1, 5, 5), "1/1", "by Slurm"],
    [{ JOB_COMPLETION_INDEX: "3", PTAME_SHARD_COUNT: "5" }, "4/5", "by Kubernetes"],
    [{ AWS_BATCH_JOB_ARRAY_INDEX: "0", AWS_BATCH_JOB_ARRAY_SIZE: "2" }, "1/2", "by AWS Batch"],
    [{ CLOUD_RUN_TASK_INDEX: "1", CLOUD_RUN_TASK_COUNT: "2" }, "2/2", "by Cloud Run"],
  ];
  for (const [variables, shard, words] of cases) {
    const found = chosen(variables);
    assertEquals(found.shard, shard);
    assert(found.said.includes(words), found.said);
    assertEquals(chosen(variables, "2/3"), { shard: "2/3", said: "" });
  }
});

Deno.test("chooseShard() refuses numbers from which no part follows, and says what to name", () => {
  const cases: [Record<string, string>, string][] = [
    // Two tasks of an array that are sent again alone.
    [slurm(2, 3, 2, 7), "Slurm's tasks are not evenly numbered (SLURM_ARRAY_TASK_ID=2, 3 tasks from 2 to 7)"],
    [slurm(9, 8, 0, 7), "not evenly numbered"],
    [{ JOB_COMPLETION_INDEX: "3" }, "set JOB_COMPLETIONS or PTAME_SHARD_COUNT, or --shard K/N"],
    [{ JOB_COMPLETION_INDEX: "x", JOB_COMPLETIONS: "4" }, 'must be a whole number, not "x"'],
    [{ JOB_COMPLETION_INDEX: "4", JOB_COMPLETIONS: "4" }, "not evenly numbered"],
    [{ SLURM_ARRAY_TASK_ID: "4", SLURM_ARRAY_TASK_COUNT: "8" }, "SLURM_ARRAY_TASK_MIN must be"],
  ];
  for (const [variables, words] of cases) assertThrows(() => chosen(variables), UsageError, words);
});
