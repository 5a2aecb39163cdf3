import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { decodeCheckpoint } from "../../src/ptame/training/checkpoint.ts";
import { readHead, writeHead } from "../../src/ptame/head_file.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { runCli } from "../support/run_cli.ts";
import { type Ended, errorLines, startCli } from "../support/run_deno.ts";
import { heavyTests } from "../support/devices.ts";

const FIXTURES = decodeURIComponent(new URL("../fixtures/image/", import.meta.url).pathname);
const SHAPE = { channels: [24, 40, 112, 1280], sizes: [56, 28, 14, 7], classes: 5 };
/** A run of the small classifier; the head's name is h.safetensors. */
const RUN = ["--backbone", "small.onnx", "--images", "photos", "--out", "h.safetensors", "--device", "wasm"];

/** The same with an auxiliary as small, whose steps take milliseconds. */
const SMALL_RUN = [...RUN, "--auxiliary", "reader.onnx"];
const SMALL_SHAPE = { channels: [8, 16], sizes: [16, 8], classes: 5 };

/** Runs `act` in a folder of its own with a small classifier and a folder of photos, and removes it. */
async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    Deno.writeFileSync(`${folder}/reader.onnx`, smallClassifier({ classes: 7 }).onnx);
    Deno.mkdirSync(`${folder}/photos/more`, { recursive: true });
    for (
      const [name, to] of [["photo_0.jpg", "a.jpg"], ["photo_4.jpg", "b.JPG"], ["photo_5.png", "more/c.png"]]
    ) {
      Deno.copyFileSync(FIXTURES + name, `${folder}/photos/${to}`);
    }
    Deno.writeTextFileSync(`${folder}/photos/readme.txt`, "no picture, and not named like one");
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function filesIn(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].filter((entry) => entry.isFile).map(({ name }) => name);
  return names.filter((name) => name !== "reader.onnx").sort();
}

function assertFails(ended: Ended, code: number, message: string): void {
  assertEquals(ended.code, code, ended.stderr);
  assertEquals(errorLines(ended).length, 1, ended.stderr);
  assertStringIncludes(errorLines(ended)[0]!, message);
  assertEquals(ended.stdout, "");
  assertEquals(ended.stderr.includes("    at "), false, "a stack is no message");
}

