/**
 * One image for two networks that crop images differently: a view that holds both crops, and each network's crop of it as a
 * part of a graph. What a file in one graph takes.
 *
 * @module
 */
import { isRectangle, sameCrop } from "../classifier/prepared_image.ts";
import type { Crop } from "../image/preprocess.ts";
import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/types.ts";
import { resampled } from "./resampled.ts";

/** Share of the short side that a network sees; of a letterbox all. */
function shareSeen({ crop, resize, fit = "crop" }: Crop): number {
  return fit === "letterbox" ? 1 : crop / resize;
}

/**
 * The crop of an image that holds the crops of both networks, as fine as the finer of them; `undefined` where one takes
 * images in another way than the other. Of a backbone that reads rectangles the auxiliary reads the crop, squashed.
 */
export function sharedView(backbone: Crop, auxiliary: Crop): Crop | undefined {
  if (isRectangle(backbone)) return backbone;
  if (isRectangle(auxiliary)) return undefined;
  const both = [backbone, auxiliary];
  if ((backbone.fit ?? "crop") !== (auxiliary.fit ?? "crop")) return undefined;
  if (backbone.fit === "letterbox" && (backbone.fill ?? 0) !== (auxiliary.fill ?? 0)) return undefined;
  const share = Math.max(...both.map(shareSeen));
  // As fine as the network that sees the most pixels of what it sees.
  const finest = Math.max(...both.map((each) => each.crop / shareSeen(each)));
  const crop = Math.round(share * finest);
  return { ...backbone, crop, resize: Math.max(crop, Math.round(crop / share)) };
}

/**
 * A network's crop [N, 3, crop, crop] of a view [N, 3, H, W]: its centre, or a whole rectangle, resized bilinearly with
 * antialiasing, as PIL does it but without rounding between.
 */
export function cropOfView(b: Builder, view: Value, seen: Crop, own: Crop): Value {
  const [, , height, width] = view.shape as [number, number, number, number];
  if (sameCrop(seen, own)) return view;
  const share = isRectangle(seen) ? 1 : Math.min(1, shareSeen(own) / shareSeen(seen));
  if (own.crop === height && own.crop === width && Math.abs((1 - share) * height) < 0.5) return view;
  const rows = resizeMatrix(height, share * height, own.crop);
  const columns = resizeMatrix(width, share * width, own.crop);
  return resampled(b, view, rows, columns);
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
