import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createBaseline } from "../../../src/baselines/explainer.ts";
import { methodNamed } from "../../../src/baselines/methods.ts";
import { explanationDocument } from "../../../src/cli/explain/document.ts";
import type { ExplainedFile } from "../../../src/cli/explain/image.ts";
import { completenessText, settlingText } from "../../../src/cli/explain/table.ts";
import type { MapExplanation } from "../../../src/explanation/map_explanation.ts";
import { explainCommand } from "../../../src/cli/explain/mod.ts";
import {
  chooseMethod,
  classlessText,
  METHOD_OPTIONS,
  openExplainer,
  passesText,
} from "../../../src/cli/explain/method.ts";
import { HEAD_OPTIONS } from "../../../src/cli/explainer_options.ts";
import { parseArguments } from "../../../src/cli/options/command.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { smallClassifier } from "../../ptame/small_classifier.ts";
import { warmUpWasm } from "../../support/devices.ts";
import { runCli } from "../../support/run_cli.ts";

await warmUpWasm();

const PHOTO = decodeURIComponent(new URL("../../fixtures/image/photo_0.jpg", import.meta.url).pathname);

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("explain --method gradcam explains the default network, and says whose map it is", () =>
  inFolder(async (folder) => {
    const args = ["explain", PHOTO, "--method", "gradcam", "--device", "wasm", "--json", "--map", "m.json"];
    const ended = await runCli(args, folder);
    assertEquals(ended.code, 0, ended.stderr);
    const document = JSON.parse(ended.stdout);
    assertEquals([document.method, document.model], ["gradcam", "efficientnet_lite0"]);
    assertEquals([document.auxiliary, document.head], [undefined, undefined]);
    const { width, height, max } = document.targets[0].map;
    assertEquals([width, height, max], [7, 7, 1]);
    assert(Deno.statSync(`${folder}/${document.out}`).size > 1000);
    const map = JSON.parse(Deno.readTextFileSync(`${folder}/m.json`));
    assertEquals([map.values.length, map.raw.length], [49, 49]);
    const { name, ...size } = document.layer;
    assertEquals(size, { channels: 1280, height: 7, width: 7 });
    assert(name.length > 0 && Math.min(...map.raw) === document.targets[0].raw.min);
  }));

Deno.test("explain --method takes a layer, for an .onnx classifier without a head", () =>
  inFolder(async (folder) => {
    const explain = (layer: string) => {
      const model = [
        "--model",
        `${folder}/small.onnx`,
        "--device",
        "wasm",
        "--method",
        "layercam",
        "--layer",
        layer,
      ];
      const results = ["--out", `${folder}/`, "--map", `${folder}/m.json`, "--quiet"];
      return explainCommand([PHOTO, ...model, ...results], new AbortController().signal);
    };
    assertEquals(await explain("relu"), 0);
    assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/m.json`)).width, 16);
    await Deno.remove(`${folder}/m.json`);
    await assertRejects(() => explain("rleu"), RangeError, 'Unknown layer "rleu": did you mean relu?');
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(left, ["photo_0.explained.png", "small.onnx"]);
  }));

Deno.test("explain that fails while its image is still on the way stops reading it", () =>
  inFolder(async (folder) => {
    let [asked, stopped] = [false, false];
    const end = new AbortController();
    const settings = { port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: end.signal };
    const server = Deno.serve(settings, () => {
      asked = true;
      // The image comes byte by byte and never ends: the server hears that nobody reads when it writes.
      const body = new ReadableStream<Uint8Array>({
        pull: async (stream) => {
          await new Promise((next) => setTimeout(next, 20));
          if (!stopped) stream.enqueue(new Uint8Array(1));
        },
        cancel: () => void (stopped = true),
      });
      return new Response(body, { headers: { "content-type": "image/jpeg" } });
    });
    try {
      const image = `http://127.0.0.1:${server.addr.port}/photo.jpg`;
      const model = ["--model", `${folder}/small.onnx`, "--device", "wasm", "--method", "layercam"];
      const args = [image, ...model, "--layer", "rleu", "--out", `${folder}/`, "--quiet"];
      const explain = () => explainCommand(args, new AbortController().signal);
      await assertRejects(explain, RangeError, "did you mean relu?");
      // It may fail before the image is requested, and then does not request it.
      const readers = () => asked && !stopped;
      for (let wait = 0; wait < 20 || (wait < 100 && readers()); wait++) {
        await new Promise((next) => setTimeout(next, 50));
      }
      assert(!readers(), "the image is still being read");
      // The last byte's wait.
      await new Promise((next) => setTimeout(next, 50));
    } finally {
      end.abort();
      await server.finished;
    }
  }));

