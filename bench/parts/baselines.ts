/**
 * P-TAME's explanation against the same classifier explained by Grad-CAM, Score-CAM and RISE with 4,000 masks.
 *
 * The slow ones run once: they take minutes, and their ratio is in the hundreds.
 *
 * @module
 */
import { createBaseline } from "../../src/baselines/explainer.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { inTurns, type Part, rowsAgainst } from "../measure.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);
const MODEL = "efficientnet_lite0";
const METHODS = ["gradcam", "scorecam", "rise"];
const BASE = "P-TAME";

/** Whole explanations of one decoded picture: preprocessing, prediction, map. */
export const baselines: Part = async function* ({ rounds, devices, doing }) {
  const picture = await decodeImage(SAMPLE);
  for (const device of devices) {
    for (const name of METHODS) {
      await using explainer = await createExplainer({ model: MODEL, device });
      await using baseline = await createBaseline(name, { model: MODEL, device });
      doing(`${name} on ${device}, ${baseline.passes} passes`);
      const slow = baseline.passes > 100;
      // A slow method's one run is compared with as many of P-TAME's as it takes to be sure of those.
      const times = slow
        ? await inTurns({ [BASE]: () => explainer.explain(picture) }, rounds)
        : await inTurns({
          [BASE]: () => explainer.explain(picture),
          [name]: () => baseline.explain(picture),
        }, rounds);
      if (slow) {
        const once = await inTurns({ [name]: () => baseline.explain(picture) }, 1, 0);
        times[name] = times[BASE]!.map(() => once[name]![0]!);
      }
      const [base, other] = rowsAgainst(times, BASE, { part: "baselines", device, model: MODEL });
      if (name === METHODS[0]) yield base!;
      yield { ...other!, name: `baselines: ${baseline.method.title}, ${baseline.passes} passes` };
    }
  }
};
