import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { recordLine } from "../../../src/cli/evaluation/record_lines.ts";
import { joinEvaluated } from "../../../src/cli/merge/evaluated.ts";
import { joinLines } from "../../../src/cli/merge/join.ts";
import { inFolder } from "../../support/folders.ts";

interface Line {
  readonly image: string;
  readonly value?: number;
  readonly took?: number;
}

const RULES = {
  isFailure: ({ value }: Line) => value === undefined,
  compared: ({ image, value }: Line) => ({ image, value }),
};

function lines(text: string): Line[] {
  return text.split(" ").filter((word) => word !== "").map((word) => {
    const [image, value] = word.split("=");
    return { image: image!, ...(value === undefined ? {} : { value: Number(value) }) };
  });
}

function joined(files: readonly string[], expected?: string, former?: string) {
  const named = files.map((text, i) => ({ path: `part${i + 1}`, lines: lines(text) }));
  const all = former === undefined ? named : [...named, { path: "all", lines: lines(former), former: true }];
  const found = joinLines(all, expected?.split(" "), RULES);
  return {
    ...found,
    lines: found.lines.map(({ image, value }) => `${image}=${value ?? "failed"}`).join(" "),
  };
}

Deno.test("joinLines() gives every image once in the order of the images, and names missing and doubled ones", () => {
  assertEquals(joined(["c=3 a=1", "b=2 a=1 z=9"], "a b c d"), {
    lines: "a=1 b=2 c=3 z=9",
    doubled: ["a"],
    missing: ["d"],
    unexpected: ["z"],
  });
});

Deno.test("joinLines() without the images sorts as a folder is listed, and knows of no missing one", () => {
  const found = joined(["p/b.jpg=1 p/a/z.jpg=2", "p/a.jpg=3 p/a-b/c.jpg=4 o.jpg=5"]);
  assertEquals(found.lines, "o.jpg=5 p/a/z.jpg=2 p/a-b/c.jpg=4 p/a.jpg=3 p/b.jpg=1");
  assertEquals([found.missing, found.unexpected], [undefined, []]);
});

Deno.test("joinLines() takes a result before a failure, the last of a file, and a former join for what is left", () => {
  assertEquals(joined(["a b=1", "a=2 c c", "b"], "a b c").lines, "a=2 b=1 c=failed");
  assertEquals(joined(["a=1 a=2 b=1 b"], "a b").lines, "a=2 b=1");
  const again = joined(["a=1"], "a b", "a=7 b=8");
  assertEquals([again.lines, again.doubled], ["a=1 b=8", []]);
});

Deno.test("joinLines() compares what two files say of an image", () => {
  assertEquals(
    joinLines(
      [
        { path: "x", lines: [{ image: "a", value: 1, took: 5 }] },
        { path: "y", lines: [{ image: "a", value: 1, took: 6 }] },
      ],
      undefined,
      RULES,
    ).lines,
    [{ image: "a", value: 1, took: 5 }],
  );
  assertThrows(
    () => joined(["a=1", "a=2"]),
    Error,
    "Cannot merge: part1 and part2 have different results of a; remove the one that is wrong",
  );
});

Deno.test("joinEvaluated() refuses parts whose maps were ranked otherwise, and parts of other settings, in one line", () =>
  inFolder(async (folder) => {
    const parts = await Promise.all(["ad:p seed:0", "ad:p ranking:2 seed:0", "ad:p ranking:2 seed:1"].map(
      async (settings, i) => {
        const record = { image: `${i}`, settings, target: 0, probability: 1, methods: {} };
        const path = `${folder}/${i}.jsonl`;
        await Deno.writeTextFile(path, recordLine(record));
        return { folder, path, suffix: "" };
      },
    ));
    const join = async (some: typeof parts) => {
      const { message } = await assertRejects(
        () => joinEvaluated(some, { written: "", images: undefined, times: true }),
        Error,
        "Cannot merge: ",
      );
      assertEquals(message.split("\n").length, 1);
      return message;
    };
    assertStringIncludes(await join(parts.slice(0, 2)), "ranking 2, not 1: another version of ptame ranked");
    assertStringIncludes(await join(parts.slice(1)), 'with "ad:p ranking:2 seed:1"');
  }));
