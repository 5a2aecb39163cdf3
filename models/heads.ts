/**
 * The trained heads in models/heads/. The record of each head describes its training data.
 *
 * @module
 */

import type { WeightsFile } from "./network.ts";

/** A shipped head: its file in models/heads/, and what it fits. */
export interface HeadDefinition extends WeightsFile {
  /** Backbone that it explains. */
  readonly backbone: string;
  /** Auxiliary whose taps it reads. */
  readonly auxiliary: string;
}

/** Every shipped head. */
export const heads: readonly HeadDefinition[] = [
  {
    backbone: "efficientnet_lite0",
    auxiliary: "efficientnet_lite0",
    file: "efficientnet_lite0.safetensors",
    bytes: 6_252_232,
    sha256: "e663fff781e7ae217f814ba4b48c8573e481586eee8cf049b1696c232dbf181b",
    licence: "CC-BY-4.0",
  },
];

/** The shipped head for a backbone, and for an auxiliary if one is named. */
export function findHead(backbone: string, auxiliary?: string): HeadDefinition | undefined {
  return heads.find((head) =>
    head.backbone === backbone && (auxiliary === undefined || head.auxiliary === auxiliary)
  );
}
