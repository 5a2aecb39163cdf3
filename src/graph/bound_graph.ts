/**
 * A graph together with the files that its weights lie in.
 *
 * @module
 */
import type { ByteSource } from "../bytes/byte_source.ts";
import type { Graph } from "./types.ts";

/** A graph whose weights point into files. */
export interface BoundGraph {
  /** The graph. */
  readonly graph: Graph;
  /** Contents by file name, for `openSession`. */
  readonly files: ReadonlyMap<string, ByteSource>;
}
