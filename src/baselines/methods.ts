/**
 * The table of methods: what they are called, what they ask for and cost. It holds these facts alone: the code of a
 * baseline is loaded when the baseline is made, by literal paths that bundlers can follow, and that of P-TAME when
 * `openMethod` opens it.
 *
 * @module
 */
import { ACTIVATION_METHODS } from "./activation/table.ts";
import { GRADIENT_METHODS } from "./gradient/table.ts";
import { PERTURBATION_METHODS } from "./perturbation/table.ts";
import { suggestion } from "../text/nearest.ts";
import type { MapMethod } from "../explanation/map_method.ts";
import type { Attribute, BaselineDefinition, HeadMethodDefinition, MethodDefinition } from "./types.ts";

/** A control, which uses at most the image. */
function control(map: MapMethod): Attribute {
  return async (pixels, target, { signal } = {}) => {
    const { width, height, values } = await map({ pixels }, target, signal);
    return { width, height, values };
  };
}

/** The method whose maps come from a head. */
const HEAD_METHOD: HeadMethodDefinition = {
  name: "ptame",
  title: "P-TAME",
  source: "Ntrougkas et al. 2025",
  needs: "head",
  tapped: false,
  passes: () => 1,
};

/** What every method must beat; they see the image at most. */
const CONTROLS: readonly BaselineDefinition[] = [
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

/** All methods, in the order of lists and reports; the first is the usual one. */
export const METHODS: readonly [HeadMethodDefinition, ...MethodDefinition[]] = [
  HEAD_METHOD,
  ...ACTIVATION_METHODS,
  ...PERTURBATION_METHODS,
  ...GRADIENT_METHODS,
  ...CONTROLS,
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
