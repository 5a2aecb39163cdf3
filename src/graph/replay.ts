/**
 * Repeats a part of a graph under construction with other inputs.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import type { Node, Value } from "./types.ts";

/**
 * Adds copies of the nodes that a value needs and that depend on replaced values.
 *
 * @param b Receives the copies; what they read besides is shared with the original.
 * @param nodes The original nodes, in an order in which they can run.
 * @param replaced Values by the names that they take the place of.
 * @param wanted Name of the value to make.
 * @returns The copy of the value, or the original if it depends on none of them.
 * @throws {TypeError} When a node is of another domain than ONNX's own.
 */
export function replayed(
  b: Builder,
  nodes: readonly Node[],
  replaced: ReadonlyMap<string, Value>,
  wanted: string,
): Value {
  const needed = new Set([wanted]);
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name) && !replaced.has(name))) continue;
    node.inputs.forEach((name) => needed.add(name));
  }
  const made = new Map(replaced);
  for (const node of nodes) {
    const asked = node.outputs.some((name) => needed.has(name) && !replaced.has(name));
    if (!asked || !node.inputs.some((name) => made.has(name))) continue;
    if (node.domain !== "") throw new TypeError(`Cannot repeat node ${node.name}: ${node.domain}.${node.op}`);
    const inputs = node.inputs.map((name) =>
      name === "" ? undefined : made.get(name) ?? b.existingValue(name)
    );
    const copies = b.node(node.op, inputs, node.attributes, { outputs: node.outputs.length });
    node.outputs.forEach((name, i) => made.set(name, copies[i]!));
  }
  return made.get(wanted) ?? b.existingValue(wanted);
}
