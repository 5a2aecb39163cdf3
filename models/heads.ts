/**
 * The trained heads that are shipped in models/heads/. What each was trained on stands in its own record.
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

/** The shipped head for a backbone, with this auxiliary where one is named. */
export function findHead(backbone: string, auxiliary?: string): HeadDefinition | undefined {
  return heads.find((head) =>
    head.backbone === backbone && (auxiliary === undefined || head.auxiliary === auxiliary)
  );
}
