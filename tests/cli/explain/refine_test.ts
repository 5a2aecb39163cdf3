/** `explain --refine N`: what it says, writes and refuses, and what Ctrl-C leaves. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { filesIn, inFolder } from "../../support/folders.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines, startCli } from "../../support/run_deno.ts";
import { heavyTests } from "../../support/devices.ts";

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);
const RUN = ["explain", PHOTO, "--device", "wasm", "--threads", "1"];

Deno.test(
  "explain --refine says what it spent and how far the loss fell",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      const ended = await runCli([...RUN, "--refine", "1", "--json"], folder);
      assertEquals(ended.code, 0, ended.stderr);
      assertMatch(ended.stderr, /Refining .*photo_0\.jpg: step 0\/1, loss -?\d/);
      assertMatch(ended.stderr, /: refined in 1 steps, 18 passes: loss -?\d+\.\d{3} → -?\d+\.\d{3}\n/);
      const { refinement } = JSON.parse(ended.stdout).targets[0];
      assertEquals([refinement.way, refinement.steps, refinement.passes], ["gradient", 1, 18]);
      assert(refinement.loss.after <= refinement.loss.before);
      assertEquals(filesIn(folder), ["photo_0.explained.png"]);
    }),
);

Deno.test("explain --refine stopped by Ctrl-C writes its best map and ends with 130", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const child = startCli([...RUN, "--refine", "5000", "--map", "m.npy"], folder);
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (!said.includes("step 0/") && (said + text).includes("step 0/")) child.kill("SIGINT");
      said += text;
    }
    assertEquals((await child.status).code, 130, said);
    assertStringIncludes(said, ": stopped after ");
    assertEquals(filesIn(folder), ["m.npy", "m.raw.npy", "photo_0.explained.png"]);
  }));

Deno.test("explain --refine refuses what it is not for", () =>
  inFolder(async (folder) => {
    for (
      const [more, said] of [
        [["--refine", "0"], "--refine"],
        [["--refine", "1", "--against", "tabby"], "Options --refine and --against exclude each other"],
        [["--refine", "1", "--method", "gradcam"], "gradcam has no weights to refine"],
        [["--seed", "1"], "Option --seed is for the baselines"],
      ] as const
    ) {
      const ended = await runCli([...RUN, ...more], folder);
      assertEquals([ended.code, errorLines(ended).length], [2, 1], ended.stderr);
      assertStringIncludes(ended.stderr, said);
    }
    assertEquals(filesIn(folder), []);
  }));