const given = (...args: string[]) =>
  parseArguments({ name: "explain", about: "", options: { ...METHOD_OPTIONS, ...HEAD_OPTIONS } }, args);
const asked = (...args: string[]) => chooseMethod(given(...args).options);

Deno.test("chooseMethod() refuses options of another method", () => {
  const cases: [string[], string][] = [
    [["--method", "grad-cam"], "did you mean gradcam?"],
    [["--method", "gradcam", "--head", "h.safetensors"], "Option --head is for ptame; gradcam has none"],
    [["--layer", "layer4"], "Option --layer is for the baselines, see --method; ptame has none"],
    [
      ["--method", "rise", "--tap", "layer4"],
      "Option --layer is for methods that look at activations; rise does not",
    ],
    [
      ["--method", "lime", "--settle", "0.9"],
      "Option --settle is for rise; lime has a fixed number of passes",
    ],
    [["--settle", "0.9"], "Option --settle is for the baselines, see --method; ptame has none"],
    [["--masks", "9"], "Option --masks is for the baselines, see --method; ptame has none"],
    [
      ["--method", "rise", "--samples", "9"],
      "Option --samples is for sobol, smoothgrad, expected-gradients; rise has --masks",
    ],
    [
      ["--method", "rise", "--steps", "9"],
      "Option --steps is for extremal, integrated-gradients; rise has --masks",
    ],
    [
      ["--method", "gradcam", "--cam-channels", "9"],
      "Option --cam-channels is for scorecam; gradcam has no such number",
    ],
  ];
  for (const [args, message] of cases) {
    assertThrows(() => asked(...args), UsageError, message);
  }
  assertEquals(asked().name, "ptame");
  assertEquals(asked("--method", "ptame", "--head", "h").name, "ptame");
  assertEquals(asked("--method", "rise", "--seed", "1").name, "rise");
  for (const name of ["integrated-gradients", "extremal"]) {
    assertEquals(asked("--method", name, "--steps", "9").name, name);
  }
  assertEquals(given("--tap", "layer4").options.layer, "layer4", "the former name");
});

/** An explanation of which one overlay was written. */
const writtenFile = (explanation: MapExplanation): ExplainedFile => ({
  explanation,
  milliseconds: explanation.milliseconds,
  contrasts: undefined,
  outs: ["out.png"],
  regions: undefined,
  mapPath: undefined,
});

Deno.test("the sum of integrated gradients and the settling of RISE reach document and table", async () => {
  const settings = { model: smallClassifier(), device: "wasm" } as const;
  await using integrated = await createBaseline("integrated-gradients", { ...settings, steps: 3 });
  const explained = await integrated.explain(PHOTO);
  const file = writtenFile(explained);
  const { completeness } = explanationDocument(file, "photo.jpg", 0, integrated.backbone).targets[0]!;
  const { sum, difference } = completeness!;
  assert(Math.abs(sum - difference) < 0.2 * Math.abs(difference), `${sum} for ${difference}`);
  assertEquals(
    completenessText({ sum: 3.8, difference: 4 }),
    "the values add up to 3.8; the score changes by 4 from black to the image (5 % apart; --steps N lowers it)",
  );
  await using rise = await createBaseline("rise", { ...settings, masks: 4, settle: 0.9 });
  const drawn = await rise.explain(PHOTO);
  const other = writtenFile(drawn);
  assertEquals(explanationDocument(other, "photo.jpg", 0, rise.backbone).targets[0]!.settling?.masks, 4);
  assertEquals(
    settlingText({ masks: 4, agreement: 0.25, settled: false }),
    "the ranking has not settled after 4 masks (expected rank correlation with another run 0.250)",
  );
});

Deno.test("openExplainer() passes the number of masks and the seed on, and many passes are announced", async () => {
  const method = methodNamed("rise");
  const options = given("--method", "rise", "--masks", "120", "--seed", "4");
  await using explainer = await openExplainer(method, { model: smallClassifier(), device: "wasm" }, options);
  assertEquals(classlessText(method), undefined);
  assertEquals(
    classlessText(methodNamed("eigencam")),
    "Eigen-CAM asks for no class: all classes have the same map",
  );
  assertEquals(passesText(method, explainer), "RISE: 120 passes through small for each map");
  assertThrows(() => given("--masks", "0"), UsageError, "at least 1, not 0");
});
