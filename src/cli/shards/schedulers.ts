/**
 * The shard that a scheduler gives to this process: each sets variables that number the tasks of a job.
 *
 * @module
 */
import { optionalVariable } from "../../platform/permissions.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { type Shard, WHOLE } from "./shard.ts";

/** Reads a variable; undefined if it is not set. */
export type ReadVariable = (name: string) => string | undefined;

/** The variables of one scheduler. */
interface Scheduler {
  readonly name: string;
  /** Number of this task. */
  readonly index: string;
  /** Number of tasks; the first variable that is set counts. */
  readonly counts: readonly string[];
  /** The least and the greatest number of a task; without them, the tasks are numbered from 0. */
  readonly ends?: readonly [least: string, greatest: string];
}

/** The variable for the number of parts where a scheduler does not tell it. */
const OWN_COUNT = "PTAME_SHARD_COUNT";

/**
 * Sources: slurm.schedmd.com/job_array.html; kubernetes.io, "Indexed Job" (which sets the index alone); AWS Batch, "Job
 * environment variables"; Google Cloud, "Cloud Run: container runtime contract" and "Batch: environment variables".
 */
const SCHEDULERS: readonly Scheduler[] = [
  {
    name: "Slurm",
    index: "SLURM_ARRAY_TASK_ID",
    counts: ["SLURM_ARRAY_TASK_COUNT"],
    ends: ["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"],
  },
  { name: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", counts: ["AWS_BATCH_JOB_ARRAY_SIZE", OWN_COUNT] },
  { name: "Cloud Run", index: "CLOUD_RUN_TASK_INDEX", counts: ["CLOUD_RUN_TASK_COUNT"] },
  { name: "Google Batch", index: "BATCH_TASK_INDEX", counts: ["BATCH_TASK_COUNT"] },
  { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", counts: ["JOB_COMPLETIONS", OWN_COUNT] },
];

/**
 * The shard of this process: the one that the option names, else that of a scheduler, else all images. One that was found
 * is said.
 *
 * @param asked The value of --shard.
 * @throws {UsageError} When a scheduler numbers its tasks in a way from which the shard does not follow.
 */
export function chooseShard(
  asked: Shard | undefined,
  { say }: Pick<Terminal, "say">,
  read: ReadVariable = optionalVariable,
): Shard {
  if (asked !== undefined) return asked;
  const scheduler = SCHEDULERS.find(({ index }) => read(index) !== undefined);
  if (scheduler === undefined) return WHOLE;
  const shard = shardFrom(scheduler, read);
  say(
    `Shard ${shard.index}/${shard.count}, by ${scheduler.name} (${scheduler.index}=${
      read(scheduler.index)
    }); --shard 1/1 takes all images`,
  );
  return shard;
}

function shardFrom({ name, index, counts, ends }: Scheduler, read: ReadVariable): Shard {
  const task = numberIn(index, read);
  const counted = counts.find((variable) => read(variable) !== undefined);
  if (counted === undefined) {
    throw new UsageError(
      `${name} sets ${index}, but the number of tasks is not known: set ${
        counts.join(" or ")
      }, or --shard K/N`,
    );
  }
  const count = numberIn(counted, read);
  const least = ends === undefined ? 0 : numberIn(ends[0], read);
  const greatest = ends === undefined ? count - 1 : numberIn(ends[1], read);
  // An array with a step: 0-70:10.
  const step = count === 1 ? 1 : (greatest - least) / (count - 1);
  const at = (task - least) / step;
  if (Number.isInteger(step) && Number.isInteger(at) && at >= 0 && at < count) {
    return { index: at + 1, count };
  }
  throw new UsageError(
    `${name}'s tasks are not evenly numbered (${index}=${task}, ${count} tasks from ${least} to ${greatest}): name ` +
      "the part by --shard K/N",
  );
}

function numberIn(variable: string, read: ReadVariable): number {
  const text = read(variable) ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(
    `The variable ${variable} must be a whole number, not "${text}"; or name the part by --shard K/N`,
  );
}
