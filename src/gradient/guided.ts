/**
 * Guided backpropagation (Springenberg et al. 2015, "Striving for Simplicity: The All Convolutional Net", section 3.4):
 * the gradient with another rule at ReLUs, which lets only positive parts of it back, too.
 *
 *     dx = dy · [y > 0] · [dy > 0]
 *
 * Clips that start at 0 (ReLU6) are treated alike.
 *
 * @module
 */
import type { Graph, Node } from "../graph/types.ts";
import { type GradientRule, single } from "./rule.ts";
import { gradientRule } from "./rules/mod.ts";

/** Operators whose rule differs. */
const GUIDED = ["Relu", "Clip"];

const guided = (rule: GradientRule): GradientRule =>
  single((context) => {
    const { b, dy } = context;
    return rule({ ...context, dy: [b.relu(dy)] });
  });

/**
 * The rule of a node.
 *
 * @returns `undefined` for an operator without a rule.
 */
export function guidedRule(node: Node): GradientRule | undefined {
  const rule = gradientRule(node);
  return rule !== undefined && GUIDED.includes(node.op) ? guided(rule) : rule;
}

/**
 * Refuses a network without ReLUs, of which guided backpropagation would be the plain gradient under another name.
 *
 * @throws {TypeError} When there is none.
 */
export function checkGuided({ name, nodes }: Pick<Graph, "name" | "nodes">): void {
  if (nodes.some(({ op }) => GUIDED.includes(op))) return;
  throw new TypeError(
    `Cannot guide the gradient of ${name}: it has no ReLU, so the result would be the plain gradient; ` +
      "use --method saliency",
  );
}
