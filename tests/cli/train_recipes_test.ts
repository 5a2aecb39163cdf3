/**
 * The recipes of docs/training.md: every option exists; and, where PTAME_HEAVY is set, each trains for a step, its weights
 * downloaded from a server on this machine: random numbers in the true networks.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { classPart } from "../../src/ptame/class_split.ts";
import { readHead } from "../../src/ptame/head_file.ts";
import { noStart } from "../../src/ptame/untrained_head.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { docCommands, optionOf, taskArguments } from "../support/doc_commands.ts";
import { inFolder } from "../support/folders.ts";
import { writeRandomWeights } from "../support/random_weights.ts";
import { runCli } from "../support/run_cli.ts";
import { runDeno } from "../support/run_deno.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const PAGE = Deno.readTextFileSync(`${ROOT}docs/training.md`);
const COMMANDS = docCommands(PAGE);
const RECIPES = taskArguments(COMMANDS, "train");
/** Paths are the last to count where an option is given twice. */
const ONE_STEP = [
  "--steps",
  "1",
  "--batch",
  "1",
  "--device",
  "native",
  "--threads",
  "1",
  "--image-workers",
  "0",
];

Deno.test("docs/training.md has a recipe for each pair of the paper, and no option that is not there", async () => {
  const pairs = new Set(
    RECIPES.map((args) => `${optionOf(args, "backbone")} ${optionOf(args, "auxiliary")}`),
  );
  assertEquals([...pairs].sort(), [
    "efficientnet_lite0 undefined",
    "my.onnx efficientnet_lite0",
    "my.onnx my.onnx",
    "resnet50 mnasnet0_5",
    "resnet50 mobilenet_v3_small",
    "resnet50 resnet18",
    "vgg16 resnet18",
    "vit_b_16 resnet18",
  ]);
  for (const task of ["train", "evaluate"]) {
    const { stdout } = await runCli([task, "--help"]);
    for (const args of taskArguments(COMMANDS, task)) {
      for (const option of args.filter((word) => word.startsWith("--"))) {
        assert(new RegExp(`${option}\\b`).test(stdout), `${option} is no option of ${task}`);
      }
    }
  }
});

Deno.test("docs/training.md says of each auxiliary whether rows can be shared, and so does the error", () => {
  const names = [
    "efficientnet_lite0",
    "resnet18",
    "resnet50",
    "mnasnet0_5",
    "densenet121",
    "mobilenet_v3_small",
    "vgg16",
    "vit_b_16",
  ];
  const [able, unable] = ["yes", "no"].map((word) =>
    PAGE.split("\n").find((line) => line.startsWith("|") && line.split("|")[2]!.trim() === word)!
  );
  for (const name of names) {
    assertStringIncludes(findNetwork(name)!.classifierTap ? able! : unable!, name);
  }
  assertEquals(
    noStart("mobilenet_v3_small", "resnet50", "train rows of their own (--rows own)"),
    "the scores of auxiliary mobilenet_v3_small are not a linear layer on its last tap; take another (--auxiliary " +
      "efficientnet_lite0, resnet18, resnet50, mnasnet0_5, densenet121) or train rows of their own (--rows own)",
  );
});

Deno.test({
  name: "train runs each recipe of docs/training.md, with weights that it downloads",
  ignore: Deno.env.get("PTAME_HEAVY") === undefined,
  fn: (context) =>
    inFolder(async (folder) => {
      const [served, cache] = [`${folder}/served`, `${folder}/cache`];
      for (const each of [served, cache, `${folder}/photos`]) Deno.mkdirSync(each);
      Deno.copyFileSync(`${ROOT}models/sample/chelsea.jpg`, `${folder}/photos/chelsea.jpg`);
      for (const name of ["photo_0.jpg", "photo_4.jpg"]) {
        Deno.copyFileSync(`${ROOT}tests/fixtures/image/${name}`, `${folder}/photos/${name}`);
      }
      Deno.writeFileSync(`${folder}/my.onnx`, smallClassifier().onnx);
      // Some class that the recipes do not hold out.
      const likeliest = Array.from({ length: 1000 }, (_, i) => i).find((i) => classPart(i, 0.4) === "train")!;
      const given = RECIPES.map((args) => optionOf(args, "auxiliary-weights")).find((file) =>
        file !== undefined
      )!;
      const mnasnet = writeRandomWeights(findNetwork("mnasnet0_5")!, folder, { likeliest });
      Deno.renameSync(`${folder}/${mnasnet.file}`, `${folder}/${given}`);

      const published = [];
      for (const name of ["resnet18", "resnet50", "vgg16", "vit_b_16", "mobilenet_v3_small"]) {
        const file = writeRandomWeights(findNetwork(name)!, served, { likeliest });
        published.push({ network: name, ...file, urls: [`https://published.example/${file.file}`] });
      }
      const asked: string[] = [];
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        async (request) => {
          const name = new URL(request.url).pathname.slice(1);
          asked.push(name);
          const path = `${served}/${name}`;
          const file = await Deno.open(path);
          // The program has it by now, or holds it open: it need not lie there twice.
          const { size } = await file.stat();
          await Deno.remove(path);
          return new Response(file.readable, { headers: { "content-length": `${size}` } });
        },
      );
      const env = {
        PTAME_CACHE: cache,
        PTAME_MIRROR: `http://127.0.0.1:${server.addr.port}`,
        PUBLISHED: JSON.stringify(published),
      };
      for (const args of RECIPES) {
        const out = optionOf(args, "out")!;
        await context.step(out, async () => {
          const program = `${ROOT}tests/support/cli_with_weights.ts`;
          const ended = await runDeno(["-A", program, "train", ...args, ...ONE_STEP], { cwd: folder, env });
          assertEquals(ended.code, 0, ended.stderr);
          const { record } = await readHead(Deno.readFileSync(`${folder}/${out}`), out);
          const backbone = optionOf(args, "backbone")!.replace(".onnx", "");
          assertEquals([record.backbone, record.trained], [backbone, true]);
          assertEquals(record.auxiliary, optionOf(args, "auxiliary")?.replace(".onnx", "") ?? backbone);
          // The two protocols are what they are called.
          const { rows, masks, start } = record.training!;
          const shared = args.includes("efficientnet_lite0") && backbone !== "my";
          assertEquals([rows, masks], shared ? ["shared", "budget"] : ["own", "area"]);
          assertEquals(start, optionOf(args, "start") ?? "automatic");
        });
      }
      assertEquals(asked.sort(), published.map(({ file }) => file).sort(), "each file is asked for once");
    }),
});
