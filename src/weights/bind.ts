/**
 * Binds the weights that a graph declares to the tensors of a safetensors file. Float32 tensors are pointed at
 * where they lie; narrower ones are widened once, into one buffer beside the file.
 *
 * @module
 */
import { bytesOf } from "../graph/constants.ts";
import { type Graph, type Initializer, sizeOf } from "../graph/types.ts";
import { float32Of, type SafetensorsFile, type TensorEntry } from "./safetensors.ts";

/** A safetensors file in memory, its header read. */
export interface WeightFile {
  /** Name that external data refer to; unique among the files of one session. */
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** What its header says. */
  readonly header: SafetensorsFile;
}

/** How the names of a file become the names in a graph. */
export interface BindOptions {
  /** Before the name of every weight that this file is meant for. */
  readonly prefix?: string;
  /** The name that the network uses for a name in the file. */
  readonly rename?: ((nameInFile: string) => string) | undefined;
}

/** A graph whose weights point into files. */
export interface BoundGraph {
  readonly graph: Graph;
  /** Bytes by file name, for `openSession`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Binds every unbound weight under `prefix` to the tensor of its name.
 *
 * @throws {TypeError} When the file lacks a weight or has it in another shape; the message names both.
 */
export function bindWeights(
  { graph, files }: BoundGraph,
  file: WeightFile,
  options: BindOptions = {},
): BoundGraph {
  const prefix = options.prefix ?? "";
  // Two files of one name (a network's weights and its head, say) must stay apart in the session.
  const own = freeName(files, file.name, file.bytes);
  const entries = new Map<string, TensorEntry>();
  for (const [name, entry] of file.header.tensors) {
    const renamed = options.rename?.(name) ?? name;
    if (entries.has(renamed)) {
      throw new TypeError(`Cannot bind weights: ${file.name} has ${renamed} twice, under two names`);
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
    if (entry.type === initializer.type) {
      direct = true;
      const { offset, length } = entry;
      initializers.set(name, { ...initializer, data: { kind: "external", file: own, offset, length } });
    } else widened.push({ name, entry });
  }

  const all = new Map(files);
  if (direct) all.set(own, file.bytes);
  if (widened.length > 0) {
    const wideName = freeName(all, `${own}.float32`);
    const wide = new Float32Array(widened.reduce((sum, { entry }) => sum + sizeOf(entry.shape), 0));
    let at = 0;
    for (const { name, entry } of widened) {
      const numbers = float32Of(file.bytes, entry);
      wide.set(numbers, at);
      const data = { kind: "external", file: wideName, offset: at * 4, length: numbers.length * 4 } as const;
      initializers.set(name, { ...initializers.get(name)!, data });
      at += numbers.length;
    }
    all.set(wideName, bytesOf(wide));
  }
  return { graph: { ...graph, initializers }, files: all };
}

/** `name`, or `name~2`, … where other bytes have it already. */
function freeName(files: ReadonlyMap<string, Uint8Array>, name: string, bytes?: Uint8Array): string {
  let free = name;
  for (let i = 2; files.has(free) && files.get(free) !== bytes; i++) free = `${name}~${i}`;
  return free;
}
