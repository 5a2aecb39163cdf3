/**
 * Writes animations, which repeat: GIF with gifenc, WebP with ImageMagick, which is loaded for it.
 *
 * @module
 */
import { DEFAULT_MEMORY } from "./codecs/compile.ts";
import { encodeWebpAnimation } from "./codecs/magick_animation.ts";
import { imageFiles } from "./files.ts";
import { encodeGif } from "./gif.ts";
import type { Frame } from "./types.ts";

/** The formats that animations are written in. */
export const ANIMATION_FORMATS = ["gif", "webp"] as const;

/** One of {@linkcode ANIMATION_FORMATS}. */
export type AnimationFormat = typeof ANIMATION_FORMATS[number];

/** The format that a path's ending names; undefined if it is none of them. */
export function animationFormat(path: string): AnimationFormat | undefined {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  return ANIMATION_FORMATS.find((format) => format === ending);
}

/**
 * Writes frames as an animation.
 *
 * @throws {RangeError} When there are none, or they differ in size.
 * @throws {ImageError} When ImageMagick cannot be loaded.
 */
export async function encodeAnimation(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  format: AnimationFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const checked = ofOneSize(frames, format);
  return format === "gif"
    ? await encodeGif(checked)
    : await encodeWebpAnimation(checked, { memory: DEFAULT_MEMORY, ...imageFiles() });
}

async function* ofOneSize(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  format: AnimationFormat,
): AsyncGenerator<Frame> {
  let size: string | undefined;
  for await (const frame of frames) {
    const own = `${frame.image.width} x ${frame.image.height}`;
    if (own !== (size ??= own)) {
      throw new RangeError(`Cannot write ${format}: a frame of ${own} among frames of ${size}`);
    }
    yield frame;
  }
  if (size === undefined) throw new RangeError(`Cannot write ${format}: there are no frames`);
}
