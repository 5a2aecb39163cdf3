/**
 * Sharpening: the row of the shown class is refined for this image, step by step; pressed again, it stops.
 *
 * @module
 */
import { element, say } from "./dom.ts";
import { state } from "./state.ts";
import { headInUse } from "./view.ts";

/** Steps of one press. */
const STEPS = 20;

let running: AbortController | undefined;

/** Stops what runs; the best map so far is kept. */
export function stopSharpening(): void {
  running?.abort();
}

/** Sharpens the map of the shown class, or stops; `render` shows the result. */
export async function sharpen(render: () => Promise<void>): Promise<void> {
  if (running !== undefined) return running.abort();
  const own = state.subject;
  const which = headInUse(own);
  if (own?.explanation(which) === undefined) return;
  const stopper = running = new AbortController();
  const button = element("sharpen");
  button.textContent = "Stop";
  try {
    const { refinement: { steps, passes } } = await own.sharpen(which, state.selected, {
      steps: STEPS,
      signal: stopper.signal,
      onProgress: ({ step, steps }) => say(`Sharpening: step ${step} of ${steps} …`),
    });
    if (own !== state.subject) return;
    await render();
    say(`Sharpened in ${steps} steps and ${passes} passes.`);
  } finally {
    running = undefined;
    button.textContent = "Sharpen";
  }
}