Deno.test("train writes both heads and the loss curve in plain lines, and removes the checkpoint", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/photos/z.jpg`, "no picture");
    const ended = await runCli(
      [
        "train",
        ...SMALL_RUN,
        "--steps",
        "3",
        "--batch",
        "2",
        "--hold-out",
        "1",
        "--validate-every",
        "2",
        "--json",
      ],
      folder,
    );
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(filesIn(folder), ["h.last.safetensors", "h.loss.png", "h.safetensors", "small.onnx"]);
    const document = JSON.parse(ended.stdout);
    assertEquals(Object.keys(document), ["out", "steps", "loss", "validations", "skipped"]);
    assertEquals([document.out, document.steps, document.loss.step], ["h.safetensors", 3, 3]);
    assertEquals(document.validations.map(({ step }: { step: number }) => step), [2, 3]);
    assertEquals(document.skipped.map(({ image }: { image: string }) => image), ["photos/z.jpg"]);

    const lines = ended.stderr.trimEnd().split("\n");
    assert(
      !ended.stderr.includes("\r") && !ended.stderr.includes("\x1b"),
      "nothing is overwritten where there is no terminal",
    );
    assert(lines.includes("Training on wasm: 3 images, 3 steps"), ended.stderr);
    assertMatch(
      ended.stderr,
      /^step 3\/3 {2}loss \d\.\d{3} \(ce \d+\.\d{3}, area \d\.\d{3}, variation .*images\/s, 0 s left$/m,
    );
    assertMatch(ended.stderr, /^skipped: Cannot decode image photos\/z\.jpg: /m);
    assertMatch(ended.stderr, /^validation at step 2: AD .* the best so far$/m);
    assertEquals(lines.slice(-3), [
      "1 image(s) could not be read and were skipped",
      "head: h.safetensors",
      "loss curve: h.loss.png",
    ]);

    for (const name of ["h.safetensors", "h.last.safetensors"]) {
      const { record, classes } = await readHead(Deno.readFileSync(`${folder}/${name}`), name);
      assertEquals([record.backbone, record.auxiliary, record.trained], ["small", "reader", true]);
      assertEquals(classes, 5);
    }
    const plot = await decodeImage(Deno.readFileSync(`${folder}/h.loss.png`));
    assertEquals([plot.width, plot.height], [960, 540]);
    // The first curve's blue is there.
    assert(plot.data.some((_, i) => i % 3 === 0 && plot.data[i]! < 20 && plot.data[i + 2]! > 160));

    const quiet = await runCli(["train", ...RUN, "--steps", "1", "--batch", "1", "--quiet"], folder);
    assertEquals([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
  }));

Deno.test("train --hold-out-classes says how the classes were split, and so does the head", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const options = ["--hold-out-classes", "0.4", "--image-workers", "1", "--image-cache", "50"];
    const ended = await runCli(["train", ...RUN, "--steps", "2", "--batch", "2", ...options], folder);
    assertEquals(ended.code, 0, ended.stderr);
    // All five classes of the small classifier are of part train.
    assertMatch(
      ended.stderr,
      /^40 % of the classes are held out: 3 images of \d classes to train on, 0 images of 0 classes to choose by, 0 /m,
    );
    const { record } = await readHead(Deno.readFileSync(`${folder}/h.safetensors`), "head");
    assertEquals(record.training!["holdOutClasses"], 0.4);
    assertEquals((record.training!["parts"] as { train: { images: number } }).train.images, 3);
  }));

Deno.test("train --export-step writes the step and the first state, which --resume continues", () =>
  inFolder(async (folder) => {
    const options = ["--steps", "2", "--batch", "2", "--micro-batch", "1"];
    const uneven = ["--batch", "3", "--micro-batch", "2", "--export-step", "s"];
    const exported = await runCli(["train", ...SMALL_RUN, ...options, "--export-step", "step/"], folder);
    assertEquals([exported.code, exported.stdout], [0, ""], exported.stderr);
    assertEquals(exported.stderr.trimEnd().split("\n").slice(-2), [
      "step: step/ (2 steps of 2 images, in pieces of 1)",
      "state: h.checkpoint.safetensors; continue it with ptame-ray train or --resume",
    ]);
    assertEquals(filesIn(folder), ["h.checkpoint.safetensors", "small.onnx"]);
    const names = filesIn(`${folder}/step`);
    assertEquals([names.length, names.at(-1)], [9, "step.json"]);
    const refused = await runCli(["train", ...SMALL_RUN, ...uneven], folder);
    assertFails(refused, 1, "h.checkpoint.safetensors is an unfinished run");
    const resumed = await runCli(["train", ...SMALL_RUN, ...options, "--resume", "--quiet"], folder);
    assertEquals([resumed.code, resumed.stderr], [0, ""]);
    assertEquals(filesIn(folder), ["h.last.safetensors", "h.loss.png", "h.safetensors", "small.onnx"]);
    const pieces = await runCli(["train", ...SMALL_RUN, ...uneven], folder);
    assertEquals(pieces.code, 1);
    assertStringIncludes(pieces.stderr, "a batch of 3 images is not made of pieces of 2");
    assertEquals(filesIn(folder).includes("h.checkpoint.safetensors"), false);
  }));

Deno.test("train ends with 2 and the nearest name for wrong usage", async () => {
  const given = ["--backbone", "b", "--images", "i", "--out", "o.safetensors"];
  const cases: [string[], string][] = [
    [[], "Option --backbone of train is required"],
    [["--backbone", "b", "--images", "i"], "Option --out of train is required"],
    [[...given, "--epoch", "3"], "did you mean --epochs?"],
    [[...given, "--device", "wsam"], "did you mean wasm?"],
    [[...given, "--preset", "vgg"], "did you mean vgg16?"],
    [[...given, "--start", "defualt"], "did you mean default?"],
    [[...given, "--batch", "0"], "at least 1, not 0"],
    [[...given, "--steps", "1.5"], "whole number of at least 1, not 1.5"],
    [[...given, "--hold-out-classes", "40"], "takes a share from 0 to 0.9, not 40"],
    [[...given, "--image-workers", "some"], "whole number of at least 0, not some"],
    [[...given, "--image-cache", "-1"], "--image-cache"],
    [[...given, "--lr", "fast"], "a number of at least 0, not fast"],
    [[...given, "--ce=-1"], "a number of at least 0, not -1"],
    [[...given, "more"], "Unexpected argument more"],
    [["--backbone", "b", "--images", "i", "--out", "o.onnx"], "ends in .safetensors, not o.onnx"],
    [[
      "--backbone",
      "b",
      "--images",
      FIXTURES,
      "--out",
      "o.safetensors",
      "--hold-out",
      "1",
      "--validation",
      "v",
    ], "exclude"],
  ];
  const ended = await Promise.all(cases.map(([args]) => runCli(["train", ...args])));
  cases.forEach(([, message], i) => assertFails(ended[i]!, 2, message));
});

Deno.test("train gives one clear line and exit 1 for what cannot work, before the first step", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/empty`);
    Deno.mkdirSync(`${folder}/folder.safetensors`);
    Deno.mkdirSync(`${folder}/bad`);
    Deno.writeTextFileSync(`${folder}/bad/a.jpg`, "no picture");
    Deno.writeTextFileSync(`${folder}/list.txt`, "# none\n\n");
    Deno.writeTextFileSync(`${folder}/text.onnx`, "not a model");
    const head = await writeHead(
      { name: "seven", auxiliary: "efficientnet_lite0", backbone: "x", trained: true },
      initialParameters({ ...SHAPE, classes: 7 }, { kind: "default" }),
    );
    Deno.writeFileSync(`${folder}/seven.safetensors`, head);
    const before = filesIn(folder);
    const cases: [string[], string][] = [
      [["--images", "none"], "Cannot read images none: no such file or folder"],
      [["--images", "empty"], "Cannot use images empty: it contains none (JPEG, "],
      [["--images", "list.txt"], "Cannot use images list.txt: it contains none"],
      [["--images", "bad", "--batch", "1"], "none of the 1 images can be read"],
      [["--validation", "bad", "--batch", "1"], "none of the 1 held-out images can be read"],
      [["--hold-out", "3"], "Cannot hold out 3 of 3 images"],
      [[], "3 images are fewer than a batch of 32"],
      [
        ["--backbone", "eficientnet_lite0", "--batch", "1"],
        'Unknown model "eficientnet_lite0": did you mean efficientnet_lite0?',
      ],
      [["--backbone", "none.onnx"], "Cannot read backbone none.onnx: no such file or folder"],
      [["--backbone", "text.onnx", "--batch", "1"], "Cannot read ONNX model"],
      [["--start", "seven.safetensors", "--batch", "1"], "it has 7 classes, the backbone 5"],
      [["--start", "none.safetensors"], "Cannot read head none.safetensors"],
      [["--out", "none/h.safetensors"], "Cannot write none/h.safetensors: no such file or folder"],
      [["--out", "small.onnx/h.safetensors"], "small.onnx/h."],
      [["--out", "folder.safetensors"], "Cannot write folder.safetensors: it is a folder"],
      [["--resume"], "Cannot resume: there is no checkpoint h.checkpoint.safetensors"],
    ];
    // Two at a time, as there are cores; they must not wait for each other's lock.
    const apart = (args: string[], k: number) =>
      k === 0 || args.includes("--out") || args.includes("--resume")
        ? args
        : [...args, "--out", "g.safetensors"];
    for (let i = 0; i < cases.length; i += 2) {
      const pair = cases.slice(i, i + 2);
      const ended = await Promise.all(
        pair.map(([args], k) => runCli(["train", ...withOptions(apart(args, k))], folder)),
      );
      pair.forEach(([, message], k) => assertFails(ended[k]!, 1, message));
    }
    assertEquals(filesIn(folder), before, "nothing is left behind");
  }));

