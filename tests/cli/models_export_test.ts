/** `models export`: one file or none, one line for what went wrong. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inspectOnnx } from "../../src/graph/onnx_file.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";
import { filesIn, inFolder } from "../support/folders.ts";

Deno.test("models export writes one file that says what it is", async () => {
  await inFolder(async (folder) => {
    const ended = await runCli(["models", "export", "efficientnet_lite0", "--float16"], folder);
    assertEquals([ended.code, ended.stdout], [0, ""], ended.stderr);
    assertStringIncludes(ended.stderr, "efficientnet_lite0.explainer.onnx  15.9 MB");
    assertEquals(filesIn(folder), ["efficientnet_lite0.explainer.onnx"]);
    const { inputs, metadata } = inspectOnnx(
      Deno.readFileSync(`${folder}/efficientnet_lite0.explainer.onnx`),
    );
    assertEquals([inputs.length, metadata["format"], metadata["method"]], [1, "ptame-explainer", "ptame"]);
  });
});

Deno.test("models export --method writes the method into the file", async () => {
  await inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const written: [string[], string, string][] = [
      [
        ["--method", "layercam", "--layer", "relu_out", "--out", "layer.onnx"],
        "layercam",
        "Layer-CAM, layer: relu_out",
      ],
      [
        ["--method", "integrated-gradients", "--steps", "3"],
        "integrated-gradients",
        "small, Integrated Gradients",
      ],
    ];
    for (const [args, method, said] of written) {
      const ended = await runCli(["models", "export", "small.onnx", ...args], folder);
      assertEquals([ended.code, ended.stdout], [0, ""], ended.stderr);
      assertStringIncludes(ended.stderr, said);
      const out = args.includes("--out") ? "layer.onnx" : "small.explainer.onnx";
      assertEquals(inspectOnnx(Deno.readFileSync(`${folder}/${out}`)).metadata["method"], method);
    }
    assertEquals(filesIn(folder), ["layer.onnx", "small.explainer.onnx", "small.onnx"]);
  });
});

Deno.test("models export refuses with one line, and leaves nothing half written", async () => {
  await inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    Deno.writeTextFileSync(`${folder}/text.onnx`, "no model");
    Deno.mkdirSync(`${folder}/folder.onnx`);
    const before = filesIn(folder);
    const cases: [string[], number, string][] = [
      [[], 2, "models export needs a network or an .onnx file"],
      [["resnet18", "vgg16"], 2, "Unexpected argument vgg16 of models export"],
      [["resnet18", "--out", "a.txt"], 2, "ends in .onnx, not a.txt"],
      [["small.onnx", "--out", "./small.onnx"], 2, "over its classifier small.onnx"],
      [["efficientnet_lite0", "--out", "folder.onnx"], 1, "Cannot write folder.onnx: it is a folder"],
      [["efficientnet_lite0", "--head", "none.safetensors"], 1, "Cannot read head none.safetensors"],
      [["text.onnx"], 1, "Cannot read ONNX model"],
      [["small.onnx", "--method", "rise"], 2, "--method"],
      [["small.onnx", "--method", "gradcam", "--steps", "3"], 2, "Option --steps is for "],
      [["small.onnx", "--method", "gradcam", "--head", "h.safetensors"], 2, "Option --head is for ptame"],
      [["small.onnx", "--layer", "relu_out"], 2, "Option --layer is for the baselines"],
      [["small.onnx"], 1, "deno task train --backbone small.onnx --auxiliary efficientnet_lite0"],
    ];
    // Programs of their own, two at a time: most of their time is their start.
    for (let i = 0; i < cases.length; i += 2) {
      await Promise.all(
        cases.slice(i, i + 2).map(async ([args, code, message]) => {
          const ended = await runCli(["models", "export", ...args], folder);
          assertEquals([ended.code, errorLines(ended).length], [code, 1], ended.stderr);
          assertStringIncludes(ended.stderr, message);
        }),
      );
    }
    assertEquals(filesIn(folder), before);
    assert(before.length === 3);
  });
});
