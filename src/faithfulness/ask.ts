/**
 * Scores the images of a map's probes, in batches shared with other maps.
 *
 * @module
 */
import type { Probe, Reading } from "./probe.ts";
import { createOutcome, type ScoreQueue } from "./scoring.ts";
import type { Outcome } from "./types.ts";

/**
 * Queues all images of the probes; calls `done` after the last result.
 *
 * @param rival The class that outcomes compare the target with, if a probe asks.
 */
export async function askProbes(
  queue: ScoreQueue,
  probes: readonly Probe[],
  target: number,
  done: (reading: Reading) => void,
  rival?: number,
): Promise<void> {
  for (const probe of probes) await probe.prepare?.();
  const outcomes = probes.map((): Outcome[] => []);
  let open = probes.reduce((sum, probe) => sum + probe.count, 0);
  const read = () => {
    const readings = probes.map((probe, index) => probe.read(outcomes[index]!));
    const merged = <T>(parts: (Readonly<Record<string, T>> | undefined)[]): Record<string, T> =>
      Object.assign({}, ...parts);
    done({
      values: merged(readings.map((reading) => reading.values)),
      areas: merged(readings.map((reading) => reading.areas)),
      curves: merged(readings.map((reading) => reading.curves)),
    });
  };
  if (open === 0) return read();
  for (const [index, probe] of probes.entries()) {
    let position = 0;
    for await (const image of probe.images()) {
      const at = position++;
      await queue.add(image, (probabilities) => {
        outcomes[index]![at] = createOutcome(probabilities, target, rival);
        if (--open === 0) read();
      });
    }
  }
}
