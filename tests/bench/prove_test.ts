/** `prove evaluate`: what it compares, and where PTAME_HEAVY is set, the whole proof on a few images. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compareFiles } from "../../bench/prove/same_bytes.ts";
import { heavyTests } from "../support/devices.ts";
import { inFolder } from "../support/folders.ts";
import { runDeno } from "../support/run_deno.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const MAIN = `${ROOT}bench/prove/main.ts`;

Deno.test("compareFiles() names the line where two files part", () =>
  inFolder((folder) => {
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
    write("a", "one\ntwo\nthree\n");
    write("b", "one\ntwo\nthree\n");
    write("c", "one\ntwo\nthrew\n");
    write("d", "one\ntwo\n");
    const compared = (other: string) => compareFiles("x.jsonl", `${folder}/a`, `${folder}/${other}`);
    const { name, bytes, same, difference, sha256 } = compared("b");
    assertEquals([name, bytes, same, difference, sha256.length], ["x.jsonl", 14, true, undefined, 64]);
    assertEquals([compared("c").same, compared("c").difference], [false, "x.jsonl, line 3"]);
    assertEquals([compared("d").same, compared("d").difference], [false, "x.jsonl, line 3"]);
    // The longer one second.
    const { same: shorter } = compareFiles("x.jsonl", `${folder}/d`, `${folder}/a`);
    assertEquals(shorter, false);
    return Promise.resolve();
  }));

Deno.test("prove gives one line for wrong usage", async () => {
  const cases: [string[], string][] = [
    [[], "prove: say what: evaluate"],
    [["explain"], "prove: unknown proof explain"],
    [["evaluate"], "prove evaluate: --images names a folder or a list of images"],
    [["evaluate", "--images", "x", "--limit", "2"], "--limit takes a whole number of at least 3"],
    [["evaluate", "--image", "x"], "unknown argument --image"],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runDeno(["-A", "--no-check", MAIN, ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
});

Deno.test("prove evaluate: killed and resumed, in three parts and joined, the same bytes", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const names = [0, 1, 2, 3, 4, 7].map((i) => `${ROOT}tests/fixtures/image/photo_${i}.jpg`);
    Deno.writeTextFileSync(`${folder}/list.txt`, names.join("\n"));
    const { code, stderr } = await runDeno([
      ...[
        "-A",
        "--no-check",
        MAIN,
        "evaluate",
        "--images",
        `${folder}/list.txt`,
        "--json",
        `${folder}/p.json`,
      ],
      ...["--methods", "ptame,random", "--measures", "ad", "--device", "wasm"],
    ]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "6 images x 2 methods, killed after ");
    const proof = JSON.parse(Deno.readTextFileSync(`${folder}/p.json`));
    assertEquals([proof.same, proof.images, proof.files.length], [true, 6, 2]);
    assert(proof.killedAfter >= 2 && proof.killedAfter < 6, `killed after ${proof.killedAfter}`);
    assertEquals(proof.shards.reduce((sum: number, count: number) => sum + count, 0), 6);
    assertEquals(Object.keys(proof.means["ptame"]), ["AD100", "AD50", "AD15"]);
  }));
