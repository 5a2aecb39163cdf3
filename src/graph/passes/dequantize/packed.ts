/**
 * Weights in blocks of few bits each, several in a byte, with a scale per block: ONNX's own blocked DequantizeLinear, and
 * the products that ONNX Runtime's quantiser of weights writes. Their layouts are those of its documentation
 * (docs/ContribOperators.md of onnxruntime).
 *
 * @module
 */
import { unpackedNumbers } from "../../constants.ts";
import { normalisedAxis } from "../../shapes/rule.ts";
import { type DataType, elementCount, intAttribute, type Value } from "../../types.ts";
import { inputAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import { decodeFloat32 } from "../widen.ts";
import { wholeNumbers } from "./affine.ts";

/** Type and bytes of the node's input at `index`, a constant; `undefined` where it is left out. */
type BytesAt = (index: number) => { readonly type: DataType; readonly bytes: Uint8Array } | undefined;

/** Makes real numbers of a node's constants. */
export type MakeReal = (bytesAt: BytesAt) => Float32Array;

/** What the rules need of the pass. */
export interface Packed {
  /** A constant of a shape in place of the input at `index`, made when it is read. */
  derive(node: RewriteInput, index: number, shape: readonly number[], make: MakeReal): Value;
}

/** Real numbers of a blocked DequantizeLinear: (x − zero point) · scale, both one per block along an axis. */
export function blockwise(derive: Packed["derive"], node: RewriteInput): Value {
  const [x, scale] = [inputAt(node, 0), inputAt(node, 1)];
  const axis = normalisedAxis(intAttribute(node.attributes, "axis", 1), x.shape.length);
  const size = intAttribute(node.attributes, "block_size", 0);
  const blocks = Math.ceil(x.shape[axis]! / size);
  if (scale.shape[axis] !== blocks || scale.shape.length !== x.shape.length) {
    throw new TypeError(`its scales [${scale.shape.join(", ")}] are not one per ${size} along axis ${axis}`);
  }
  const [places, inner] = [x.shape[axis]!, elementCount(x.shape.slice(axis + 1))];
  return derive(node, 0, x.shape, (bytesAt) => {
    const whole = wholeNumbers(bytesAt(0)!.bytes, x.type);
    const scales = floatsAt(bytesAt, 1)!;
    const zero = bytesAt(2);
    const zeros = zero === undefined ? undefined : wholeNumbers(zero.bytes, zero.type);
    const real = new Float32Array(elementCount(x.shape));
    for (let i = 0; i < real.length; i++) {
      const [before, place] = [Math.floor(i / (inner * places)), Math.floor(i / inner) % places];
      const at = (before * blocks + Math.floor(place / size)) * inner + i % inner;
      real[i] = (whole[i]! - (zeros?.[at] ?? 0)) * scales[at]!;
    }
    return real;
  });
}

function floatsAt(bytesAt: BytesAt, index: number): Float32Array | undefined {
  const found = bytesAt(index);
  return found === undefined ? undefined : decodeFloat32(found.type, found.bytes);
}

/** The sizes that both products name, and the product of the first input with the weights [N, K]. */
function product(node: RewriteInput, weights: (n: number, k: number, block: number) => Value): Value {
  const { w, attributes } = node;
  const [n, k, block] = ["N", "K", "block_size"].map((name) => intAttribute(attributes, name, 0));
  if (!(n! > 0 && k! > 0 && block! > 0)) throw new TypeError("its N, K and block_size are not all given");
  return w.matmul(inputAt(node, 0), w.transpose(weights(n!, k!, block!), [1, 0]));
}

/** W[n, k] = (q − zero point) · scale, both one per block along k; q has 2, 4 or 8 bits. */
const nbits = (derive: Packed["derive"]): Rewrite => (node) => {
  const { attributes, w } = node;
  const bits = intAttribute(attributes, "bits", 4);
  if (![2, 4, 8].includes(bits)) throw new TypeError(`its weights have ${bits} bits, not 2, 4 or 8`);
  if (node.inputs[4] !== undefined) throw new TypeError("its blocks are in another order (g_idx)");
  const result = product(node, (n, k, size) => {
    const blocks = Math.ceil(k / size);
    return derive(node, 1, [n, k], (bytesAt) => {
      // Each row of blocks begins at a byte, and so does each row of their zero points.
      const whole = unpackedNumbers(bytesAt(1)!.bytes, bits);
      const scales = floatsAt(bytesAt, 2)!;
      const zero = bytesAt(3);
      const isPacked = zero?.type === "uint8";
      const zeros = zero === undefined
        ? undefined
        : isPacked
        ? unpackedNumbers(zero.bytes, bits)
        : decodeFloat32(zero.type, zero.bytes);
      const stride = isPacked ? Math.ceil(blocks * bits / 8) * (8 / bits) : blocks;
      const real = new Float32Array(n * k);
      for (let row = 0; row < n; row++) {
        for (let i = 0; i < k; i++) {
          const block = Math.floor(i / size);
          const shift = zeros?.[row * stride + block] ?? 2 ** (bits - 1);
          real[row * k + i] = (whole[row * blocks * size + i]! - shift) * scales[row * blocks + block]!;
        }
      }
      return real;
    });
  });
  return [node.inputs[5] === undefined ? result : w.add(result, node.inputs[5])];
};

/** The numbers that four bits of bitsandbytes stand for: floats (Dettmers et al. 2023), or quantiles of the normal. */
const FP4 = [0, 5.208333333e-3, 2 / 3, 1, 1 / 3, 0.5, 1 / 6, 0.25];
const BNB4: readonly (readonly number[])[] = [
  [...FP4, ...FP4.map((value) => -value)],
  [
    -1,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1,
  ],
];

/** W[n, k] = table[q] · the block's greatest magnitude; blocks run through all of W, and high bits come first. */
const bnb4 = (derive: Packed["derive"]): Rewrite => (node) => {
  const table = BNB4[intAttribute(node.attributes, "quant_type", 1)];
  if (table === undefined) throw new TypeError("its quant_type is neither 0 nor 1");
  if (intAttribute(node.attributes, "transB", 1) !== 1) throw new TypeError("its transB is not 1");
  return [
    product(node, (n, k, size) =>
      derive(node, 1, [n, k], (bytesAt) => {
        const { bytes } = bytesAt(1)!;
        const greatest = floatsAt(bytesAt, 2)!;
        return Float32Array.from({ length: n * k }, (_, i) => {
          const byte = bytes[i >> 1]!;
          return table[i % 2 === 0 ? byte >> 4 : byte & 15]! * greatest[Math.floor(i / size)]!;
        });
      })),
  ];
};

/** Rules by operator. */
export function packedOperators({ derive }: Packed): Readonly<Record<string, Rewrite>> {
  return {
    "com.microsoft.MatMulNBits": nbits(derive),
    "com.microsoft.MatMulBnb4": bnb4(derive),
  };
}
