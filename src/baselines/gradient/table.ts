/**
 * Methods that take gradients, or what else goes back to the image: their part of the table of methods, facts alone. Their code is loaded when
 * a method is made, by literal paths that bundlers can follow.
 *
 * @module
 */
import { INTEGRATION_STEPS, SMOOTH_SAMPLES } from "../passes.ts";
import type { BaselineDefinition } from "../types.ts";

/** In the order of lists and reports. */
export const GRADIENT_METHODS: readonly BaselineDefinition[] = [
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
      (await import("./integrated_gradients.ts")).integratedGradients(classifier, { steps }),
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
      (await import("./smooth_grad.ts")).smoothGrad(classifier, { seed, samples }),
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
    create: async (classifier) => (await import("./saliency.ts")).saliency(classifier),
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
    create: async (classifier) => (await import("./saliency.ts")).inputTimesGradient(classifier),
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
    create: async (classifier) => (await import("./saliency.ts")).backpropagated(classifier, "guided"),
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
    create: async (classifier) => (await import("./saliency.ts")).backpropagated(classifier, "lrp-epsilon"),
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
    create: async (classifier) => (await import("./saliency.ts")).backpropagated(classifier, "lrp-gamma"),
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
      (await import("./expected_gradients.ts")).expectedGradients(classifier, { seed, samples }),
  },
];
