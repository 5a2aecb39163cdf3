/**
 * Files of weights of full-size networks, made fast and never held whole: random numbers in place of the true ones.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { NetworkDefinition, PublishedFile } from "../../models/network.ts";
import { elementCount } from "../../src/graph/types.ts";
import { graphOf, unboundWeights } from "./networks.ts";
import { uniforms } from "./seeded_weights.ts";

/** Numbers that are used again and again; a prime, so that rows of a layer differ. */
const BLOCK = 65_537;
/** Added to the score of `likeliest`: far beyond what random layers make of any picture. */
const CERTAIN = 50;

/** How a network's random weights are made. */
export interface RandomWeights {
  /** Class that the network sees in every picture. */
  readonly likeliest: number;
}

/** Writes a network's random weights as safetensors, under the name `FILE.safetensors` of a folder, and describes it. */
export function writeRandomWeights(
  network: NetworkDefinition,
  folder: string,
  { likeliest }: RandomWeights,
): Omit<PublishedFile, "urls"> {
  const weights = unboundWeights(graphOf(network));
  const entries: Record<string, unknown> = {};
  let end = 0;
  for (const { name, shape } of weights) {
    const from = end;
    end += 4 * elementCount(shape);
    entries[name] = { dtype: "F32", shape, data_offsets: [from, end] };
  }
  const text = JSON.stringify(entries);
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);

  const file = `${network.name}.random.safetensors`;
  using out = Deno.openSync(`${folder}/${file}`, { write: true, create: true, truncate: true });
  const hash = createHash("sha256");
  let bytes = 0;
  const write = (part: Uint8Array) => {
    hash.update(part);
    for (let at = 0; at < part.length;) at += out.writeSync(part.subarray(at));
    bytes += part.length;
  };
  write(length);
  write(header);
  const block = Float32Array.from(uniforms(network.name, BLOCK, 0), (u) => 2 * u - 1);
  for (const { name, shape } of weights) {
    const { scale, offset } = rangeOf(name, shape);
    const values = block.map((value) => scale * value + offset);
    if (name === network.classifier.bias) values[likeliest]! += CERTAIN;
    for (let left = elementCount(shape); left > 0; left -= BLOCK) {
      write(new Uint8Array(values.buffer, 0, 4 * Math.min(left, BLOCK)));
    }
  }
  return { file, bytes, sha256: hash.digest("hex"), licence: "none: random numbers" };
}

/** Ranges that keep activations of the order of 1 through any depth; as those of seeded_weights.ts. */
function rangeOf(
  name: string,
  shape: readonly number[],
): { readonly scale: number; readonly offset: number } {
  if (name.endsWith("running_var")) return { scale: 0.5, offset: 1 };
  if (name.endsWith("running_mean") || name.endsWith("bias")) return { scale: 0.1, offset: 0 };
  if (shape.length === 1) return { scale: 0.2, offset: 1 };
  return { scale: Math.sqrt(6 / elementCount(shape.slice(1))), offset: 0 };
}
