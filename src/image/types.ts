/**
 * The plain types of images, and the error for images that cannot be read. No decoding, no I/O.
 *
 * @module
 */

/** An image as interleaved 8-bit RGB, rows from the top: `data.length === width * height * 3`. */
export interface RgbImage {
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue of each pixel, 0 to 255. */
  readonly data: Uint8Array;
}

/** A frame of an animation. */
export interface Frame {
  /** What is shown; all frames of an animation are of one size. */
  readonly image: RgbImage;
  /** For how long, in milliseconds; GIF rounds to hundredths of a second. */
  readonly milliseconds: number;
}

/** An image with transparency, interleaved 8-bit RGBA, rows from the top: `data.length === width * height * 4`. */
export interface RgbaImage {
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue, opacity of each pixel, 0 to 255; colours are not multiplied with the opacity. */
  readonly data: Uint8Array;
}

/** An image of one channel, 8 bits, rows from the top: `data.length === width * height`. */
export interface GreyImage {
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Brightness of each pixel, 0 to 255. */
  readonly data: Uint8Array;
}

/** A map of one value per pixel, rows from the top: `values.length === width * height`. */
export interface ValueMap {
  /** Values per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The values; explanation maps lie in [0, 1]. */
  readonly values: Float32Array;
}

/**
 * A source of an image: the bytes of a file, a Blob or File, a URL, a string (a path, an http, https, file, data or blob
 * URL, or `s3://bucket/key`), an `ImageData`, or an {@linkcode RgbImage}, which is used unchanged.
 */
export type ImageSource = Uint8Array | ArrayBuffer | Blob | URL | string | ImageData | RgbImage;

/** The part of an image that the classifier saw, in pixels of the image; fractions are allowed. */
export interface CropWindow {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Extent to the right. */
  readonly width: number;
  /** Extent downwards. */
  readonly height: number;
}

/** Thrown when something cannot be read as an image; the message is one line and names the source if it has a name. */
export class ImageError extends Error {
  /** Identifies this error even if its class is lost, for example between workers. */
  override name = "ImageError";
}
