/**
 * One image for two networks that cut images differently: a view that holds both cuts, and each network's cut of it as a
 * part of a graph. What a file in one graph takes.
 *
 * @module
 */
import type { CropSize } from "../classifier/prepared_image.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";

/** Share of the short side that a network sees; of a letterbox all. */
function shareSeen({ crop, resize, fit = "crop" }: CropSize): number {
  return fit === "letterbox" ? 1 : crop / resize;
}

/**
 * The cut of an image that holds the cuts of both networks, as fine as the finer of them; `undefined` where one takes
 * images in another way than the other, or an input is not square.
 */
export function sharedView(backbone: CropSize, auxiliary: CropSize): CropSize | undefined {
  const both = [backbone, auxiliary];
  if (both.some(({ crop, width = crop }) => width !== crop)) return undefined;
  if ((backbone.fit ?? "crop") !== (auxiliary.fit ?? "crop")) return undefined;
  if (backbone.fit === "letterbox" && (backbone.fill ?? 0) !== (auxiliary.fill ?? 0)) return undefined;
  const share = Math.max(...both.map(shareSeen));
  // As fine as the network that sees the most pixels of what it sees.
  const finest = Math.max(...both.map((each) => each.crop / shareSeen(each)));
  const crop = Math.round(share * finest);
  return { ...backbone, crop, resize: Math.max(crop, Math.round(crop / share)) };
}

/**
 * A network's cut [N, 3, crop, crop] of a view [N, 3, S, S]: its centre, resized bilinearly with antialiasing, as PIL
 * does it but without rounding between.
 */
export function cutOfView(b: Builder, view: Value, seen: CropSize, own: CropSize): Value {
  const side = view.shape[2]!;
  const region = Math.min(1, shareSeen(own) / shareSeen(seen)) * side;
  if (own.crop === side && Math.abs(region - side) < 0.5) return view;
  const rows = resizeMatrix(side, region, own.crop);
  const transposed = new Float32Array(rows.length);
  for (let i = 0; i < own.crop; i++) {
    for (let k = 0; k < side; k++) transposed[k * own.crop + i] = rows[i * side + k]!;
  }
  const wide = b.matmul(view, b.constant("float32", [side, own.crop], transposed));
  return b.matmul(b.constant("float32", [own.crop, side], rows), wide);
}

/** Weights [to, side] of the pixels of `side`, of which the `region` in the middle becomes `to` pixels. */
function resizeMatrix(side: number, region: number, to: number): Float32Array {
  const matrix = new Float32Array(to * side);
  const scale = region / to;
  const stretch = Math.max(1, scale);
  const start = (side - region) / 2;
  for (let i = 0; i < to; i++) {
    const centre = start + (i + 0.5) * scale;
    const weights = Array.from(
      { length: side },
      (_, k) => Math.max(0, 1 - Math.abs(k + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights.forEach((weight, k) => matrix[i * side + k] = weight / sum);
  }
  return matrix;
}
