/**
 * Converts a quantised network to real numbers: quantised values are replaced by the real numbers that they represent,
 * and weights are scaled when they are read. Results differ by the rounding.
 *
 * @module
 */
import type { ByteSource } from "../../../bytes/byte_source.ts";
import { decodeFloat32 } from "../widen.ts";
import type { OpenNode } from "../../open_graph.ts";
import { type DataType, elementCount, type Value } from "../../types.ts";
import { type DerivedFile, sourceOfInitializer } from "../derived.ts";
import { inputAt, knownAt, type Rewrite, type RewriteInput } from "../rewrite.ts";
import type { GraphEditor } from "../graph_editor.ts";
import { type Affine, alongAxis, limited, realNumbers, rounded, sameAffine } from "./affine.ts";
import { type Quantised, quantisedOperators } from "./operators.ts";
import { blockwise, type MakeReal, type Packed, packedOperators } from "./packed.ts";

/** Operators that only move numbers or compare them: they do to reals what they do to the whole ones. */
const MOVING = new Set([
  "MaxPool",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Slice",
  "Split",
  "Gather",
  "Concat",
  "Expand",
  "Identity",
  "DepthToSpace",
  "SpaceToDepth",
  "Resize",
  "Upsample",
]);

/** What `dequantizer` works with. */
export interface DequantizeOptions {
  /** Receives the weights to scale when they are read. */
  readonly derived: DerivedFile;
  /** Contents of external data. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** The rule of an operator that is not quantised, if it has one. */
  rule(node: OpenNode): Rewrite | undefined;
}

