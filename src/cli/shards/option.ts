/**
 * The option that says which part of many images a process takes.
 *
 * @module
 */
import { type Option, parsed } from "../options/kinds.ts";
import { parseShard, type Shard } from "./shard.ts";

/**
 * The option.
 *
 * @param act What is done with the images: "Explain".
 */
export function shardOption(act: string): Option<Shard | undefined> {
  return parsed(
    "K/N",
    `${act} only part K of N of the images, chosen by their names: the share of one of N machines or processes`,
    (given) => ({ value: parseShard(given) }),
    { usual: "all, or as Slurm, Kubernetes or AWS Batch number the tasks of a job" },
  );
}
