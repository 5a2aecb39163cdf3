/**
 * The paper's training step in one graph: one session, one copy of nothing, for batches that fit. The step in parts
 * (src/ptame/training/training_step.ts) must give what this gives; benchmarks say what cutting it costs.
 */
import { createBuilder } from "../../src/graph/builder.ts";
import { prune } from "../../src/graph/passes/prune.ts";
import type { Graph } from "../../src/graph/types.ts";
import { FUSER, headParameters } from "../../src/ptame/head.ts";
import { AUXILIARY_PREFIX, BACKBONE_PREFIX } from "../../src/ptame/explainer_graph.ts";
import { imagesInput, maskedLosses } from "../../src/ptame/masks/masked_pass.ts";
import { lossTerms, pairMasks, targetMasks, targetRows } from "../../src/ptame/training/loss.ts";
import {
  addUpdate,
  gradientName,
  parameterInputs,
  type UpdateOptions,
} from "../../src/ptame/training/step.ts";
import { heldState, scalarTensors, stepSessions } from "../../src/ptame/training/step_sessions.ts";
import { requiredParameter, trainingFeatures } from "../../src/ptame/training/training_head.ts";
import { nextState, parameterRole, stateShapes } from "../../src/ptame/training/training_state.ts";
import type {
  StepReport,
  TrainingBatch,
  TrainingState,
  TrainingStep,
  TrainingStepOptions,
} from "../../src/ptame/training/training_step.ts";
import {
  float32Data,
  float32Tensor,
  int64Tensor,
  resolveDevice,
  type Tensor,
} from "../../src/runtime/mod.ts";

/** What the whole step is made of: the paper's own rows and masks, with the targets given. */
export type WholeStepOptions = Omit<
  TrainingStepOptions,
  "microBatch" | "rows" | "rowStart" | "budget" | "targets"
>;

/** The whole step, ready to run. */
export interface WholeStep extends Omit<TrainingStep, "run" | "predict"> {
  /** Takes one step and moves the state on. */
  run(
    batch: TrainingBatch & { readonly targets: readonly number[] },
    settings: Parameters<TrainingStep["run"]>[1],
  ): Promise<StepReport>;
}

const TERMS = ["ce", "area", "variation", "total"] as const;

/**
 * The step as a graph.
 *
 * - Inputs: "images" [batch, 3, S, S] in [0, 1], for both networks; "targets" int64 [batch], the state, the scalars.
 * - Outputs: as of `updateGraph`, and "cross_entropies" [batch].
 * - Weights under `AUXILIARY_PREFIX` and `BACKBONE_PREFIX`; all under the latter where both are one object.
 */
function wholeGraph(
  { auxiliary, backbone, shape, batch, weights }: WholeStepOptions,
  options: UpdateOptions,
): Graph {
  const b = createBuilder("step");
  const images = imagesInput(b, backbone, batch);
  const targets = b.input("targets", "int64", [batch]);
  // One network twice has its weights once.
  const prefix = auxiliary === backbone ? BACKBONE_PREFIX : AUXILIARY_PREFIX;
  const { taps } = auxiliary.pass(b.scope(prefix), images);
  const parameters = parameterInputs(b, headParameters(shape));

  const { features, statistics } = trainingFeatures(b, taps, parameters);
  const masks = pairMasks(b, features, targetRows(b, requiredParameter(parameters, FUSER), targets));
  const losses = maskedLosses(b, backbone, images, targetMasks(b, masks), targets);
  b.output(losses, "cross_entropies");
  const terms = lossTerms(b, masks, losses, weights);
  for (const term of TERMS) b.output(terms[term], term);
  addUpdate(b, parameters, statistics, [{ value: terms.total, seed: b.scalar(1) }], options);
  return prune(b.build());
}

/** Opens the session of a whole step; both networks must take images of one size. */
export async function openWholeStep(
  options: WholeStepOptions,
  state: Readonly<TrainingState>,
): Promise<WholeStep> {
  const { auxiliary, backbone, shape, batch, gradients = false } = options;
  const device = await resolveDevice(options.device);
  const names = [...stateShapes(shape).keys()];
  const differentiated = gradients
    ? [...headParameters(shape).keys()].filter((name) => parameterRole(name) === "learned")
    : [];
  const sessions = stepSessions(device, options.threads);
  const held = heldState(state);
  const session = await sessions.open(
    wholeGraph(options, { device, gradients }),
    auxiliary === backbone
      ? [[backbone, BACKBONE_PREFIX]]
      : [[auxiliary, AUXILIARY_PREFIX], [backbone, BACKBONE_PREFIX]],
    names.map(nextState),
  );
  return {
    device: session.device,
    get partlyOnCpu() {
      return sessions.partlyOnCpu;
    },
    run: async ({ images, targets }, settings) => {
      const size = backbone.inputSize;
      const outputs = await session.runOnDevice({
        images: float32Tensor(images, [batch, 3, size, size]),
        targets: int64Tensor(targets),
        ...scalarTensors(settings),
        ...held.values(),
      });
      held.moveOn(outputs, names);
      const term = (name: string) => float32Data(outputs[name] as Tensor)[0]!;
      return {
        terms: { ce: term("ce"), area: term("area"), variation: term("variation"), total: term("total") },
        crossEntropies: float32Data(outputs["cross_entropies"] as Tensor),
        targets,
        gradients: new Map(differentiated.map((name) => [name, outputs[gradientName(name)] as Tensor])),
      };
    },
    state: held.copy,
    dispose: async () => {
      held.dispose();
      await sessions.dispose();
    },
  };
}
