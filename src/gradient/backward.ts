/**
 * Reverse mode: walks the nodes of a graph under construction backwards and adds the nodes of the gradient to the same
 * builder. The rules of the operators are in rules/; this file knows no operator.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import { shapeText } from "../graph/shapes/rule.ts";
import { elementCount, type Node, type Value } from "../graph/types.ts";
import { type GradientDevice, type GradientRule, sameShape, zeros } from "./rule.ts";
import { gradientRule } from "./rules/mod.ts";

/** A seed of the differentiation: a value and the gradient of the objective with respect to it, in its shape. */
export interface GradientSeed {
  /** A value on which the objective depends. */
  readonly value: Value;
  /** The objective's gradient with respect to it: same shape and element type. */
  readonly seed: Value;
}

/** Options of the gradient. */
export interface GradientOptions {
  /** Device for which the rules choose kernels; "wasm" by default. Every form is correct on every device. */
  readonly device?: GradientDevice;
  /** The rule of each node, in place of the gradient's own: what goes backwards is then not a gradient. */
  readonly ruleFor?: (node: Node) => GradientRule | undefined;
}

/**
 * Adds the gradient of an objective to the graph and gives it per value of `withRespectTo`, each in that value's
 * shape and element type.
 *
 * Only nodes on a path from a `withRespectTo` value to the objective are differentiated: frozen weights cost nothing,
 * and neither does a frozen part below the lowest requested value. Where paths meet, their contributions are added. A
 * value that the objective does not depend on gets zeros.
 *
 * @param b The builder that holds the forward graph; it receives the gradient's nodes under `grad/NODE/`.
 * @param of A float value of one element, or seeds (a vector-Jacobian product: Σ seed·value is differentiated).
 * @param withRespectTo Inputs, weights or intermediate values of the builder.
 * @throws {TypeError} When an operator on the path has no rule, or a value does not fit; names node and operator.
 */
export function gradients(
  b: Builder,
  of: Value | readonly GradientSeed[],
  withRespectTo: readonly Value[],
  options: GradientOptions = {},
): Value[] {
  const { device = "wasm", ruleFor = gradientRule } = options;
  const seeds = isSeeds(of) ? of : [{ value: of, seed: unitSeed(b, of) }];
  for (const value of withRespectTo) {
    if (!isFloat(value)) {
      throw new TypeError(`Cannot differentiate with respect to ${value.name}: it is ${value.type}`);
    }
  }
  // The gradient's nodes are appended to this list during the walk, so only visit the original nodes.
  const nodes = [...b.nodes()];
  const dependent = dependentValues(b, nodes, withRespectTo);

  const contributions = new Map<string, Value[]>();
  const contribute = (name: string, gradient: Value) => {
    const present = contributions.get(name);
    if (present === undefined) contributions.set(name, [gradient]);
    else present.push(gradient);
  };
  for (const { value, seed } of seeds) {
    if (!sameShape(value.shape, seed.shape) || value.type !== seed.type) {
      throw new TypeError(
        `Cannot differentiate ${value.name} (${value.type} ${shapeText(value.shape)}): its seed is ` +
          `${seed.type} ${shapeText(seed.shape)}`,
      );
    }
    if (dependent.has(value.name)) contribute(value.name, seed);
  }

  /** Sums the contributions to a value, and stores the sum as the only contribution. */
  const summed = (name: string): Value | undefined => {
    const parts = contributions.get(name);
    if (parts === undefined) return undefined;
    const sum = parts.reduce((total, part) => b.scope(`grad/${name}/`).add(total, part));
    contributions.set(name, [sum]);
    return sum;
  };

  for (const node of nodes.reverse()) {
    const needs = node.inputs.map((name) => dependent.has(name));
    if (!needs.includes(true) || !node.outputs.some((name) => contributions.has(name))) continue;
    const found = backwardNode(b, node, ruleFor(node), needs, node.outputs.map(summed), device);
    node.inputs.forEach((name, i) => {
      const gradient = found[i];
      if (needs[i] && gradient !== undefined) contribute(name, gradient);
    });
  }
  return withRespectTo.map((value) => summed(value.name) ?? zeros(b.scope("grad/"), value.shape, value.type));
}

/** Gradients of one node's inputs by its operator's rule. */
function backwardNode(
  b: Builder,
  node: Node,
  rule: GradientRule | undefined,
  needs: readonly boolean[],
  dy: readonly (Value | undefined)[],
  device: GradientDevice,
): readonly (Value | undefined)[] {
  const named = `node ${node.name} (${node.domain === "" ? node.op : `${node.domain}.${node.op}`})`;
  if (rule === undefined) {
    throw new TypeError(
      `Cannot differentiate ${named}: no rule for this operator; explain it with --method occlusion, which needs ` +
        "scores alone, or export the model without it",
    );
  }
  const inputs = node.inputs.map((name) => (name === "" ? undefined : b.existingValue(name)));
  let found: readonly (Value | undefined)[];
  try {
    found = rule({
      b: b.scope(`grad/${node.name}/`),
      node,
      attributes: node.attributes,
      inputs,
      outputs: node.outputs.map((name) => (name === "" ? undefined : b.existingValue(name))),
      needs,
      dy,
      device,
    });
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause;
    throw new TypeError(`Cannot differentiate ${named}: ${cause.message}`, { cause });
  }
  found.forEach((gradient, i) => {
    const input = inputs[i];
    if (gradient !== undefined && input !== undefined && !sameShape(gradient.shape, input.shape)) {
      throw new TypeError(
        `Cannot differentiate ${named}: the gradient ${
          shapeText(gradient.shape)
        } of input ${i} does not fit ` +
          shapeText(input.shape),
      );
    }
  });
  return found;
}

/**
 * Names of the values that change with a `withRespectTo` value. Whole numbers and booleans carry no gradient, so the
 * path ends at a comparison, an ArgMax or a Shape.
 */
function dependentValues(
  b: Builder,
  nodes: readonly Node[],
  withRespectTo: readonly Value[],
): ReadonlySet<string> {
  const dependent = new Set(withRespectTo.map((value) => value.name));
  for (const node of nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    for (const name of node.outputs) {
      if (name !== "" && isFloat(b.existingValue(name))) dependent.add(name);
    }
  }
  return dependent;
}

function isFloat(value: Value): boolean {
  return value.type === "float32" || value.type === "float64";
}

function isSeeds(of: Value | readonly GradientSeed[]): of is readonly GradientSeed[] {
  return Array.isArray(of);
}

function unitSeed(b: Builder, of: Value): Value {
  if (elementCount(of.shape) !== 1 || !isFloat(of)) {
    throw new TypeError(
      `Cannot differentiate ${of.name}: it is ${of.type} ${
        shapeText(of.shape)
      }, not one floating-point number`,
    );
  }
  return b.constant(of.type, of.shape, [1]);
}
