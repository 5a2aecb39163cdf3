/**
 * What a training step keeps: the sessions of its graphs, and the state between steps, on the device where it can stay
 * there.
 *
 * @module
 */
import type { GraphPart } from "../../classifier/types.ts";
import type { BoundGraph } from "../../graph/bound_graph.ts";
import type { Graph } from "../../graph/types.ts";
import {
  type DeviceRequest,
  type DeviceTensor,
  float32Tensor,
  isDeviceTensor,
  openSession,
  resolveDevice,
  type Session,
  type Tensor,
} from "../../runtime/mod.ts";
import { ADAMW_SCALARS, adamwScalars, type AdamwSettings } from "./optimizer.ts";
import { nextState } from "./training_state.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** Tensors by name, some of them on a device. */
export type HeldTensors = Record<string, Tensor | DeviceTensor>;

/** Sessions that are opened one after the other and closed together. */
export interface StepSessions {
  /** Whether some nodes run on the CPU although the device is WebGPU. */
  readonly partlyOnCpu: boolean;
  /**
   * Opens the session of a graph.
   *
   * @param networks The networks in it, and what is before the names of their weights.
   * @param keep Outputs that stay on the device.
   */
  open(
    graph: Graph,
    networks: readonly (readonly [GraphPart, string])[],
    keep?: readonly string[],
  ): Promise<Session>;
  /** Closes them. */
  dispose(): Promise<void>;
}

/**
 * No session yet; those that are opened run on this device, all on the same: what one leaves on the device, the next one
 * reads.
 */
export function stepSessions(
  device: DeviceRequest | undefined,
  threads?: number | undefined,
): StepSessions {
  const opened: Session[] = [];
  return {
    get partlyOnCpu() {
      return opened.some((session) => session.partlyOnCpu);
    },
    open: async (graph, networks, keep = []) => {
      const unbound: BoundGraph = { graph, files: new Map() };
      const bound = networks.reduce((partial, [network, prefix]) => network.bind(partial, prefix), unbound);
      const where = device === undefined || device === "auto" ? await resolveDevice(device) : device;
      const session = await openSession(bound.graph, {
        device: where,
        files: bound.files,
        keepOnDevice: keep,
        lowMemory: true,
        ...withoutUndefined({ threads }),
      });
      opened.push(session);
      return session;
    },
    dispose: async () => {
      for (const session of opened) await session.dispose();
    },
  };
}

/** The state between steps. */
export interface HeldState {
  /** The tensors as a session takes them. */
  values(): HeldTensors;
  /** Takes the next state of these names out of a run's outputs, and frees the one before. */
  moveOn(outputs: HeldTensors, names: readonly string[]): void;
  /** The state in the program's memory. */
  copy(): Promise<Record<string, Tensor>>;
  /** Frees what is on a device. */
  dispose(): void;
}

/** The state that a run starts from; it is not changed. */
export function heldState(state: Readonly<Record<string, Tensor>>): HeldState {
  let held: HeldTensors = { ...state };
  const free = (tensors: HeldTensors) => {
    for (const value of Object.values(tensors)) if (isDeviceTensor(value)) value.dispose();
  };
  return {
    values: () => held,
    moveOn: (outputs, names) => {
      const before = held;
      held = Object.fromEntries(names.map((name) => [name, outputs[nextState(name)]!]));
      free(before);
    },
    copy: async () => {
      const copy: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(held)) {
        copy[name] = isDeviceTensor(value) ? await value.read() : value;
      }
      return copy;
    },
    dispose: () => {
      free(held);
      held = {};
    },
  };
}

/** The numbers of one step's AdamW as its graphs take them. */
export function scalarTensors(settings: AdamwSettings): Record<string, Tensor> {
  const numbers = adamwScalars(settings);
  return Object.fromEntries(
    ADAMW_SCALARS.map((name) => [name, float32Tensor(Float32Array.of(numbers[name]), [])]),
  );
}
