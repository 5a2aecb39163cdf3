/**
 * The table of baselines: what they are called, what they ask of a classifier and cost, and how they are made.
 *
 * @module
 */
import { suggestion } from "../text/nearest.ts";
import { ablationCam } from "./activation/ablation_cam.ts";
import { gradCam } from "./activation/grad_cam.ts";
import { gradCamPlusPlus } from "./activation/grad_cam_plus_plus.ts";
import { layerCam } from "./activation/layer_cam.ts";
import { scoreCam } from "./activation/score_cam.ts";
import { centredGaussian, edgeMagnitude, randomMap } from "./controls.ts";
import { integratedGradients, INTEGRATION_STEPS } from "./gradient/integrated_gradients.ts";
import { SMOOTH_SAMPLES, smoothGrad } from "./gradient/smooth_grad.ts";
import { occlusion, OCCLUSION_PLACES } from "./perturbation/occlusion.ts";
import { rise, RISE_MASKS } from "./perturbation/rise.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Attribute, MethodDefinition } from "./types.ts";

/** A control: it knows the picture at most. */
function control(map: MapMethod): Attribute {
  return (pixels, target, { signal } = {}) => map({ pixels }, target, signal);
}

/** All baselines, in the order of lists and reports. */
export const METHODS: readonly MethodDefinition[] = [
  {
    name: "gradcam",
    title: "Grad-CAM",
    source: "Selvaraju et al. 2017",
    needs: "gradient",
    tapped: true,
    view: "range",
    passes: () => 2,
    create: gradCam,
  },
  {
    name: "gradcam++",
    title: "Grad-CAM++",
    source: "Chattopadhay et al. 2018",
    needs: "gradient",
    tapped: true,
    view: "range",
    passes: () => 2,
    create: gradCamPlusPlus,
  },
  {
    name: "layercam",
    title: "Layer-CAM",
    source: "Jiang et al. 2021",
    needs: "gradient",
    tapped: true,
    view: "range",
    passes: () => 2,
    create: layerCam,
  },
  {
    name: "scorecam",
    title: "Score-CAM",
    source: "Wang et al. 2020",
    needs: "activations",
    tapped: true,
    view: "range",
    passes: (channels, { samples } = {}) => 1 + Math.min(channels, samples ?? channels),
    create: (classifier, { samples } = {}) => scoreCam(classifier, { channels: samples }),
  },
  {
    name: "ablationcam",
    title: "Ablation-CAM",
    source: "Desai and Ramaswamy 2020",
    needs: "activations",
    tapped: true,
    view: "range",
    passes: (channels) => 1 + channels,
    create: ablationCam,
  },
  {
    name: "rise",
    title: "RISE",
    source: "Petsiuk et al. 2018",
    needs: "scores",
    tapped: false,
    view: "range",
    passes: (_, { samples = RISE_MASKS } = {}) => samples,
    create: (classifier, { seed, samples } = {}) => rise(classifier, { seed, masks: samples }),
  },
  {
    name: "occlusion",
    title: "Occlusion",
    source: "Zeiler and Fergus 2014",
    needs: "scores",
    tapped: false,
    view: "range",
    passes: () => 1 + OCCLUSION_PLACES ** 2,
    create: (classifier) => occlusion(classifier),
  },
  {
    name: "integrated-gradients",
    title: "Integrated Gradients",
    source: "Sundararajan et al. 2017",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    passes: (_, { samples = INTEGRATION_STEPS } = {}) => 2 * samples,
    create: (classifier, { samples } = {}) => integratedGradients(classifier, { steps: samples }),
  },
  {
    name: "smoothgrad",
    title: "SmoothGrad",
    source: "Smilkov et al. 2017",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    passes: (_, { samples = SMOOTH_SAMPLES } = {}) => 2 * samples,
    create: (classifier, { seed, samples } = {}) => smoothGrad(classifier, { seed, samples }),
  },
  {
    name: "random",
    title: "Random",
    source: "",
    needs: "picture",
    tapped: false,
    view: "mask",
    passes: () => 0,
    create: (_, { seed } = {}) => control(randomMap(seed)),
  },
  {
    name: "gaussian",
    title: "Centred Gaussian",
    source: "",
    needs: "picture",
    tapped: false,
    view: "mask",
    passes: () => 0,
    create: () => control(centredGaussian()),
  },
  {
    name: "edges",
    title: "Edge magnitude",
    source: "",
    needs: "picture",
    tapped: false,
    view: "mask",
    passes: () => 0,
    create: () => control(edgeMagnitude()),
  },
];

/**
 * The baseline of this name.
 *
 * @throws {RangeError} When there is none; the nearest is suggested.
 */
export function methodNamed(name: string): MethodDefinition {
  const method = METHODS.find((each) => each.name === name);
  if (method !== undefined) return method;
  const names = METHODS.map((each) => each.name);
  throw new RangeError(
    `Unknown method ${JSON.stringify(name)}${suggestion(name, names)} (${names.join(", ")})`,
  );
}
