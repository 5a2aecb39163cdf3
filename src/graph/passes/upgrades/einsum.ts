/**
 * Einsum as a matrix product: labels that both operands share are summed over or run along, the others are rows and
 * columns.
 *
 * @module
 */
import { elementCount, textAttribute, type Value } from "../../types.ts";
import { inputAt, type Rewrite } from "../rewrite.ts";
import type { GraphEditor } from "../graph_editor.ts";

interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

const einsum: Rewrite = (node) => {
  const { w, attributes, inputs } = node;
  const equation = textAttribute(attributes, "equation", "").replaceAll(" ", "");
  const [left, right] = equation.split("->");
  const terms = left!.split(",");
  if (equation.includes(".")) throw new TypeError(`its equation ${equation} has an ellipsis`);
  if (terms.length !== inputs.length || terms.length > 2) {
    throw new TypeError(`its equation ${equation} has ${inputs.length} operands, one or two are supported`);
  }
  const operands = terms.map((term, i): Labelled => ({ value: inputAt(node, i), labels: [...term] }));
  for (const { value, labels } of operands) {
    if (new Set(labels).size !== labels.length || labels.length !== value.shape.length) {
      throw new TypeError(`its equation ${equation} takes a diagonal, or does not fit its operands`);
    }
  }
  const wanted = right === undefined ? implied(terms) : [...right];
  const sizes = new Map(operands.flatMap(({ value, labels }) => labels.map((l, i) => [l, value.shape[i]!])));
  // What only one operand has and nobody asks for is summed first.
  const needed = operands.map((operand, i) => {
    const other = operands[1 - i]?.labels ?? [];
    return summed(w, operand, (label) => !wanted.includes(label) && !other.includes(label));
  });
  const result = needed.length === 1 ? needed[0]! : product(w, needed[0]!, needed[1]!, wanted, sizes);
  return [arranged(w, result, wanted)];
};

/** Without an arrow, the labels that occur once, sorted. */
function implied(terms: readonly string[]): string[] {
  const all = [...terms.join("")];
  return all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
}

function summed(w: GraphEditor, { value, labels }: Labelled, drop: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, i) => (drop(label) ? [i] : []));
  if (axes.length === 0) return { value, labels };
  return { value: w.reduceSum(value, axes, false), labels: labels.filter((label) => !drop(label)) };
}

function arranged(w: GraphEditor, { value, labels }: Labelled, wanted: readonly string[]): Value {
  return w.transpose(value, wanted.map((label) => labels.indexOf(label)));
}

function product(
  w: GraphEditor,
  a: Labelled,
  b: Labelled,
  wanted: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const along = shared.filter((label) => wanted.includes(label));
  const inner = shared.filter((label) => !wanted.includes(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const of = (labels: readonly string[]) => labels.map((label) => sizes.get(label)!);
  const asMatrices = (x: Labelled, ...groups: string[][]) =>
    w.reshape(arranged(w, x, groups.flat()), groups.map((labels) => elementCount(of(labels))));
  const c = w.matmul(asMatrices(a, along, rows, inner), asMatrices(b, along, inner, columns));
  const labels = [...along, ...rows, ...columns];
  return { value: w.reshape(c, of(labels)), labels };
}

/** Rules by operator. */
export const EINSUM: Readonly<Record<string, Rewrite>> = { Einsum: einsum };
