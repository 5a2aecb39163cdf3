/**
 * Peak resident memory of a process that explains one picture, weights on disk.
 *
 * @module
 */
import { runModule } from "../programs.ts";
import type { Part, Row } from "../measure.ts";
import { type Pairing, titleOf, writeWeights } from "../networks.ts";

const CASES: readonly Pairing[] = [
  { model: "efficientnet_lite0", auxiliary: "efficientnet_lite0" },
  { model: "resnet50", auxiliary: "resnet18" },
  { model: "vgg16", auxiliary: "resnet18" },
  { model: "vit_b_16", auxiliary: "resnet18" },
];

const SCRIPT = decodeURIComponent(new URL("../explain_once.ts", import.meta.url).pathname);

/** What a process of its own says after it has explained the sample. */
export interface Once {
  /** Peak resident memory in MB. */
  readonly peak: number;
  /** Milliseconds from opening the networks to the explanation. */
  readonly milliseconds: number;
}

/** Explains the sample in a process of its own. */
export async function explainOnce(args: readonly string[]): Promise<Once> {
  return JSON.parse(await runModule(SCRIPT, args));
}

/** Peak resident memory on wasm, where all networks share one memory that never shrinks. */
export const memory: Part = async function* ({ folder, doing }) {
  let base: Row | undefined;
  for (const pairing of CASES) {
    const args = ["--device", "wasm", "--model", pairing.model, "--auxiliary", pairing.auxiliary];
    for (
      const [option, name] of [["--weights", pairing.model], [
        "--auxiliary-weights",
        pairing.auxiliary,
      ]] as const
    ) {
      if (name === "efficientnet_lite0") continue;
      const path = `${folder}/${name}.safetensors`;
      doing(`weights of ${name}`);
      if (!(await Deno.stat(path).catch(() => undefined))) await writeWeights(name, path);
      args.push(option, path);
    }
    doing(`peak memory of ${titleOf(pairing)}`);
    const { peak } = await explainOnce(args);
    const row: Row = {
      name: "memory: peak, one explanation",
      device: "wasm",
      model: titleOf(pairing),
      median: peak,
      unit: "MB",
      against: base === undefined ? "" : base.model,
      ratio: base === undefined ? 1 : peak / base.median,
      spread: 0,
    };
    base ??= row;
    yield row;
  }
};
