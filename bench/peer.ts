/**
 * The same job in PyTorch on this machine, in turn with ours, pair by pair: an explanation, a training step, and a
 * process from its start to the picture that it has written. ResNet-50 explained, ResNet-18 as auxiliary.
 *
 *     deno task bench:peer [--python /usr/bin/python3] [--rounds 11] [--json]
 *
 * `--python` names the interpreter, and with it which PyTorch: a distribution's, or one of PyPI in a virtual environment.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { findNetwork } from "../models/registry.ts";
import { decodeImage } from "../src/image/decode.ts";
import { preprocess } from "../src/image/preprocess.ts";
import { createExplainer } from "../src/ptame/explainer.ts";
import { findHeadShape } from "../src/ptame/explainer_graph.ts";
import { initialState } from "../src/ptame/training/training_state.ts";
import { seededFrozen, seededHead } from "../tests/ptame/seeded_networks.ts";
import { openWholeStep } from "../tests/support/whole_step.ts";
import { seededImage } from "../tests/support/seeded_weights.ts";
import { CLI, runModule, runProgram } from "./programs.ts";
import { type Contestant, inTurns, lineOf, type Row, rowsAgainst } from "./measure.ts";
import { explainerOptionsOf } from "./networks.ts";
import { PEER_SCRIPT, startPythonPeer } from "./python_peer.ts";

const SAMPLE = new URL("../models/sample/chelsea.jpg", import.meta.url);
const PAIRING = { model: "resnet50", auxiliary: "resnet18" };
const MODEL = "resnet50 + resnet18";
const HYPER = { learningRate: 1e-4, beta1: 0.9, weightDecay: 2.4266552933845608e-4 };
const LOSS = { ce: 0.16142940055382465, area: 0.8385705994463174, smooth: 0, border: 0, power: 0.3 };

const given = parseArgs(Deno.args, {
  boolean: ["json"],
  string: ["python", "rounds"],
});
const rounds = Number(given.rounds ?? "11");
const program = given.python ?? "/usr/bin/python3";
const python = await startPythonPeer(program).catch((error) => {
  console.error(`bench:peer: ${error.message}`);
  Deno.exit(1);
});
const peer = `PyTorch ${python.torch}, ${python.threads} threads`;
const release = `PyTorch ${python.torch.split(".").slice(0, 2).join(".")}`;
console.error(`beside ${peer}`);
const rows: Row[] = [];

/** Rows of ours against PyTorch's, in turns. */
async function compare(
  what: string,
  theirs: Contestant,
  ours: Readonly<Record<string, readonly [device: string, run: Contestant]>>,
  count = rounds,
): Promise<void> {
  const times = await inTurns({
    [peer]: theirs,
    ...Object.fromEntries(Object.entries(ours).map(([name, [, run]]) => [name, run])),
  }, count);
  const found = rowsAgainst(times, peer, { part: what, device: "cpu", model: MODEL })
    .map((row, i) => i === 0 ? row : { ...row, device: Object.values(ours)[i - 1]![0], against: release });
  rows.push(...found);
  if (!given.json) { for (const row of found) console.log(lineOf(row)); }
}

const picture = await decodeImage(SAMPLE);
const { pixels } = preprocess(picture, findNetwork(PAIRING.model)!.preprocessing);
{
  const native = await createExplainer({ ...explainerOptionsOf(PAIRING), device: "native" });
  const wasm = await createExplainer({ ...explainerOptionsOf(PAIRING), device: "wasm" });
  const whole = (explainer: typeof wasm) => async () => {
    const { milliseconds } = await explainer.explain(picture);
    return milliseconds.predict + milliseconds.explain;
  };
  await compare("explanation", () => python.ask("explain"), {
    "ptame, top class": ["native", whole(native)],
    "ptame, top class, wasm": ["wasm", whole(wasm)],
    // Without the backbone: the class is named.
    "ptame, class named, wasm": ["wasm", () => wasm.mask({ pixels }, 7)],
  });
  await native.dispose();
  await wasm.dispose();
}
{
  const [first, second] = [findNetwork(PAIRING.auxiliary)!, findNetwork(PAIRING.model)!];
  const [auxiliary, backbone] = [seededFrozen(first, 1), seededFrozen(second, 2)];
  const shape = findHeadShape(first, second.classes);
  const images = seededImage(4, [1, 3, 224, 224]);
  const open = (device: "wasm" | "native") =>
    openWholeStep(
      { auxiliary, backbone, shape, weights: LOSS, batch: 1, device },
      initialState(shape, seededHead(shape, 3)),
    );
  const [native, wasm] = [await open("native"), await open("wasm")];
  let step = 0;
  const run = (which: typeof wasm) => () => which.run({ images, targets: [7] }, { step: step++, ...HYPER });
  await compare("training step, label known", () => python.ask("train"), {
    "ptame": ["native", run(native)],
    "ptame, wasm": ["wasm", run(wasm)],
  });
  await native.dispose();
  await wasm.dispose();
}
await python.close();
{
  const folder = await Deno.makeTempDir({ prefix: "ptame-peer-" });
  const photo = decodeURIComponent(SAMPLE.pathname);
  await compare(
    "process start to written PNG",
    () => runProgram(program, [PEER_SCRIPT, "--once", photo, `${folder}/theirs.png`]),
    {
      "ptame, embedded default, wasm": [
        "wasm",
        () =>
          runModule(CLI, ["explain", photo, "--quiet", "--device", "wasm", "--out", `${folder}/ours.png`]),
      ],
    },
    Math.max(3, rounds >> 1),
  );
  await Deno.remove(folder, { recursive: true });
}
if (given.json) console.log(JSON.stringify(rows, null, 2));
Deno.exit(0);
