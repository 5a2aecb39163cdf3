/**
 * What explain() costs beyond the runs that it needs: of the networks alone, and of the sessions that it opens (the
 * networks with the head's convolutions in them). Decoding and preprocessing are listed apart.
 *
 * @module
 */
import { findNetwork } from "../../models/registry.ts";
import { networkPart } from "../../src/classifier/network_part.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { createExplainer, type Explainer } from "../../src/ptame/explainer.ts";
import { explainerGraph, HEAD_PREFIX, NETWORK_PREFIX } from "../../src/ptame/explainer_graph.ts";
import { AUXILIARY_PREFIX } from "../../src/ptame/explainer_graph.ts";
import { forwardGraph as networkGraph } from "../../src/ptame/training/step.ts";
import { type Device, float32Tensor, openSession, type Session } from "../../src/runtime/mod.ts";
import { bindWeights } from "../../src/weights/bind.ts";
import { loadWeights } from "../../src/weights/load_network.ts";
import { inTurns, type Part, rowsAgainst } from "../measure.ts";
import { explainerOptionsOf, type Pairing, PAIRINGS, titleOf, weightsOf } from "../networks.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);

/** The networks of a pairing without a head: the backbone's logits, the auxiliary's taps. */
async function openNetworks({ model, auxiliary }: Pairing, device: Device): Promise<Session[]> {
  const shared = model === auxiliary;
  const wanted = shared
    ? [[model, { logits: true, taps: true }]] as const
    : [[model, { logits: true, taps: false }], [auxiliary, { logits: false, taps: true }]] as const;
  return await Promise.all(wanted.map(async ([name, outputs]) => {
    const network = findNetwork(name)!;
    const own = networkPart(network, await loadWeights(network, weightsOf(network)));
    const graph = networkGraph(own, 1, AUXILIARY_PREFIX, outputs);
    const bound = own.bind({ graph, files: new Map() }, AUXILIARY_PREFIX);
    return await openSession(bound.graph, { device, files: bound.files });
  }));
}

/** The sessions that an explainer of the pairing runs. */
async function openSessions(
  { model, auxiliary }: Pairing,
  explainer: Explainer,
  device: Device,
): Promise<Session[]> {
  const sessions: Session[] = [];
  for (const name of new Set([model, auxiliary])) {
    const network = findNetwork(name)!;
    const features = name === auxiliary;
    const part = networkPart(network, await loadWeights(network, weightsOf(network)));
    const unbound = { graph: explainerGraph(part, { logits: name === model, features }), files: new Map() };
    const bound = part.bind(unbound, NETWORK_PREFIX);
    const whole = features ? bindWeights(bound, explainer.head.file, { prefix: HEAD_PREFIX }) : bound;
    sessions.push(await openSession(whole.graph, { device, files: whole.files }));
  }
  return sessions;
}

/** explain() without its picture's preparation, against the bare runs. */
export const overhead: Part = async function* ({ rounds, devices, doing }) {
  const picture = await decodeImage(SAMPLE);
  for (const device of devices) {
    for (const pairing of PAIRINGS) {
      doing(`overhead of explain(), ${titleOf(pairing)} on ${device}`);
      const explainer = await createExplainer({ ...explainerOptionsOf(pairing), device });
      const networks = await openNetworks(pairing, device);
      const sessions = await openSessions(pairing, explainer, device);
      const { preprocessing } = findNetwork(pairing.model)!;
      const image = float32Tensor(preprocess(picture, preprocessing).pixels, [1, 3, 224, 224]);
      const times = await inTurns({
        "networks, bare runs": async () => {
          for (const session of networks) await session.run({ images: image });
        },
        "networks and head, bare runs": async () => {
          for (const session of sessions) await session.run({ image });
        },
        // The picture's preparation is inside explain(): its own clock says what the rest took.
        "explain(), picture excluded": async () => {
          const { milliseconds } = await explainer.explain(picture);
          return milliseconds.predict + milliseconds.explain;
        },
      }, rounds);
      const about = { part: "overhead", device, model: titleOf(pairing) };
      const [bare, withHead, whole] = rowsAgainst(times, "networks, bare runs", about);
      yield* [bare!, withHead!, whole!];
      yield rowsAgainst(times, "networks and head, bare runs", about)[2]!;
      for (const session of [...networks, ...sessions]) await session.dispose();
      await explainer.dispose();
    }
  }
};
