import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { sanityCommand } from "../../src/cli/sanity/mod.ts";
import { UsageError } from "../../src/cli/usage.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

Deno.test("sanity randomises an .onnx classifier layer by layer under Grad-CAM", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const common = ["sanity", "--images", PHOTO, "--model", "small.onnx", "--device", "wasm"];
    const checks = ["--other-class", "--smooth", "2", "--order", "bottom-up"];
    const ended = await runCli([...common, "--method", "gradcam", ...checks, "--json"], folder);
    assertEquals(ended.code, 0, ended.stderr);
    assertStringIncludes(ended.stderr, "gradcam of small, 1 image(s)");
    const { model, method, images, variants } = JSON.parse(ended.stdout);
    assertEquals([model, method, images, variants.length], ["small", "gradcam", 1, 4]);
    assertEquals(variants[0].variant, "another class");
    for (const { spearman, flat } of variants) assert(flat === 1 || Math.abs(spearman.value) <= 1);
    assertEquals(errorLines(ended), []);

    // The first ten classes are all to train on, of which share ever: nothing is left to check on.
    const held = ["--held-out-classes", "0.2", "--part", "score"];
    const none = await runCli([...common, "--method", "gradcam", ...held], folder);
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, "none of the 1 images is of held-out classes (0.2), part score");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sanity refuses what its method has not", async () => {
  const cases: [string[], string][] = [
    [[], "Option --images of sanity is required"],
    [["--images", PHOTO, "--stages", "2"], "Options --order, --stages and --smooth are for baselines"],
    [
      ["--images", PHOTO, "--method", "gradcam", "--swap", "h"],
      "Option --swap is for ptame; gradcam has no head",
    ],
    [
      ["--images", PHOTO, "--method", "gradcam", "--order", "cascade"],
      "takes one of cascading, bottom-up, independent, not cascade",
    ],
    [["--images", PHOTO, "--samples", "3"], "Option --samples is for the baselines"],
    [["--images", PHOTO, "--part", "score"], "belong together"],
    [["--images", PHOTO, "--shard", "2"], "Option --shard takes K/N"],
    [["photo.jpg"], "Unexpected argument photo.jpg of sanity"],
  ];
  for (const [args, message] of cases) {
    await assertRejects(
      () => sanityCommand([...args, "--quiet"], new AbortController().signal),
      UsageError,
      message,
    );
  }
});