/** Rules of a walk that makes a quantised network real; they remember what its values stand for. */
export function dequantizer(options: DequantizeOptions): (node: OpenNode) => Rewrite | undefined {
  const affines = new Map<string, Affine>();

  function derivedConstant(w: GraphEditor, value: Value, make: (bytes: Uint8Array) => Float32Array): Value {
    const bytes = sourceOfInitializer(w.initializer(value)!, options.files);
    const data = options.derived.add(elementCount(value.shape), () => make(bytes()));
    const name = w.unique(`${value.name}_real`);
    return w.declare({ name, type: "float32", shape: value.shape, data });
  }

  function real(node: RewriteInput, index: number, affine: Affine): Value {
    const { w } = node;
    const x = inputAt(node, index);
    const known = affines.get(node.node.inputs[index]!);
    if (known !== undefined) {
      if (sameAffine(known, affine)) return x;
      // Other words for the same whole numbers: (x / s₀ + z₀ − z₁)·s₁.
      const rank = x.shape.length;
      const factor = affine.scale.map((scale, i) => scale / (known.scale[i] ?? known.scale[0]!));
      const shift = affine.scale.map((scale, i) =>
        ((known.zeroPoint[i] ?? known.zeroPoint[0]!) - affine.zeroPoint[i]!) * scale
      );
      return w.add(
        w.mul(x, alongAxis(w, factor, rank, affine.axis)),
        alongAxis(w, shift, rank, affine.axis),
      );
    }
    if (w.initializer(x) !== undefined) {
      return derivedConstant(w, x, (bytes) => realNumbers(bytes, x.shape, affine));
    }
    // Whole numbers that are fed, images in bytes; they may have been moved, but not computed.
    const rank = x.shape.length;
    const whole = w.sub(w.cast(x, "float32"), alongAxis(w, affine.zeroPoint, rank, affine.axis));
    return w.mul(whole, alongAxis(w, affine.scale, rank, affine.axis));
  }

  function affineOf(
    node: RewriteInput,
    scaleAt: number,
    zeroAt: number,
    type: DataType,
    axis: number,
  ): Affine {
    const scale = knownAt(node, scaleAt);
    if (scale === undefined) throw new TypeError(`its scale (input ${scaleAt}) is missing`);
    const zeroPoint = knownAt(node, zeroAt) ?? scale.map(() => 0);
    const all = zeroPoint.length === scale.length ? zeroPoint : scale.map(() => zeroPoint[0]!);
    return { scale, zeroPoint: all, type, axis };
  }

  function affineAt(node: RewriteInput, scaleAt: number, of: number | "result", axis: number): Affine {
    const zero = node.inputs[scaleAt + 1];
    const type = zero?.type ?? (of === "result" ? "uint8" : inputAt(node, of).type);
    return affineOf(node, scaleAt, scaleAt + 1, type, axis);
  }

  function result(node: RewriteInput, value: Value, affine: Affine): Value {
    node.note("it is quantised: computed in float32, its results held in their ranges but not rounded");
    const { w } = node;
    affines.set(node.node.outputs[0]!, affine);
    if (w.initializer(value) !== undefined && value.type === "float32") {
      return derivedConstant(
        w,
        value,
        (bytes) => rounded(decodeFloat32("float32", bytes), value.shape, affine),
      );
    }
    return limited(w, value, affine);
  }

  function derive(node: RewriteInput, index: number, shape: readonly number[], make: MakeReal): Value {
    const { w } = node;
    const sources = node.inputs.map((value) => {
      const constant = value === undefined ? undefined : w.initializer(value);
      return constant === undefined ? undefined : sourceOfInitializer(constant, options.files);
    });
    const x = inputAt(node, index);
    if (sources[index] === undefined) {
      throw new TypeError(`its input ${index} (${x.name}) must be a constant`);
    }
    const bytesAt = (at: number) => {
      if (node.inputs[at] === undefined) return undefined;
      if (sources[at] === undefined) throw new TypeError(`its input ${at} must be a constant`);
      return { type: node.inputs[at]!.type, bytes: sources[at]() };
    };
    const data = options.derived.add(elementCount(shape), () => make(bytesAt));
    return w.declare({ name: w.unique(`${x.name}_real`), type: "float32", shape, data });
  }

  const rules = {
    ...quantisedOperators({ real, affineAt, affineOf, result, blocks: (node) => blockwise(derive, node) }),
    ...packedOperators({ derive }),
  };

  /** An operator that moves quantised values: what comes out stands for the same. */
  const moving = (inner: Rewrite | undefined): Rewrite => (node) => {
    const found = node.node.inputs.flatMap((name) => affines.get(name) ?? []);
    if (!MOVING.has(node.node.op) || (node.node.op === "Concat" && found.length < node.inputs.length)) {
      throw new TypeError("it works on quantised numbers, which is not supported");
    }
    if (found.some((each) => each.scale.length > 1 || !sameAffine(each, found[0]!))) {
      throw new TypeError("it mixes numbers of several scales, which is not supported");
    }
    for (const name of node.node.outputs) if (name !== "") affines.set(name, found[0]!);
    return inner === undefined ? undefined : inner(node);
  };

  return (node) => {
    const name = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
    if (Object.hasOwn(rules, name)) return (rules as Readonly<Record<string, Rewrite>>)[name];
    const inner = options.rule(node);
    const counts = node.op === "Shape" || node.op === "Size";
    return !counts && node.inputs.some((input) => affines.has(input)) ? moving(inner) : inner;
  };
}

/**
 * Operators on whole numbers that are read as operators on real ones; those of other domains as `domain.Op`. The rules
 * themselves are not used here.
 */
export const QUANTISED_OPERATORS: ReadonlySet<string> = new Set(
  [...Object.keys(quantisedOperators({} as Quantised)), ...Object.keys(packedOperators({} as Packed))],
);

/** The rule of quantised operators without dequantisation: an error. */
export function refuseQuantised({ op, domain }: OpenNode): Rewrite | undefined {
  if (!QUANTISED_OPERATORS.has(domain === "" ? op : `${domain}.${op}`)) return undefined;
  return () => {
    throw new TypeError(
      "the network is quantised; dequantise it first (--dequantize, in a program dequantize: true)",
    );
  };
}
