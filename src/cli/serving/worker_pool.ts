/**
 * Several explainers of the same networks as one, each in a thread of its own: the one with the least to do answers.
 *
 * @module
 */
import type { ServedExplainer } from "../../server/served.ts";

/**
 * Opens explainers one after the other, so that the first fills the cache for the others.
 *
 * @param count How many, at least 1.
 * @throws What opening throws; those that are open are released.
 */
export async function openPool(
  count: number,
  open: () => Promise<ServedExplainer>,
): Promise<ServedExplainer> {
  const members: { readonly served: ServedExplainer; busy: number }[] = [];
  const dispose = async () => {
    await Promise.all(members.map(({ served }) => served.dispose()));
  };
  try {
    while (members.length < count) members.push({ served: await open(), busy: 0 });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    facts: members[0]!.served.facts,
    answer: async (...given) => {
      const least = members.reduce((best, each) => each.busy < best.busy ? each : best);
      least.busy++;
      try {
        return await least.served.answer(...given);
      } finally {
        least.busy--;
      }
    },
    dispose,
  };
}
