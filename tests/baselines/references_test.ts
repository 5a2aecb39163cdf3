/**
 * The baselines at full size against PyTorch, from the same weights and picture (tests/fixtures/baselines/generate.py,
 * float64). Maps are compared in [0, 1], Integrated Gradients in units of their largest magnitude.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { gradCamMap } from "../../src/baselines/activation/grad_cam.ts";
import { gradCamPlusPlusMap } from "../../src/baselines/activation/grad_cam_plus_plus.ts";
import { hiResCamMap } from "../../src/baselines/activation/hires_cam.ts";
import { layerCamMap } from "../../src/baselines/activation/layer_cam.ts";
import type { OpenClassifier, OpenOptions } from "../../src/classifier/open.ts";
import { baselineNamed } from "../../src/baselines/methods.ts";
import { extremal } from "../../src/baselines/perturbation/extremal/extremal.ts";
import { scaleToMask } from "../../src/baselines/types.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { seededImage } from "../support/seeded_weights.ts";
import { seededClassifier } from "./support.ts";

await warmUpWasm();

type Name = "resnet18" | "vit_b_16";

interface Expected {
  readonly size: number;
  readonly maps: Readonly<Record<string, readonly number[]>>;
  readonly scored_channels: number;
  readonly integrated: {
    readonly steps: number;
    readonly positions: readonly number[];
    readonly values: readonly number[];
  };
}

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/baselines/maps.json", import.meta.url)),
) as {
  weight_seed: number;
  image_seed: number;
  target: number;
  extremal: { steps: number; areas: number[]; values: number[] };
  networks: Record<Name, Expected>;
};

const { target } = FIXTURE;
const LIMIT = 1e-4;
const picture = seededImage(FIXTURE.image_seed);

function seeded(name: Name, options: OpenOptions = {}): Promise<OpenClassifier> {
  return seededClassifier(findNetwork(name)!, FIXTURE.weight_seed, options);
}

function compare(
  name: Name,
  method: string,
  ours: ArrayLike<number>,
  theirs: readonly number[],
  limit = LIMIT,
): void {
  assertEquals(ours.length, theirs.length);
  const away = Math.max(...theirs.map((value, i) => Math.abs(ours[i]! - value)));
  console.log(`${name}: ${method} is away by ${away.toExponential(1)}`);
  assert(away < limit, `${method} of ${name} is away by ${away}`);
}

/** The three that need one pass there and back, from one pass. */
async function compareGradientMaps(name: Name, classifier: OpenClassifier): Promise<void> {
  const expected = FIXTURE.networks[name];
  assertEquals(classifier.tap().width, expected.size);
  const pass = await classifier.tapped(picture, target);
  const formulas = { "gradcam": gradCamMap, "gradcam++": gradCamPlusPlusMap, "layercam": layerCamMap };
  for (const [method, formula] of Object.entries(formulas)) {
    compare(name, method, scaleToMask(formula(pass), "range").values, expected.maps[method]!);
  }
}

/** HiResCAM at the usual tap, where the theory tells its map, and at the tap of the fixture. */
async function compareHiResCam(name: Name, classifier: OpenClassifier): Promise<void> {
  const { gradcam, hirescam } = FIXTURE.networks[name].maps;
  const usual = await classifier.tapped(picture, target);
  // A layer normalisation follows in ViT; global average pooling and a linear layer follow in ResNet-18.
  if (name === "vit_b_16") assertThrows(() => hiResCamMap(usual), TypeError, "cancels at every position");
  else compare(name, "hirescam before pooling", scaleToMask(hiResCamMap(usual), "range").values, gradcam!);
  // The value of the ViT is the first normalisation of encoder layer 11.
  await using other = await seeded(name, {
    layer: name === "resnet18" ? "layer3" : "layernormalization_23_out",
  });
  const map = hiResCamMap(await other.tapped(picture, target));
  compare(name, "hirescam", scaleToMask(map, "range").values, hirescam!);
}

async function comparePasses(name: Name, classifier: OpenClassifier): Promise<void> {
  const { maps, scored_channels, integrated } = FIXTURE.networks[name];
  for (const method of ["scorecam", "ablationcam"]) {
    if (maps[method] === undefined) continue;
    const { create, view } = baselineNamed(method);
    const map = await (await create(classifier, { camChannels: scored_channels }))(picture, target);
    compare(name, method, scaleToMask(map, view).values, maps[method]);
  }
  const { steps, positions, values } = integrated;
  const attribute = await baselineNamed("integrated-gradients").create(classifier, { steps });
  const raw = (await attribute(picture, target)).values;
  const largest = raw.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  compare(name, "integrated gradients", positions.map((at) => raw[at]! / largest), values);
}

async function compareExtremal(classifier: OpenClassifier): Promise<void> {
  const { steps, areas, values: theirs } = FIXTURE.extremal;
  const { values } = await extremal(classifier, { steps, areas })(picture, target);
  // The start is 1 everywhere; the steps of the fixture must have moved the mask, up and down.
  assert(Math.max(...theirs) > 0.99 && Math.min(...theirs) < 0.9, "the fixture has no steps");
  // The area term sorts the values, and neighbours in that order may change places by a rounding.
  compare("resnet18", "extremal perturbations", values.filter((_, i) => i % 7 === 0), theirs, 2e-3);
}

Deno.test(
  "Grad-CAM, Grad-CAM++, Layer-CAM, HiResCAM, Score-CAM, Ablation-CAM, extremal perturbations and Integrated Gradients of ResNet-18 agree with PyTorch's formulas",
  { ignore: !heavyTests() },
  async () => {
    await using classifier = await seeded("resnet18");
    await compareGradientMaps("resnet18", classifier);
    await comparePasses("resnet18", classifier);
    await compareExtremal(classifier);
    await compareHiResCam("resnet18", classifier);
  },
);

Deno.test({
  name:
    "Grad-CAM, Grad-CAM++, Layer-CAM, HiResCAM, Score-CAM and Integrated Gradients of ViT-B/16 agree with PyTorch's formulas",
  // Five sessions of 343 MB of weights each: half a minute of CPU.
  ignore: !heavyTests(),
  fn: async () => {
    await using classifier = await seeded("vit_b_16");
    await compareGradientMaps("vit_b_16", classifier);
    await comparePasses("vit_b_16", classifier);
    await compareHiResCam("vit_b_16", classifier);
  },
});
