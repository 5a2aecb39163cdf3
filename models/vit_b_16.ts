/**
 * ViT-B/16 as torchvision builds it (Dosovitskiy et al. 2020): 196 patches of 16×16 pixels and a class token through
 * twelve encoder layers. Tapped after every third layer, at the patch tokens laid out as a map.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Value } from "../src/graph/types.ts";
import { linear } from "./layers.ts";
import type { NetworkOutputs } from "./network.ts";

const WIDTH = 768;
const HEADS = 12;
const MLP_WIDTH = 3072;
const LAYERS = 12;
const PATCH = 16;
const EPSILON = 1e-6;

function layerNorm(b: Builder, x: Value, name: string): Value {
  return b.layerNorm(x, b.weight(`${name}.weight`, [WIDTH]), b.weight(`${name}.bias`, [WIDTH]), EPSILON);
}

/** Gaussian error linear unit in its exact form: x · (1 + erf(x / √2)) / 2. */
function gelu(b: Builder, x: Value): Value {
  const gate = b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1);
  return b.mul(b.mul(x, gate), 0.5);
}

/** Self-attention over tokens given as [N · T, WIDTH]. */
function attention(b: Builder, tokens: Value, batch: number, name: string): Value {
  const count = tokens.shape[0]! / batch;
  const size = WIDTH / HEADS;
  const weight = b.weight(`${name}.in_proj_weight`, [3 * WIDTH, WIDTH]);
  const bias = b.weight(`${name}.in_proj_bias`, [3 * WIDTH]);
  const projected = b.gemm(tokens, weight, bias, { transB: true });
  const [query, key, value] = b.split(projected, 1, [WIDTH, WIDTH, WIDTH])
    .map((part) => b.reshape(part, [batch, count, HEADS, size])) as [Value, Value, Value];
  const queries = b.mul(b.transpose(query, [0, 2, 1, 3]), 1 / Math.sqrt(size));
  const scores = b.softmax(b.matmul(queries, b.transpose(key, [0, 2, 3, 1])));
  const mixed = b.matmul(scores, b.transpose(value, [0, 2, 1, 3]));
  const joined = b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [batch * count, WIDTH]);
  return linear(b, joined, `${name}.out_proj`, WIDTH);
}

/** One encoder layer on [N · T, WIDTH]: attention, then two linear layers, each normalised before and added. */
function encoderLayer(b: Builder, x: Value, batch: number, name: string): Value {
  const attended = b.add(x, attention(b, layerNorm(b, x, `${name}.ln_1`), batch, `${name}.self_attention`));
  const hidden = gelu(b, linear(b, layerNorm(b, attended, `${name}.ln_2`), `${name}.mlp.0`, MLP_WIDTH));
  return b.add(attended, linear(b, hidden, `${name}.mlp.3`, WIDTH));
}

/** ViT-B/16 on 224² images: taps 768×14² after encoder layers 2, 5, 8 and 11. */
export function vitB16(b: Builder, image: Value): NetworkOutputs {
  const batch = image.shape[0]!;
  const projection = b.weight("conv_proj.weight", [WIDTH, 3, PATCH, PATCH]);
  const patches = b.conv(image, projection, b.weight("conv_proj.bias", [WIDTH]), { strides: [PATCH, PATCH] });
  const [rows, columns] = [patches.shape[2]!, patches.shape[3]!];
  const count = 1 + rows * columns;
  const flat = b.transpose(b.reshape(patches, [batch, WIDTH, rows * columns]), [0, 2, 1]);
  const classToken = b.expand(b.weight("class_token", [1, 1, WIDTH]), [batch, 1, WIDTH]);
  const positions = b.weight("encoder.pos_embedding", [1, count, WIDTH]);
  const tokens = b.add(b.concat([classToken, flat], 1), positions);
  let x = b.reshape(tokens, [batch * count, WIDTH]);
  const taps: Value[] = [];
  for (let layer = 0; layer < LAYERS; layer++) {
    x = encoderLayer(b, x, batch, `encoder.layers.encoder_layer_${layer}`);
    if (layer % 3 === 2) {
      const patchTokens = b.slice(b.reshape(x, [batch, count, WIDTH]), 1, 1, count);
      taps.push(b.reshape(b.transpose(patchTokens, [0, 2, 1]), [batch, WIDTH, rows, columns]));
    }
  }
  // The last normalisation works token by token, so only the class token needs it.
  const last = b.reshape(b.slice(b.reshape(x, [batch, count, WIDTH]), 1, 0, 1), [batch, WIDTH]);
  return { logits: linear(b, layerNorm(b, last, "encoder.ln"), "heads.head", 1000), taps };
}

/** Older files call the two linear layers of an encoder layer `mlp.linear_1` and `mlp.linear_2`. */
export function renameVitWeight(nameInFile: string): string {
  return nameInFile.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.");
}
