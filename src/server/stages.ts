/**
 * How long the stages of an explanation took, for metrics, logs and the header Server-Timing.
 *
 * @module
 */

/**
 * A stage: the body arrives, the request waits in the queue, the image is prepared, the classifier runs, maps are made,
 * maps are sharpened, the response is drawn.
 */
export type Stage = "receive" | "wait" | "prepare" | "predict" | "explain" | "refine" | "draw";

/** Milliseconds by stage; those that a request did not reach are absent. */
export type StageTimes = { [stage in Stage]?: number };

/** Runs `act` and notes how long it took, also if it fails. */
export async function timed<T>(times: StageTimes, stage: Stage, act: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await act();
  } finally {
    times[stage] = performance.now() - started;
  }
}