/** RUN with some options given otherwise. */
function withOptions(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < RUN.length; i += 2) if (!args.includes(RUN[i]!)) kept.push(RUN[i]!, RUN[i + 1]!);
  return [...kept, ...args];
}

/** Lines that a running program writes on stderr, until one matches or it ends. */
async function* linesOf(child: Deno.ChildProcess): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.stderr) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Waits until there is a checkpoint of at least this step, and gives its step. */
async function checkpointed(path: string, step: number): Promise<number> {
  for (let tries = 0; tries < 3000; tries++) {
    try {
      const found = decodeCheckpoint(await Deno.readFile(path), SMALL_SHAPE).record.step;
      if (found >= step) return found;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`No checkpoint of step ${step} in 30 seconds`);
}

Deno.test("train stopped by Ctrl-C, then killed, goes on with --resume and ends with the same head", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const run = ["--batch", "1", "--steps", "400", "--checkpoint-every", "10", "--threads", "1"];
    const args = ["train", ...SMALL_RUN, ...run];
    const path = `${folder}/h.checkpoint.safetensors`;

    const stopped = startCli(args, folder);
    await checkpointed(path, 10);
    stopped.kill("SIGINT");
    const said: string[] = [];
    for await (const line of linesOf(stopped)) said.push(line);
    assertEquals((await stopped.status).code, 130, said.join("\n"));
    assertEquals(said.slice(-2), [
      "The run so far is in h.checkpoint.safetensors; continue it with --resume",
      "Stopped",
    ]);
    const left = decodeCheckpoint(await Deno.readFile(path), SMALL_SHAPE).record.step;
    assert(left >= 10 && left < 400, `stopped after step ${left}`);
    assertEquals(filesIn(folder).filter((name) => !name.endsWith(".previous")), [
      "h.checkpoint.safetensors",
      "small.onnx",
    ]);

    const again = await runCli(args, folder);
    assertFails(
      again,
      1,
      "h.checkpoint.safetensors is an unfinished run; continue it with --resume, or remove it",
    );
    const other = await runCli([...args, "--seed", "3", "--resume"], folder);
    assertFails(other, 1, "Cannot resume: the checkpoint was made with seed 0, this run has 3");
    assertEquals(other.stderr.includes("continue it with"), false, "there is nothing to go on with");

    const killed = startCli([...args, "--resume"], folder);
    const reached = await checkpointed(path, left + 10);
    killed.kill("SIGKILL");
    const heard: string[] = [];
    for await (const line of linesOf(killed)) heard.push(line);
    await killed.status;
    assert(
      heard.includes(`Training on wasm: 3 images, 400 steps, continuing after step ${left}`),
      heard.join("\n"),
    );
    assert(decodeCheckpoint(await Deno.readFile(path), SMALL_SHAPE).record.step >= reached, "it is whole");

    const finished = await runCli([...args, "--resume"], folder);
    assertEquals(finished.code, 0, finished.stderr);
    const whole = await runCli([...args, "--out", "whole.safetensors"], folder);
    assertEquals(whole.code, 0, whole.stderr);
    const [resumed, uninterrupted] = ["h", "whole"].map((name) =>
      Deno.readFileSync(`${folder}/${name}.safetensors`)
    );
    assertEquals(resumed!.length, uninterrupted!.length);
    assert(resumed!.every((byte, i) => byte === uninterrupted![i]), "the heads differ");
  }));

