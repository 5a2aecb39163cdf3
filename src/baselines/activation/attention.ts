/**
 * Explanations by the attentions A_l of a transformer, from block 1 to L.
 *
 * **Attention rollout** (Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3): the mean over
 * heads with half an identity for the residual connection, multiplied from the first block to the last; the class token's
 * row of the product. It asks for no class.
 *
 *     R = Ã_L ⋯ Ã_1        Ã_l = ½ (mean_heads A_l + 1)
 *
 * **LeGrad** (Bousselham et al. 2024, "LeGrad: An Explainability Method for Vision Transformers via Feature Formation
 * Sensitivity", equations 6 to 8): how the score s_l that the network's last part gives to the tokens after block l
 * changes with that block's attention.
 *
 *     E = Σ_l mean_{heads, rows} ReLU(∂s_l/∂A_l)
 *
 * Without a class token, rollout takes the mean of all rows. The graphs are in src/classifier/graphs/attention.ts.
 *
 * @module
 */
import type { AttentionKind, OpenClassifier } from "../../classifier/open.ts";
import type { Attribute } from "../types.ts";

/**
 * The map of a transformer's attentions.
 *
 * @throws {TypeError} When a map is requested and the classifier has no attention over all tokens.
 */
export function byAttention(classifier: OpenClassifier, kind: AttentionKind): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const map = await classifier.attention(kind, pixels, target, signal);
    return { ...map, withoutGradient: kind === "legrad" && map.values.every((value) => value === 0) };
  };
}
