/**
 * The table of methods: what they are called, what they ask for and cost. It holds these facts alone: the code of a
 * baseline is loaded when the baseline is made, by literal paths that bundlers can follow, and that of P-TAME when
 * `openMethod` opens it.
 *
 * @module
 */
import { suggestion } from "../text/nearest.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import {
  COALITIONS,
  EXTREMAL_AREAS,
  EXTREMAL_STEPS,
  HSIC_MASKS,
  INTEGRATION_STEPS,
  OCCLUSION_PLACES,
  RISE_MASKS,
  SMOOTH_SAMPLES,
  SOBOL_CELLS,
  SOBOL_DESIGNS,
} from "./passes.ts";
import type { Attribute, BaselineDefinition, HeadMethodDefinition, MethodDefinition } from "./types.ts";

/** A control, which uses at most the image. */
function control(map: MapMethod): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const { width, height, values } = await map({ pixels }, target, signal);
    return { width, height, values };
  };
}

/** All methods, in the order of lists and reports; the first is the usual one. */
export const METHODS: readonly [HeadMethodDefinition, ...MethodDefinition[]] = [
  {
    name: "ptame",
    title: "P-TAME",
    source: "Ntrougkas et al. 2025",
    needs: "head",
    tapped: false,
    passes: () => 1,
  },
  {
    name: "gradcam",
    title: "Grad-CAM",
    source: "Selvaraju et al. 2017",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./activation/grad_cam.ts")).gradCam(classifier),
  },
  {
    name: "gradcam++",
    title: "Grad-CAM++",
    source: "Chattopadhay et al. 2018",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) =>
      (await import("./activation/grad_cam_plus_plus.ts")).gradCamPlusPlus(classifier),
  },
  {
    name: "layercam",
    title: "Layer-CAM",
    source: "Jiang et al. 2021",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./activation/layer_cam.ts")).layerCam(classifier),
  },
  {
    name: "layercam-fused",
    title: "Layer-CAM, fused",
    source: "Jiang et al. 2021",
    needs: "gradient",
    tapped: false,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./activation/fused_layer_cam.ts")).fusedLayerCam(classifier),
  },
  {
    name: "hirescam",
    title: "HiResCAM",
    source: "Draelos and Carin 2020",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./activation/hires_cam.ts")).hiResCam(classifier),
  },
  {
    name: "xgradcam",
    title: "XGrad-CAM",
    source: "Fu et al. 2020",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./activation/x_grad_cam.ts")).xGradCam(classifier),
  },
  {
    name: "finercam",
    title: "Finer-CAM",
    source: "Zhang et al. 2025",
    needs: "gradient",
    tapped: true,
    view: "range",
    signed: false,
    passes: () => 3,
    create: async (classifier) => (await import("./activation/finer_cam.ts")).finerCam(classifier),
  },
  {
    name: "eigencam",
    title: "Eigen-CAM",
    source: "Muhammad and Yeasin 2020",
    needs: "activations",
    tapped: true,
    classless: true,
    view: "range",
    signed: false,
    passes: () => 1,
    create: async (classifier) => (await import("./activation/eigen_cam.ts")).eigenCam(classifier),
  },
  {
    name: "rollout",
    title: "Attention rollout",
    source: "Abnar and Zuidema 2020",
    needs: "activations",
    tapped: false,
    attends: true,
    classless: true,
    view: "range",
    signed: false,
    passes: () => 1,
    create: async (classifier) =>
      (await import("./activation/attention.ts")).byAttention(classifier, "rollout"),
  },
  {
    name: "legrad",
    title: "LeGrad",
    source: "Bousselham et al. 2024",
    needs: "gradient",
    tapped: false,
    attends: true,
    view: "range",
    signed: false,
    passes: () => 2,
    create: async (classifier) =>
      (await import("./activation/attention.ts")).byAttention(classifier, "legrad"),
  },
  {
    name: "scorecam",
    title: "Score-CAM",
    source: "Wang et al. 2020",
    needs: "activations",
    tapped: true,
    view: "range",
    signed: false,
    count: "camChannels",
    passes: (channels, options = {}) => 1 + Math.min(channels, options.camChannels ?? channels),
    create: async (classifier, { camChannels } = {}) =>
      (await import("./activation/score_cam.ts")).scoreCam(classifier, { channels: camChannels }),
  },
  {
    name: "ablationcam",
    title: "Ablation-CAM",
    source: "Desai and Ramaswamy 2020",
    needs: "activations",
    tapped: true,
    view: "range",
    signed: false,
    passes: (channels) => 1 + channels,
    create: async (classifier) => (await import("./activation/ablation_cam.ts")).ablationCam(classifier),
  },
  {
    name: "rise",
    title: "RISE",
    source: "Petsiuk et al. 2018",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: false,
    count: "masks",
    settles: true,
    passes: (_, { masks = RISE_MASKS } = {}) => masks,
    create: async (classifier, { seed, masks, settle } = {}) =>
      (await import("./perturbation/rise.ts")).rise(classifier, { seed, masks, settle }),
  },
  {
    name: "occlusion",
    title: "Occlusion",
    source: "Zeiler and Fergus 2014",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: false,
    passes: () => 1 + OCCLUSION_PLACES ** 2,
    create: async (classifier) => (await import("./perturbation/occlusion.ts")).occlusion(classifier),
  },
  {
    name: "lime",
    title: "LIME",
    source: "Ribeiro et al. 2016",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: true,
    count: "masks",
    passes: (_, { masks = COALITIONS } = {}) => masks,
    create: async (classifier, { seed, masks } = {}) =>
      (await import("./perturbation/lime.ts")).lime(classifier, { seed, masks }),
  },
  {
    name: "kernelshap",
    title: "KernelSHAP",
    source: "Lundberg and Lee 2017",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: true,
    count: "masks",
    passes: (_, { masks = COALITIONS } = {}) => masks,
    create: async (classifier, { seed, masks } = {}) =>
      (await import("./perturbation/kernel_shap.ts")).kernelShap(classifier, { seed, masks }),
  },
  {
    name: "sobol",
    title: "Sobol",
    source: "Fel et al. 2021",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: false,
    count: "samples",
    passes: (_, { samples = SOBOL_DESIGNS } = {}) => samples * (SOBOL_CELLS ** 2 + 1),
    create: async (classifier, { seed, samples } = {}) =>
      (await import("./perturbation/sensitivity.ts")).sobol(classifier, { seed, masks: samples }),
  },
  {
    name: "hsic",
    title: "HSIC",
    source: "Novello et al. 2022",
    needs: "scores",
    tapped: false,
    view: "range",
    signed: false,
    count: "masks",
    passes: (_, { masks = HSIC_MASKS } = {}) => masks,
    create: async (classifier, { seed, masks } = {}) =>
      (await import("./perturbation/sensitivity.ts")).hsic(classifier, { seed, masks }),
  },
  {
    name: "extremal",
    title: "Extremal perturbations",
    source: "Fong et al. 2019",
    needs: "gradient",
    tapped: false,
    view: "range",
    signed: false,
    count: "steps",
    passes: (_, { steps = EXTREMAL_STEPS } = {}) => 2 * EXTREMAL_AREAS.length * steps,
    create: async (classifier, { steps } = {}) =>
      (await import("./perturbation/extremal/extremal.ts")).extremal(classifier, { steps }),
  },
  {
    name: "integrated-gradients",
    title: "Integrated Gradients",
    source: "Sundararajan et al. 2017",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    count: "steps",
    passes: (_, { steps = INTEGRATION_STEPS } = {}) => 2 * steps + 2,
    create: async (classifier, { steps } = {}) =>
      (await import("./gradient/integrated_gradients.ts")).integratedGradients(classifier, { steps }),
  },
  {
    name: "smoothgrad",
    title: "SmoothGrad",
    source: "Smilkov et al. 2017",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: false,
    count: "samples",
    passes: (_, { samples = SMOOTH_SAMPLES } = {}) => 2 * samples,
    create: async (classifier, { seed, samples } = {}) =>
      (await import("./gradient/smooth_grad.ts")).smoothGrad(classifier, { seed, samples }),
  },
  {
    name: "saliency",
    title: "Saliency",
    source: "Simonyan et al. 2014",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: false,
    passes: () => 2,
    create: async (classifier) => (await import("./gradient/saliency.ts")).saliency(classifier),
  },
  {
    name: "input-x-gradient",
    title: "Input × Gradient",
    source: "Shrikumar et al. 2016",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    passes: () => 2,
    create: async (classifier) => (await import("./gradient/saliency.ts")).inputTimesGradient(classifier),
  },
  {
    name: "guided-backprop",
    title: "Guided Backpropagation",
    source: "Springenberg et al. 2015",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    passes: () => 2,
    create: async (classifier) =>
      (await import("./gradient/backpropagated.ts")).backpropagated(classifier, "guided"),
  },
  {
    name: "lrp-epsilon",
    title: "LRP-ε",
    source: "Bach et al. 2015",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    passes: () => 2,
    create: async (classifier) =>
      (await import("./gradient/backpropagated.ts")).backpropagated(classifier, "lrp-epsilon"),
  },
  {
    name: "lrp-gamma",
    title: "LRP-γ composite",
    source: "Montavon et al. 2019",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    passes: () => 2,
    create: async (classifier) =>
      (await import("./gradient/backpropagated.ts")).backpropagated(classifier, "lrp-gamma"),
  },
  {
    name: "expected-gradients",
    title: "Expected Gradients",
    source: "Erion et al. 2021",
    needs: "gradient",
    tapped: false,
    view: "magnitude",
    signed: true,
    count: "samples",
    passes: (_, { samples = SMOOTH_SAMPLES } = {}) => 2 * samples,
    create: async (classifier, { seed, samples } = {}) =>
      (await import("./gradient/expected_gradients.ts")).expectedGradients(classifier, { seed, samples }),
  },
  {
    name: "random",
    title: "Random",
    source: "",
    needs: "image",
    tapped: false,
    view: "mask",
    signed: false,
    passes: () => 0,
    create: async (_, { seed } = {}) => control((await import("./controls.ts")).randomMap(seed)),
  },
  {
    name: "gaussian",
    title: "Centred Gaussian",
    source: "",
    needs: "image",
    tapped: false,
    view: "mask",
    signed: false,
    passes: () => 0,
    create: async () => control((await import("./controls.ts")).centredGaussian()),
  },
  {
    name: "edges",
    title: "Edge magnitude",
    source: "",
    needs: "image",
    tapped: false,
    view: "mask",
    signed: false,
    passes: () => 0,
    create: async () => control((await import("./controls.ts")).edgeMagnitude()),
  },
];

/**
 * The method of this name.
 *
 * @throws {RangeError} When the name is unknown; the nearest name is suggested.
 */
export function methodNamed(name: string): MethodDefinition {
  const method = METHODS.find((each) => each.name === name);
  if (method !== undefined) return method;
  const names = METHODS.map((each) => each.name);
  throw new RangeError(
    `Unknown method ${JSON.stringify(name)}${suggestion(name, names)} (${names.join(", ")})`,
  );
}

/**
 * The baseline of this name.
 *
 * @throws {RangeError} When there is none, or the method needs a head and so is not a baseline.
 */
export function baselineNamed(name: string): BaselineDefinition {
  const method = methodNamed(name);
  if (method.needs !== "head") return method;
  throw new RangeError(`Cannot open ${method.name} as a baseline: it needs a head, see createExplainer`);
}
