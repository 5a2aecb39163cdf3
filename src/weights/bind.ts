/**
 * Binds the weights that a graph declares to the tensors of a file of weights. Float32 tensors are referenced at their
 * position in the file. Others (another type, or strided) are converted once, into one buffer next to the file.
 *
 * @module
 */
import type { BoundGraph } from "../graph/bound_graph.ts";
import { asBytes } from "../graph/constants.ts";
import { elementCount, type Initializer } from "../graph/types.ts";
import { shortened } from "../text/foreign_text.ts";
import { type ByteSource, toByteSource } from "../bytes/byte_source.ts";
import { readFloat32, type TensorEntry, type WeightFile } from "./tensor_table.ts";

/** How names in a file map to names in a graph. */
export interface BindOptions {
  /** Prefix of the weights in the graph that this file provides. */
  readonly prefix?: string;
  /** Maps a name in the file to the network's name. */
  readonly rename?: ((nameInFile: string) => string) | undefined;
}

/**
 * Binds every unbound weight under `prefix` to the tensor of its name.
 *
 * @throws {TypeError} When a weight is missing in the file or has another shape; the message names both.
 */
export function bindWeights(
  { graph, files }: BoundGraph,
  file: WeightFile,
  options: BindOptions = {},
): BoundGraph {
  const prefix = options.prefix ?? "";
  // Two files with the same name (such as a network's weights and its head) must have different names in the session.
  const own = freeName(files, externalLocation(file.name), file.content);
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of file.table.tensors) {
    const renamed = options.rename?.(name) ?? name;
    if (entries.has(renamed)) {
      throw new TypeError(
        `Cannot bind weights: ${file.name} has ${shortened(renamed)} twice, under two names`,
      );
    }
    entries.set(renamed, entry);
  }

  const initializers = new Map<string, Initializer>(graph.initializers);
  const widened: { name: string; entry: TensorEntry }[] = [];
  let direct = false;
  for (const [name, initializer] of graph.initializers) {
    if (initializer.data.kind !== "unbound" || !name.startsWith(prefix)) continue;
    const inner = name.slice(prefix.length);
    const entry = entries.get(inner);
    if (entry === undefined) {
      throw new TypeError(`Cannot bind weights: ${file.name} has no tensor ${inner}`);
    }
    const wanted = initializer.shape.join(", ");
    if (entry.shape.join(", ") !== wanted) {
      throw new TypeError(
        `Cannot bind weights: ${inner} in ${file.name} is [${
          entry.shape.join(", ")
        }], the network needs [${wanted}]`,
      );
    }
    if (entry.type === initializer.type && entry.strides === undefined) {
      direct = true;
      const { offset, length } = entry;
      initializers.set(name, { ...initializer, data: { kind: "external", file: own, offset, length } });
    } else widened.push({ name, entry });
  }

  const all = new Map(files);
  if (direct) all.set(own, file.content);
  if (widened.length > 0) {
    const wideName = freeName(all, `${own}.float32`);
    const wide = new Float32Array(widened.reduce((sum, { entry }) => sum + elementCount(entry.shape), 0));
    let at = 0;
    for (const { name, entry } of widened) {
      const count = elementCount(entry.shape);
      readFloat32(file.content, entry, wide.subarray(at, at + count));
      const data = { kind: "external", file: wideName, offset: at * 4, length: count * 4 } as const;
      initializers.set(name, { ...initializers.get(name)!, data });
      at += count;
    }
    all.set(wideName, toByteSource(asBytes(wide)));
  }
  return { graph: { ...graph, initializers }, files: all };
}

/** A name for external data without path separators, because the runtime refuses paths. */
function externalLocation(name: string): string {
  return (name.split(/[/\\]/).at(-1) ?? "").replace(/[^\w.-]/g, "_").replace(/^\.+/, "") || "weights";
}

/** `name`, or `name~2`, … if another content already has it. */
function freeName(files: ReadonlyMap<string, ByteSource>, name: string, content?: ByteSource): string {
  let free = name;
  for (let i = 2; files.has(free) && files.get(free) !== content; i++) free = `${name}~${i}`;
  return free;
}
