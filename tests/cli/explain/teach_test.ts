/** `explain --photos`: a head for a classifier of one's own, made, kept, used again, and refused for another file. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { explainRequest } from "../../../src/cli/explain/image.ts";
import { EXPLAIN as EXPLAIN_DECLARATION } from "../../../src/cli/explain/options.ts";
import { parseArguments } from "../../../src/cli/options/command.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { encodePng } from "../../../src/image/png.ts";
import { readHead } from "../../../src/ptame/head_file.ts";
import { inFolder } from "../../support/folders.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines, startCli } from "../../support/run_deno.ts";
import { lotteryClassifier, patchworkPhotos } from "../../ptame/fit/patchwork.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { heavyTests } from "../../support/devices.ts";

const EXPLAIN = ["explain", "photos/0.png", "--model", "own.onnx", "--device", "wasm", "--json"];
const HEAD = "own.ptame.safetensors";

/** A folder with a classifier, an auxiliary that is quick, and photographs. */
async function prepare(folder: string, count = 30): Promise<void> {
  Deno.writeFileSync(`${folder}/own.onnx`, smallClassifier().onnx);
  Deno.writeFileSync(`${folder}/reader.onnx`, smallClassifier({ classes: 7 }).onnx);
  Deno.mkdirSync(`${folder}/photos`);
  for (const [i, photo] of patchworkPhotos(count).entries()) {
    Deno.writeFileSync(`${folder}/photos/${i}.png`, await encodePng(photo));
  }
}

const READER = ["--auxiliary", "reader.onnx"];

Deno.test("explain --photos makes a head, keeps it beside the classifier, and uses it from then on", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    await prepare(folder);
    const args = [...EXPLAIN, ...READER];
    const first = await runCli([...args, "--photos", "photos", "--minutes", "0.05"], folder);
    assertEquals(first.code, 0, first.stderr);
    // As many as the time allows: a busy machine reads fewer.
    const fitted = Number(/The regression on (\d+) photographs explains/.exec(first.stderr)?.[1]);
    assert(fitted >= 20 && fitted <= 30, first.stderr);
    assertStringIncludes(first.stderr, `Head kept: ${HEAD}`);
    const document = JSON.parse(first.stdout);
    assertEquals([document.head.fit.photos, document.warning], [fitted, undefined]);
    const kept = await readHead(Deno.readFileSync(`${folder}/${HEAD}`), "");

    const second = await runCli(args, folder);
    assertEquals(second.code, 0, second.stderr);
    assertStringIncludes(second.stderr, `Head: ${HEAD}`);
    assertEquals(JSON.parse(second.stdout).targets[0].map, document.targets[0].map);

    // With photographs again it is trained further.
    const third = await runCli([...args, "--photos", "photos", "--minutes", "0.05"], folder);
    assertEquals(third.code, 0, third.stderr);
    assertStringIncludes(third.stderr, "is trained further");
    const later = await readHead(Deno.readFileSync(`${folder}/${HEAD}`), "");
    assertEquals(later.record.fit, kept.record.fit);

    // Another version of the file refuses the head, and --photos makes a new one.
    Deno.writeFileSync(`${folder}/own.onnx`, smallClassifier({ softmax: false }).onnx);
    const changed = await runCli(args, folder);
    assertEquals(changed.code, 1);
    const [line] = errorLines(changed);
    assertStringIncludes(line!, "it was made for another own");
    assertStringIncludes(line!, "--photos");
    const anew = await runCli([...args, "--photos", "photos", "--minutes", "0.01"], folder);
    assertEquals(anew.code, 0, anew.stderr);
    assertStringIncludes(anew.stderr, "a new one replaces it");
    const none = Deno.readDirSync(folder).filter(({ name }) => name.endsWith(".partial")).toArray();
    assertEquals(none, []);
  }));

Deno.test("explain --photos keeps the head in the cache where the folder cannot be written", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    await prepare(folder);
    // A folder in the head's place cannot be written to, whoever the user is.
    Deno.mkdirSync(`${folder}/${HEAD}`);
    const env = { PTAME_CACHE: `${folder}/cache` };
    const args = [...EXPLAIN, ...READER];
    const made = await runCli([...args, "--photos", "photos", "--minutes", "0.01"], folder, env);
    assertEquals(made.code, 0, made.stderr);
    assertStringIncludes(made.stderr, "Head kept: " + folder + "/cache");
    const used = await runCli(args, folder, env);
    assertEquals(used.code, 0, used.stderr);
    assertStringIncludes(used.stderr, "Head: " + folder + "/cache");
  }));

Deno.test("explain --photos warns in text and JSON where the answers cannot be regressed", () =>
  inFolder(async (folder) => {
    await prepare(folder);
    Deno.writeFileSync(`${folder}/own.onnx`, lotteryClassifier().onnx);
    const args = [...EXPLAIN, ...READER, "--photos", "photos", "--minutes", "0.01"];
    const { code, stdout, stderr } = await runCli(args, folder);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Warning: The map may mean nothing");
    assertStringIncludes(JSON.parse(stdout).warning, "The map may mean nothing");
  }));

Deno.test("explain --photos refuses what it cannot use, and says what to do", () =>
  inFolder(async (folder) => {
    await prepare(folder, 5);
    const refused: [string[], number, string][] = [
      [["explain", "photos", "--out", "explained", "--minutes", "2"], 2, "--minutes is for --photos"],
      [[...EXPLAIN, "--photos", "photos", "--head", "x.safetensors"], 2, "exclude each other"],
      [[...EXPLAIN, "--photos", "photos", "--method", "gradcam"], 2, "--photos is for ptame"],
      [["explain", "--photos", "photos"], 2, "is for an .onnx classifier"],
      [[...EXPLAIN, ...READER, "--photos", "nowhere"], 1, "Cannot read images nowhere"],
      [[...EXPLAIN, ...READER, "--photos", "photos"], 1, "at least 20 are needed"],
      [EXPLAIN, 1, "make one in a minute (deno task explain IMAGE --model own.onnx --photos FOLDER)"],
    ];
    for (const [args, code, words] of refused) {
      const ended = await runCli(args, folder);
      assertEquals(ended.code, code, ended.stderr);
      assertStringIncludes(errorLines(ended)[0]!, words);
    }
    assert(Deno.readDirSync(folder).every(({ name }) => !/ptame.safetensors|explained/.test(name)));
    const single = parseArguments(EXPLAIN_DECLARATION, ["photo.jpg", "--minutes", "2"]).options;
    assertThrows(() => explainRequest(single), UsageError, "--minutes is for --photos");
  }));

Deno.test(
  "Ctrl-C during the training of explain --photos keeps the head so far",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      await prepare(folder);
      const child = startCli([...EXPLAIN, ...READER, "--photos", "photos", "--minutes", "5"], folder);
      let said = "";
      let stopped = false;
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (stopped || !/step \d/.test(said)) continue;
        stopped = true;
        child.kill("SIGINT");
      }
      assertEquals((await child.status).code, 130, said);
      assertStringIncludes(said, `Head kept: ${HEAD}`);
      assertStringIncludes(said, "Stopped");
      const { record } = await readHead(Deno.readFileSync(`${folder}/${HEAD}`), "");
      assertEquals([record.trained, record.fit?.photos], [true, 30]);
    }),
);
