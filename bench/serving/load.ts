/**
 * Requests at a fixed rate, whether they are answered or not: what a crowd does, and a client that waits for its
 * answers does not.
 *
 * @module
 */

/** What came of a load. */
export interface LoadResult {
  /** Answers by status; 0 counts requests without one. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Milliseconds of the answers with status 200. */
  readonly milliseconds: readonly number[];
  /** What `sample` gave, once a second. */
  readonly samples: readonly number[];
}

/** How a load is made. */
export interface LoadOptions {
  /** Requests per second. */
  readonly rate: number;
  /** How long. */
  readonly seconds: number;
  /** Called once a second. */
  readonly sample: () => Promise<number>;
}

/** Sends requests at the rate, and waits for the answers to the last of them. */
export async function load(ask: () => Promise<Response>, options: LoadOptions): Promise<LoadResult> {
  const { rate, seconds, sample } = options;
  const statuses = new Map<number, number>();
  const milliseconds: number[] = [];
  const samples: number[] = [];
  const open = new Set<Promise<void>>();
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

  const one = async () => {
    const started = performance.now();
    try {
      const response = await ask();
      await response.arrayBuffer();
      count(response.status);
      if (response.status === 200) milliseconds.push(performance.now() - started);
    } catch {
      count(0);
    }
  };

  const start = performance.now();
  let [sent, sampled] = [0, 0];
  while (sent < rate * seconds) {
    const elapsed = (performance.now() - start) / 1000;
    // What is due is sent at once: a late timer must not lower the rate.
    for (; sent < Math.min(rate * elapsed, rate * seconds); sent++) {
      const asked = one();
      open.add(asked);
      asked.finally(() => open.delete(asked));
    }
    if (elapsed >= sampled + 1) {
      sampled++;
      samples.push(await sample());
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate / 2));
  }
  await Promise.all(open);
  return { statuses, milliseconds, samples };
}

/** How much a series grows from the beginning to the end of its second half: slope of a line through it, as a share. */
export function growthOfSecondHalf(samples: readonly number[]): number {
  const half = samples.slice(samples.length >> 1);
  const mean = half.reduce((sum, value) => sum + value, 0) / half.length;
  const middle = (half.length - 1) / 2;
  let [products, squares] = [0, 0];
  half.forEach((value, i) => {
    products += (i - middle) * (value - mean);
    squares += (i - middle) ** 2;
  });
  return products / squares * (half.length - 1) / mean;
}
