/**
 * Upgrades of whole attentions, which came as one operator with 23, to the products and the softmax that they stand for.
 *
 * @module
 */
import { elementCount, floatAttribute, intAttribute, type Value } from "../../types.ts";
import type { GraphEditor } from "../graph_editor.ts";
import { inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";

/** [N, T, heads · D] as [N, heads, T, D]; four axes as they are. */
function splitHeads(w: GraphEditor, x: Value, heads: number): Value {
  if (x.shape.length === 4) return x;
  const [n, tokens, width] = x.shape as [number, number, number];
  if (heads < 1 || width % heads !== 0) throw new TypeError(`${width} channels are not ${heads} heads`);
  return w.transpose(w.reshape(x, [n, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, T, D] as [N, T, heads · D]. */
function joinHeads(w: GraphEditor, x: Value): Value {
  const [n, heads, tokens, depth] = x.shape as [number, number, number, number];
  return w.reshape(w.transpose(x, [0, 2, 1, 3]), [n, tokens, heads * depth]);
}

/** Each head several times in a row, for queries of more heads than keys. */
function repeatedHeads(w: GraphEditor, x: Value, heads: number): Value {
  const [n, own, tokens, depth] = x.shape as [number, number, number, number];
  if (own === heads) return x;
  const wide = w.expand(w.reshape(x, [n, own, 1, tokens, depth]), [n, own, heads / own, tokens, depth]);
  return w.reshape(wide, [n, heads, tokens, depth]);
}

/** softmax(q·kᵀ·scale + mask)·v over [N, heads, T, D]. */
function attended(
  w: GraphEditor,
  [q, k, v]: readonly [Value, Value, Value],
  scale: number,
  act: (scores: Value) => Value = (scores) => scores,
): Value {
  const scores = w.mul(w.matmul(q, w.transpose(k, [0, 1, 3, 2])), scale);
  return w.matmul(w.softmax(act(scores)), v);
}

/** What is added where a token must not be looked at: as good as −∞, and no NaN where all are masked. */
const MASKED = -3.4028234663852886e38;

function withMask(w: GraphEditor, scores: Value, mask: Value | undefined): Value {
  if (mask === undefined) return scores;
  return mask.type === "bool"
    ? w.where(mask, scores, w.constant(scores.type, [], [MASKED]))
    : w.add(scores, mask);
}

/** Scores of tokens that come later are masked. */
function causal(w: GraphEditor, scores: Value): Value {
  const [tokens, others] = scores.shape.slice(-2) as [number, number];
  const bias = Float64Array.from(
    { length: tokens * others },
    (_, i) => i % others > Math.floor(i / others) ? MASKED : 0,
  );
  return w.add(scores, w.constant(scores.type, [tokens, others], bias));
}

/** ONNX's own attention, sets 23 and 24. */
const attention: Rewrite = (node) => {
  const { w, attributes, inputs } = node;
  refuseOutputs(node, 1);
  if (inputs.slice(4).some((value) => value !== undefined)) {
    throw new TypeError("it has keys and values of earlier tokens, which is not supported");
  }
  const x = inputAt(node, 0);
  const queryHeads = intAttribute(attributes, "q_num_heads", 1);
  const keyHeads = intAttribute(attributes, "kv_num_heads", queryHeads);
  const q = splitHeads(w, x, queryHeads);
  const heads = q.shape[1]!;
  const [k, v] = [1, 2].map((index) =>
    repeatedHeads(w, splitHeads(w, inputAt(node, index), keyHeads), heads)
  ) as [Value, Value];
  const scale = floatAttribute(attributes, "scale", 1 / Math.sqrt(q.shape[3]!));
  const cap = floatAttribute(attributes, "softcap", 0);
  const result = attended(w, [q, k, v], scale, (scores) => {
    const capped = cap > 0 ? w.mul(w.tanh(w.div(scores, cap)), cap) : scores;
    const seen = intAttribute(attributes, "is_causal", 0) === 1 ? causal(w, capped) : capped;
    return withMask(w, seen, inputs[3]);
  });
  return [x.shape.length === 3 ? joinHeads(w, result) : result];
};

/** ONNX Runtime's attention of separate queries, keys and values [N, T, heads · D]. */
const multiHeadAttention: Rewrite = (node) => {
  const { w, attributes, inputs } = node;
  refuseOutputs(node, 1);
  // Input 3 is a bias of all three, 5 one of the scores; a mask of keys and earlier tokens are others.
  if ([4, 6, 7, 8, 9].some((index) => inputs[index] !== undefined)) {
    throw new TypeError("its mask of keys, or its earlier tokens, are not supported");
  }
  const heads = intAttribute(attributes, "num_heads", 1);
  const widths = [0, 1, 2].map((index) => inputAt(node, index).shape.at(-1)!);
  const biases = inputs[3] === undefined ? [] : w.split(inputs[3], 0, widths);
  const [q, k, v] = [0, 1, 2].map((index) => {
    const x = inputAt(node, index);
    if (x.shape.length !== 3) throw new TypeError(`its input ${index} has ${x.shape.length} axes, not 3`);
    return splitHeads(w, biases[index] === undefined ? x : w.add(x, biases[index]), heads);
  }) as [Value, Value, Value];
  const scale = floatAttribute(attributes, "scale", 0) || 1 / Math.sqrt(q.shape[3]!);
  const one = intAttribute(attributes, "unidirectional", 0) === 1;
  const result = attended(w, [q, k, v], scale, (scores) => {
    const biased = inputs[5] === undefined ? scores : w.add(scores, inputs[5]);
    return one ? causal(w, biased) : biased;
  });
  return [joinHeads(w, result)];
};

/** ONNX Runtime's attention with the projection to queries, keys and values inside. */
const projectedAttention: Rewrite = (node) => {
  const { w, attributes, inputs } = node;
  refuseOutputs(node, 1);
  if ([3, 4, 6].some((index) => inputs[index] !== undefined)) {
    throw new TypeError("its mask, or its earlier tokens, are not supported");
  }
  const heads = intAttribute(attributes, "num_heads", 1);
  const product = w.matmul(inputAt(node, 0), inputAt(node, 1));
  const all = inputs[2] === undefined ? product : w.add(product, inputs[2]);
  const given = attributes["qkv_hidden_sizes"];
  const width = all.shape.at(-1)!;
  const sizes = given?.type === "ints" ? given.value : [width / 3, width / 3, width / 3];
  const [q, k, v] = w.split(all, 2, sizes).map((each) => splitHeads(w, each, heads)) as [Value, Value, Value];
  const scale = floatAttribute(attributes, "scale", 0) || 1 / Math.sqrt(q.shape[3]!);
  const one = intAttribute(attributes, "unidirectional", 0) === 1;
  const result = attended(w, [q, k, v], scale, (scores) => {
    const biased = inputs[5] === undefined ? scores : w.add(scores, inputs[5]);
    return one ? causal(w, biased) : biased;
  });
  return [joinHeads(w, result)];
};

/** Pairs of channels turned by an angle that depends on the token, set 23. */
const rotaryEmbedding: Rewrite = (node) => {
  const { w, attributes, inputs } = node;
  const given = inputAt(node, 0);
  const x = splitHeads(w, given, intAttribute(attributes, "num_heads", 1));
  const [n, , tokens, depth] = x.shape as [number, number, number, number];
  const turned = intAttribute(attributes, "rotary_embedding_dim", 0) || depth;
  const half = turned / 2;
  const table = (index: number) => {
    const values = inputAt(node, index);
    const own = inputs[3] === undefined ? values : w.gather(values, inputs[3]);
    return w.reshape(own, [elementCount(own.shape) / (tokens * half), 1, tokens, half]);
  };
  const [cos, sin] = [table(1), table(2)];
  const [moving, still] = turned === depth ? [x, undefined] : w.split(x, 3, [turned, depth - turned]);
  const interleaved = intAttribute(attributes, "interleaved", 0) === 1;
  // Neighbours are a pair, or the two halves are.
  const heads = x.shape[1]!;
  const pairs = interleaved
    ? w.split(w.reshape(moving!, [n, heads, tokens, half, 2]), 4, [1, 1]).map((each) =>
      w.reshape(each, [n, heads, tokens, half])
    )
    : w.split(moving!, 3, [half, half]);
  const [a, b] = pairs as [Value, Value];
  const [left, right] = [w.sub(w.mul(a, cos), w.mul(b, sin)), w.add(w.mul(a, sin), w.mul(b, cos))];
  const unit = (each: Value) => w.reshape(each, [n, heads, tokens, half, 1]);
  const whole = interleaved
    ? w.reshape(w.concat([unit(left), unit(right)], 4), [n, heads, tokens, turned])
    : w.concat([left, right], 3);
  const result = still === undefined ? whole : w.concat([whole, still], 3);
  return [given.shape.length === 3 ? joinHeads(w, result) : result];
};

/** Refuses outputs after the first `count`: keys and values for later tokens, the scores themselves. */
function refuseOutputs({ node }: RewriteInput, count: number): void {
  if (node.outputs.slice(count).some((name) => name !== "")) {
    throw new TypeError(`its output ${count} is not supported`);
  }
}

/** Rules by operator. */
export const ATTENTION: Readonly<Record<string, Rewrite>> = {
  Attention: attention,
  RotaryEmbedding: rotaryEmbedding,
  "com.microsoft.MultiHeadAttention": multiHeadAttention,
  "com.microsoft.Attention": projectedAttention,
};
