/**
 * The lazy head, one class fused at each tap's own size, against all maps as the paper writes them.
 *
 * @module
 */
import { findNetwork } from "../../models/registry.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { fuseMap, minMax } from "../../src/ptame/fuse.ts";
import { headParameters, minMaxMask } from "../../src/ptame/head.ts";
import { findHeadShape } from "../../src/ptame/explainer_graph.ts";
import { float32Tensor, openSession } from "../../src/runtime/mod.ts";
import { allMaps } from "../../tests/support/all_maps.ts";
import { seededHead } from "../../tests/ptame/seeded_networks.ts";
import { seededTensor } from "../../tests/support/seeded_weights.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { bindWeights } from "../../src/weights/bind.ts";
import { encodeSafetensors, parseSafetensors } from "../../src/weights/safetensors.ts";
import { inTurns, type Part, rowsAgainst } from "../measure.ts";
import { PAIRINGS } from "../networks.ts";

/** From the same features: the map of one class, and the maps of all 1000. */
export const head: Part = async function* ({ rounds, devices, doing }) {
  for (const device of devices) {
    for (const { auxiliary } of PAIRINGS) {
      doing(`head of ${auxiliary} on ${device}`);
      const shape = findHeadShape(findNetwork(auxiliary)!, 1000);
      const features = shape.channels.map((channels, i) => {
        const size = shape.sizes[i]!;
        return { channels, size, data: seededTensor(`feature${i}`, [channels, size, size]) };
      });
      const b = createBuilder("all maps");
      const inputs = features.map(({ channels, size }, i) =>
        b.input(`f${i}`, "float32", [1, channels, size, size])
      );
      b.output(minMaxMask(b, allMaps(b, inputs, 1000)), "masks");
      const tensors = seededHead(shape, 1).filter(({ name }) => headParameters(shape).has(name));
      const bytes = encodeSafetensors(
        tensors.map(({ name, shape, data }) => ({
          name,
          shape,
          type: "float32",
          data: new Uint8Array(data.buffer),
        })),
      );
      const file = { name: "head", content: toByteSource(bytes), table: parseSafetensors(bytes) };
      const bound = bindWeights({ graph: b.build(), files: new Map() }, file);
      const session = await openSession(bound.graph, { device, files: bound.files });
      const feeds = Object.fromEntries(
        features.map((
          { channels, size, data },
          i,
        ) => [`f${i}`, float32Tensor(data, [1, channels, size, size])]),
      );
      const row = tensors.find(({ name }) => name === "fuser.weight")!.data.subarray(
        0,
        shape.channels.reduce((a, c) => a + c),
      );
      const times = await inTurns({
        "all 1000 maps": () => session.run(feeds),
        "one class, lazy": () => minMax(fuseMap(features, row)),
      }, rounds);
      await session.dispose();
      yield* rowsAgainst(times, "all 1000 maps", { part: "head", device, model: auxiliary });
    }
  }
};