Deno.test("train on a full disk is a clear error, and the last checkpoint survives", {
  ignore: !heavyTests(),
}, () =>
  inFolder(async (folder) => {
    const disk = `${folder}/disk`;
    Deno.mkdirSync(disk);
    const mount = async (...args: string[]) => {
      const made = await new Deno.Command(args[0]!, { args: args.slice(1), stderr: "null" }).output().catch(
        () => undefined,
      );
      return made?.success ?? false;
    };
    // A checkpoint has 27 MB: the second does not fit beside the first.
    if (!await mount("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk)) {
      console.warn("SKIPPED: a full disk is tried on a small tmpfs, which only root may mount");
      return;
    }
    try {
      const args = withOptions([
        "--out",
        "disk/h.safetensors",
        "--batch",
        "1",
        "--steps",
        "3",
        "--checkpoint-every",
        "1",
      ]);
      const ended = await runCli(["train", ...args], folder);
      assertFails(ended, 1, "Cannot write disk/h.checkpoint.safetensors: no space left on the disk");
      assertStringIncludes(
        ended.stderr,
        "The run so far is in disk/h.checkpoint.safetensors; continue it with --resume",
      );
      assertEquals(filesIn(disk), ["h.checkpoint.safetensors"]);
      assertEquals(
        decodeCheckpoint(Deno.readFileSync(`${disk}/h.checkpoint.safetensors`), SHAPE).record.step,
        1,
      );
    } finally {
      assert(await mount("umount", disk), "the disk is taken away again");
    }
  }));
