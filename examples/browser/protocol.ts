/**
 * What the page and its worker say to each other.
 *
 * @module
 */
import type { ClassScore, Device, ValueMap } from "@ptame/ptame";
import type { StepLoss, TrainProgress } from "@ptame/ptame/train";

/** Which head a map comes from: the one that the page came with, or the one trained in it. */
export type Which = "before" | "after";

/** What the page asks for; answers come in the same order. */
export type Request =
  /** The address of the page's files, and what its own address asks for. */
  | {
    readonly kind: "open";
    readonly files: string;
    readonly device?: string | undefined;
    readonly threads?: number | undefined;
  }
  /** Explains the first picture; all of them are there to train on. */
  | { readonly kind: "explain"; readonly pictures: readonly Blob[] }
  /** Shows another class: its index or its name. No network runs for it. */
  | { readonly kind: "show"; readonly target: number | string }
  /** Goes on training the head in use. */
  | { readonly kind: "train"; readonly steps: number }
  /** Ends the training between two steps; the head stays as it was. */
  | { readonly kind: "stop" };

/** What the worker answers. */
export type Reply =
  | {
    readonly kind: "ready";
    readonly device: Device;
    readonly threads: number;
    readonly labels: readonly string[];
    readonly head: string;
  }
  | {
    readonly kind: "explained";
    readonly which: Which;
    readonly prediction: readonly ClassScore[];
    readonly milliseconds: number;
  }
  | {
    readonly kind: "shown";
    readonly which: Which;
    readonly target: ClassScore;
    /** 56 x 56 numbers in [0, 1]. */
    readonly map: ValueMap;
    /** The photo with the heatmap over it. */
    readonly overlay: ImageBitmap;
  }
  | { readonly kind: "progress"; readonly progress: TrainProgress }
  | { readonly kind: "trained"; readonly losses: readonly StepLoss[]; readonly head: Uint8Array }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly request: Request["kind"]; readonly message: string };
