/**
 * Methods that ask for the scores of changed images: their part of the table of methods, facts alone. Their code is loaded when
 * a method is made, by literal paths that bundlers can follow.
 *
 * @module
 */
import {
  COALITIONS,
  EXTREMAL_AREAS,
  EXTREMAL_STEPS,
  HSIC_MASKS,
  OCCLUSION_PLACES,
  RISE_MASKS,
  SOBOL_CELLS,
  SOBOL_DESIGNS,
} from "../passes.ts";
import type { BaselineDefinition } from "../types.ts";

/** In the order of lists and reports. */
export const PERTURBATION_METHODS: readonly BaselineDefinition[] = [
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
      (await import("./rise.ts")).rise(classifier, { seed, masks, settle }),
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
    create: async (classifier) => (await import("./occlusion.ts")).occlusion(classifier),
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
      (await import("./lime.ts")).lime(classifier, { seed, masks }),
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
      (await import("./kernel_shap.ts")).kernelShap(classifier, { seed, masks }),
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
      (await import("./sensitivity.ts")).sobol(classifier, { seed, masks: samples }),
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
      (await import("./sensitivity.ts")).hsic(classifier, { seed, masks }),
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
      (await import("./extremal/extremal.ts")).extremal(classifier, { steps }),
  },
];
