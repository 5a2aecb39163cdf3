/** The head as the paper writes it, which the lazy head is held to and timed against. */
import type { Builder } from "../../src/graph/builder.ts";
import type { Value } from "../../src/graph/types.ts";
import { countDoublings, FUSER, upsampleByDoubling } from "../../src/ptame/head.ts";

/**
 * All maps as the paper writes them: every feature up-sampled by repeated ×2 interpolation, concatenated, then the
 * fuser as a 1×1 convolution. Costs more than the auxiliary itself.
 *
 * @returns [N, classes, S, S], before sigmoid or min–max.
 */
export function allMaps(b: Builder, features: readonly Value[], classes: number): Value {
  const sizes = features.map((feature) => feature.shape[2]!);
  const doublings = countDoublings(sizes);
  const large = features.map((feature, index) => {
    let x = feature;
    // Not by Resize: on two wasm threads of a busy machine its linear form hangs for good (onnxruntime-web 1.30).
    for (let step = 0; step < doublings[index]!; step++) x = upsampleByDoubling(b, x, 1);
    return x;
  });
  const together = b.concat(large, 1);
  return b.conv(together, b.weight(FUSER, [classes, together.shape[1]!, 1, 1]));
}
