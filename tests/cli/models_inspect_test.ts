import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../support/folders.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

const { files }: { files: Record<string, { onnx: string }> } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/outputs/outputs.json", import.meta.url)),
);
const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly from: string;
}

Deno.test("models inspect says what a file sees and gives, and where each entry was found", () =>
  inFolder(async (folder) => {
    const write = (name: string, settings: Record<string, unknown>) => {
      const onnx = Uint8Array.from(atob(files[name]!.onnx), (letter) => letter.charCodeAt(0));
      Deno.writeFileSync(`${folder}/${name}.onnx`, onnx);
      Deno.writeTextFileSync(`${folder}/${name}.json`, JSON.stringify(settings));
    };
    const inspect = async (...args: string[]) => {
      const ended = await runCli(["models", "inspect", ...args, "--json"], folder);
      assertEquals(ended.code, 0, ended.stderr);
      const { classifier } = JSON.parse(ended.stdout) as { classifier: Fact[] };
      const facts = Object.fromEntries(
        classifier.map(({ name, value, from }) => [name, `${value}: ${from}`]),
      );
      return { facts, stderr: ended.stderr };
    };
    write("zipmap_names", {});
    const plain = await inspect("zipmap_names.onnx");
    assertEquals(plain.facts, {
      input: "input, float32 [1, 3, 16, 16]: file",
      layout: "NCHW: file",
      channels: "RGB: assumed",
      size: "16 x 16: file",
      crop: "short side 18, then the centre: assumed",
      resampling: "bilinear, antialiased: assumed",
      mean: "0.485, 0.456, 0.406 of pixels in 0 to 1: assumed",
      std: "0.229, 0.224, 0.225: assumed",
      output: "p, one of map, p: assumed",
      activation: "softmax in the file: file",
      labels: "5 classes: ant, bee, cat, …: file",
    });
    assertStringIncludes(
      plain.stderr,
      "Assumed, because nothing says it: channels RGB; crop short side 18, then the centre; resampling bilinear, " +
        "antialiased; ImageNet's normalisation; output p, one of map, p (options",
    );

    write("logits", { range: [-1, 1], activation: "sigmoid", labels: ["a", "b", "c", "d", "e"] });
    const { facts } = await inspect("logits.onnx", "--resize", "20", "--channels", "BGR");
    assertEquals([facts["channels"], facts["crop"]], [
      "BGR: settings",
      "short side 20, then the centre: settings",
    ]);
    assertEquals([facts["mean"], facts["std"]], [
      "0.5, 0.5, 0.5 of pixels in 0 to 1: settings",
      "0.5, 0.5, 0.5: settings",
    ]);
    assertEquals([facts["output"], facts["activation"]], ["logits: file", "sigmoid of the scores: settings"]);
    assertEquals(facts["labels"], "5 classes: a, b, c, …: settings");

    const table = await runCli(["models", "inspect", "zipmap_names.onnx"], folder);
    assertStringIncludes(table.stdout.replace(/ +/g, " "), "\nsize 16 x 16 file\n");
    for (
      const [args, code, message] of [
        [["zipmap_names.json"], 2, "takes the path of an .onnx file, not zipmap_names.json"],
        [[], 2, "models inspect takes the path of an .onnx file"],
        [["none.onnx"], 1, "Cannot read model none.onnx"],
      ] as [string[], number, string][]
    ) {
      const ended = await runCli(["models", "inspect", ...args], folder);
      assertEquals([ended.code, errorLines(ended).length], [code, 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }

    const args = [
      "explain",
      PHOTO,
      "--model",
      "zipmap_names.onnx",
      "--method",
      "gradcam",
      "--device",
      "wasm",
    ];
    const explained = await runCli([...args, "--verbose", "--json"], folder);
    assertEquals(explained.code, 0, explained.stderr);
    const lines = explained.stderr.replace(/ +/g, " ");
    assertStringIncludes(lines, "\n mean 0.485, 0.456, 0.406 of pixels in 0 to 1 assumed\n");
    assertStringIncludes(lines, "\n Layer maps: 8 channels of 7 x 7\n");
    assertEquals((JSON.parse(explained.stdout) as { classifier: Fact[] }).classifier.length, 11);
  }));
