/**
 * The trained heads in models/heads/. The record of each head describes its training data.
 *
 * @module
 */

/** A shipped head. */
export interface HeadDefinition {
  /** Backbone that it explains. */
  readonly backbone: string;
  /** Auxiliary whose taps it reads. */
  readonly auxiliary: string;
  /** Its file in models/heads/. */
  readonly file: string;
}

/** Every shipped head. */
export const heads: readonly HeadDefinition[] = [
  { backbone: "efficientnet_lite0", auxiliary: "efficientnet_lite0", file: "efficientnet_lite0.safetensors" },
];

/** The shipped head for a backbone, and for an auxiliary if one is named. */
export function findHead(backbone: string, auxiliary?: string): HeadDefinition | undefined {
  return heads.find((head) =>
    head.backbone === backbone && (auxiliary === undefined || head.auxiliary === auxiliary)
  );
}
