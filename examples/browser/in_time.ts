/**
 * Waiting for a worker, which may never answer.
 *
 * @module
 */

/**
 * What comes of a promise, or undefined if it is not there in time. Whoever gives up may then end what was waited for: that
 * it fails concerns nobody any more.
 */
export async function inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T | undefined> {
  answer.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
